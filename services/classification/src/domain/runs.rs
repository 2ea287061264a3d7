//! Cuts a text into runs: words with their digits, and what identifies (placeholders, links).

use super::residue;
use super::text::Span;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunKind {
    Word,
    Neutral,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) span: Span,
    pub(super) opens_sentence: bool,
    pub(super) kind: RunKind,
}

/// Cuts a text into runs of letters and digits, bracketed placeholders and links.
pub(super) struct Runs<'a> {
    text: &'a str,
    at: usize,
    opens_sentence: bool,
}

impl<'a> Runs<'a> {
    pub(super) const fn of(text: &'a str) -> Self {
        Self { text, at: 0, opens_sentence: true }
    }
}

impl Iterator for Runs<'_> {
    type Item = Run;

    fn next(&mut self) -> Option<Run> {
        loop {
            let rest = self.text.get(self.at..)?;
            let first = rest.chars().next()?;
            let (length, kind) = if first == '['
                && let Some(length) = placeholder_length(rest)
            {
                (length, RunKind::Neutral)
            } else if is_word(first) {
                let length = rest.find(|c| !is_word(c) && !is_combining(c) && !is_invisible(c));
                let length = length.unwrap_or(rest.len());
                match link_length(rest, length) {
                    Some(link) => (link, RunKind::Neutral),
                    None => (length, RunKind::Word),
                }
            } else {
                self.at += first.len_utf8();
                let inside_number = self.text.as_bytes().get(self.at).is_some_and(u8::is_ascii_digit);
                self.opens_sentence |=
                    matches!(first, '!' | '?' | ';' | '\n') || first == '.' && !inside_number;
                continue;
            };
            let span = Span { start: self.at as u32, end: (self.at + length) as u32 };
            self.at += length;
            return Some(Run { span, opens_sentence: std::mem::take(&mut self.opens_sentence), kind });
        }
    }
}

/// The length of `[TÊN]`, `[SỐ NHÀ]` and the like at the head of `rest`.
fn placeholder_length(rest: &str) -> Option<usize> {
    let inside = rest.get(1..)?.split_once(']')?.0;
    let short = inside.len() <= 40 && !inside.is_empty();
    (short && inside.chars().all(|c| c.is_uppercase() || c.is_whitespace() || c == '_'))
        .then_some(inside.len() + 2)
}

/// The length of a link or e-mail address whose first run of letters is `head` bytes long.
fn link_length(rest: &str, head: usize) -> Option<usize> {
    let (word, tail) = rest.split_at(head);
    let link = word.eq_ignore_ascii_case("www") && tail.starts_with('.')
        || (word.eq_ignore_ascii_case("http") || word.eq_ignore_ascii_case("https"))
            && tail.starts_with("://")
        || tail.starts_with('@') && tail.get(1..).is_some_and(|host| host.starts_with(is_word));
    link.then(|| rest.find(char::is_whitespace).unwrap_or(rest.len()))
}

/// Whether enough words of a text are input-method keys to believe the doubtful ones too.
pub(super) fn looks_like_keys(original: &str, runs: &[Run]) -> bool {
    let (mut certain, mut doubtful) = (0_u32, 0_u32);
    for raw in runs.iter().map(|run| run.span.of(original)).filter(|raw| raw.is_ascii() && may_be_keys(raw)) {
        match residue::decode(&raw.to_ascii_lowercase()) {
            Some(decoded) if decoded.certain => certain += 1,
            Some(_) => doubtful += 1,
            None => {}
        }
    }
    certain > 0 && 2 * certain + doubtful >= 4
}

/// A cheap test before decoding: only these keys mark anything.
pub(super) fn may_be_keys(raw: &str) -> bool {
    raw.bytes().skip(1).any(|b| {
        matches!(
            b,
            b'1'..=b'9' | b'w' | b'W' | b's' | b'S' | b'f' | b'F' | b'r' | b'R' | b'x' | b'X' | b'j' | b'J'
        ) || matches!(b, b'd' | b'D' | b'a' | b'A' | b'e' | b'E' | b'o' | b'O')
    }) && raw.starts_with(|c: char| c.is_ascii_alphabetic())
}

fn is_word(c: char) -> bool {
    // The letters of Vietnamese first, which lie far down in the library's tables.
    matches!(c, 'a'..='z' | 'À'..='Ö' | 'Ø'..='ö' | 'ø'..='ɏ' | 'Ạ'..='ỹ') || c.is_alphanumeric()
}

pub(super) fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// Control, zero-width and text-direction characters, which hide inside words.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_made_of_what_unicode_calls_letters_and_digits() {
        for c in '\0'..=char::MAX {
            assert_eq!(is_word(c), c.is_alphanumeric(), "{c:?}");
        }
    }
}
