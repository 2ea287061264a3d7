//! The one place where a citizen's text is normalised: two token views (accented and accent-folded) over an original
//! that is never changed.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::letters::{fold, is_folded_syllable, split_tone};
use super::residue;
use super::shorthand::expand;

/// Stands for every number, name placeholder, plate, link and address: what identifies must not classify.
pub const NEUTRAL: &str = "#";

/// A stretch of the original text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The smallest span that holds both.
    pub fn join(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The words of `original` it covers; empty if it is not a span of that text.
    pub fn of(self, original: &str) -> &str {
        original.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// One word, or one neutral symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Where it stands in the original.
    pub span: Span,
    /// Whether a sentence begins here.
    pub opens_sentence: bool,
    accented: Span,
    folded: Span,
}

/// A normalised text. Accented tokens are lower-case letters with their quality marks and the tone as a final digit
/// (`đường` → `đương2`, `hoà` and `hòa` → `hoa2`), so that both fashions of placing a tone agree; folded tokens have no
/// marks at all (`duong`).
#[derive(Debug, Clone)]
pub struct Text<'a> {
    original: &'a str,
    accented: String,
    folded: String,
    tokens: Vec<Token>,
}

impl<'a> Text<'a> {
    /// Normalises `original`. Never fails; a text without letters has no tokens.
    pub fn parse(original: &'a str) -> Self {
        let runs = Runs { text: original, at: 0, opens_sentence: true }.collect::<Vec<_>>();
        let mut text = Self {
            original,
            accented: String::with_capacity(original.len() + 8),
            folded: String::with_capacity(original.len() + 8),
            tokens: Vec::with_capacity(runs.len() + 4),
        };
        text.accented.push(' ');
        text.folded.push(' ');
        let keys_everywhere = looks_like_keys(original, &runs);
        for run in runs {
            text.push_run(run, keys_everywhere);
        }
        text
    }

    /// The text as it came.
    pub fn original(&self) -> &'a str {
        self.original
    }

    /// The tokens in order.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// The accented form of a token of this text.
    pub fn accented(&self, token: &Token) -> &str {
        token.accented.of(&self.accented)
    }

    /// The accent-folded form of a token of this text.
    pub fn folded(&self, token: &Token) -> &str {
        token.folded.of(&self.folded)
    }

    /// All folded tokens, each with one space before and after.
    pub fn folded_line(&self) -> &str {
        &self.folded
    }

    /// Tokens that are words, not neutral symbols.
    pub fn word_count(&self) -> usize {
        self.tokens.iter().filter(|token| self.folded(token) != NEUTRAL).count()
    }

    /// The share of words that can be Vietnamese syllables; 0 for a text without words.
    pub fn vietnamese_share(&self) -> f32 {
        let words = self.tokens.iter().map(|token| self.folded(token)).filter(|word| *word != NEUTRAL);
        let (mut all, mut possible) = (0_u16, 0_u16);
        for word in words {
            all = all.saturating_add(1);
            possible = possible.saturating_add(u16::from(is_folded_syllable(word)));
        }
        if all == 0 { 0.0 } else { f32::from(possible) / f32::from(all) }
    }

    /// Whether a longer text says the same few words over and over.
    pub fn is_repetitive(&self) -> bool {
        let mut words: Vec<&str> = self.tokens.iter().map(|token| self.folded(token)).collect();
        let all = words.len();
        words.sort_unstable();
        words.dedup();
        all >= 20 && words.len() * 5 <= all
    }

    fn push_run(&mut self, run: Run, keys_everywhere: bool) {
        if run.kind == RunKind::Neutral {
            return self.push_neutral(run);
        }
        let raw = run.span.of(self.original);
        if raw.is_ascii()
            && may_be_keys(raw)
            && let Some(decoded) = residue::decode(&raw.to_ascii_lowercase())
            && (decoded.certain || keys_everywhere)
        {
            let accented = self.accented.len();
            let folded = self.folded.len();
            for letter in decoded.letters.chars() {
                self.push_letter(letter);
            }
            self.push_tone(decoded.tone);
            return self.close_token(run, accented, folded);
        }
        if !raw.bytes().any(|b| b.is_ascii_digit()) {
            return self.push_word(raw, run);
        }
        // Numbers are neutral, the letters stuck to them are words: `24h`, `QL1A`, `4G`.
        let mut start = run.span.start;
        let mut rest = raw;
        while let Some(first) = rest.chars().next() {
            let digits = first.is_ascii_digit();
            let length = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
            let (part, tail) = rest.split_at(length);
            let span = Span { start, end: start + length as u32 };
            let piece =
                Run { span, opens_sentence: run.opens_sentence && start == run.span.start, kind: run.kind };
            if digits {
                self.push_neutral(piece);
            } else {
                self.push_letters(part, piece);
            }
            (start, rest) = (span.end, tail);
        }
    }

    fn push_neutral(&mut self, run: Run) {
        // A phone number in groups or a plate is one symbol, not many.
        if let Some(last) = self.tokens.last_mut()
            && last.folded.of(&self.folded) == NEUTRAL
            && !run.opens_sentence
        {
            last.span = last.span.join(run.span);
            return;
        }
        let (accented, folded) = (self.accented.len(), self.folded.len());
        self.accented.push_str(NEUTRAL);
        self.folded.push_str(NEUTRAL);
        self.close_token(run, accented, folded);
    }

    fn push_word(&mut self, raw: &str, run: Run) {
        let (accented, folded) = (self.accented.len(), self.folded.len());
        self.push_letters(raw, run);
        let Some(words) = self.accented.get(accented..).map(str::trim_end).and_then(expand) else { return };
        self.tokens.pop();
        self.accented.truncate(accented);
        self.folded.truncate(folded);
        for (at, word) in words.split(' ').enumerate() {
            self.push_letters(word, Run { opens_sentence: run.opens_sentence && at == 0, ..run });
        }
    }

    fn push_letters(&mut self, raw: &str, run: Run) {
        let (accented, folded) = (self.accented.len(), self.folded.len());
        let mut tones = [0_u8; 4];
        let mut toned = 0;
        let composed;
        // Decomposed input is rare; composing is the slow path.
        let raw = if raw.chars().any(is_combining) {
            composed = raw.chars().filter(|c| !is_invisible(*c)).nfc().collect::<String>();
            &composed
        } else {
            raw
        };
        for letter in raw.chars().filter(|c| !is_invisible(*c)).flat_map(lower) {
            let (letter, tone) = split_tone(letter);
            self.push_letter(letter);
            if tone > 0 && toned < tones.len() {
                tones[toned] = tone;
                toned += 1;
            }
        }
        if self.folded.len() == folded {
            return;
        }
        for tone in &tones[..toned] {
            self.push_tone(*tone);
        }
        self.close_token(run, accented, folded);
    }

    fn push_letter(&mut self, letter: char) {
        self.accented.push(letter);
        self.folded.push(fold(letter));
    }

    fn push_tone(&mut self, tone: u8) {
        if tone > 0 {
            self.accented.push(char::from(b'0' + tone));
        }
    }

    fn close_token(&mut self, run: Run, accented: usize, folded: usize) {
        self.tokens.push(Token {
            span: run.span,
            opens_sentence: run.opens_sentence,
            accented: Span { start: accented as u32, end: self.accented.len() as u32 },
            folded: Span { start: folded as u32, end: self.folded.len() as u32 },
        });
        self.accented.push(' ');
        self.folded.push(' ');
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RunKind {
    Word,
    Neutral,
}

#[derive(Debug, Clone, Copy)]
struct Run {
    span: Span,
    opens_sentence: bool,
    kind: RunKind,
}

/// Cuts a text into runs of letters and digits, bracketed placeholders and links.
struct Runs<'a> {
    text: &'a str,
    at: usize,
    opens_sentence: bool,
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
fn looks_like_keys(original: &str, runs: &[Run]) -> bool {
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
fn may_be_keys(raw: &str) -> bool {
    raw.bytes().skip(1).any(|b| {
        matches!(
            b,
            b'1'..=b'9' | b'w' | b'W' | b's' | b'S' | b'f' | b'F' | b'r' | b'R' | b'x' | b'X' | b'j' | b'J'
        ) || matches!(b, b'd' | b'D' | b'a' | b'A' | b'e' | b'E' | b'o' | b'O')
    }) && raw.starts_with(|c: char| c.is_ascii_alphabetic())
}

fn lower(letter: char) -> impl Iterator<Item = char> {
    // U+00D0 (Icelandic eth) is how parts of the press write Đ.
    letter.to_lowercase().map(|c| if c == 'ð' { 'đ' } else { c })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric()
}

fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// Control, zero-width and text-direction characters, which hide inside words.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn accented(original: &str) -> String {
        let text = Text::parse(original);
        text.tokens().iter().map(|token| text.accented(token)).collect::<Vec<_>>().join(" ")
    }

    fn folded(original: &str) -> String {
        let text = Text::parse(original);
        text.tokens().iter().map(|token| text.folded(token)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn spellings_of_one_text_agree() {
        let plain = accented("hòa đường");
        for other in [
            "hoà đường",
            "HOÀ ÐƯỜNG",
            "ho\u{300}a đươ\u{300}ng",
            "hò\u{200b}a \u{202e}đường",
            "hòa dduwowngf",
            "hòa d9u7o7ng2",
        ] {
            assert_eq!(accented(other), plain, "{other}");
        }
        assert_eq!(folded("đường hư, đèn không sáng"), "duong hu den khong sang");
    }

    #[test]
    fn identifying_words_become_one_neutral_symbol() {
        assert_eq!(folded("nhà số [SỐ NHÀ] đường [TÊN]"), "nha so # duong #");
        assert_eq!(folded("gọi 0918 123.456"), "goi #");
        assert_eq!(folded("xe 69F1-234.56"), "xe # f #");
        assert_eq!(folded("xem https://example.org/a?b=c nha"), "xem # nha");
        assert_eq!(folded("sóng 4G quốc lộ QL1A"), "song # g quoc lo ql # a");
        assert_eq!(folded("gửi a.b@example.org"), "gui a #");
    }

    #[test]
    fn shorthand_and_residue_are_read() {
        assert_eq!(accented("ko có nc"), accented("không có nước"));
        assert_eq!(accented("mn oi"), accented("mọi người oi"));
        assert_eq!(accented("dduwowngf bij hor laau rooif"), accented("đường bị hỏ lâu rồi"));
        assert_eq!(folded("di bus ra cho"), "di bus ra cho", "one doubtful word is left alone");
    }

    #[test]
    fn spans_point_into_the_original() {
        let original = "Đèn 🔥 [TÊN] ko\u{200b} sáng. Cháy";
        let text = Text::parse(original);
        let words: Vec<_> = text.tokens().iter().map(|token| token.span.of(original)).collect();
        assert_eq!(words, ["Đèn", "[TÊN]", "ko\u{200b}", "sáng", "Cháy"]);
        assert!(
            text.tokens()[0].opens_sentence
                && !text.tokens()[3].opens_sentence
                && text.tokens()[4].opens_sentence
        );
    }

    #[test]
    fn foreign_and_empty_texts_are_told() {
        assert!(Text::parse("Đường lầy lội quá, xe té hoài").vietnamese_share() > 0.9);
        assert!(Text::parse("The street light is broken again, please repair").vietnamese_share() < 0.5);
        for empty in ["", " \n", "🔥🔥", "\u{200b}\u{feff}", "..."] {
            assert_eq!(Text::parse(empty).tokens(), [], "{empty:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_with_ordered_spans(original in "\\PC{0,200}") {
            let text = Text::parse(&original);
            let mut end = 0;
            for token in text.tokens() {
                prop_assert!(original.get(token.span.start as usize..token.span.end as usize).is_some());
                prop_assert!(token.span.end >= end);
                end = token.span.end;
                prop_assert!(!text.folded(token).is_empty() && !text.folded(token).contains(' '));
            }
        }

        #[test]
        fn folding_forgets_accents_and_case(original in "[a-eoăâđêôơưáàảãạ ]{0,60}") {
            let stripped: String = original.chars().map(|c| fold(split_tone(c).0)).collect();
            prop_assume!(Text::parse(&original).tokens().len() == Text::parse(&stripped).tokens().len());
            prop_assert_eq!(folded(&original.to_uppercase()), folded(&original));
        }
    }
}
