//! The one place where a citizen's text is normalised: two token views (accented and accent-folded) over an original
//! that is never changed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::letters::{fold, is_folded_syllable, split_tone};
use super::names::names_of;
use super::residue;
use super::runs::{Run, RunKind, Runs, is_combining, is_invisible, looks_like_keys, may_be_keys};
use super::segment;
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
    /// Whether it is written like a part of somebody's or something's name.
    pub is_name: bool,
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
        let runs = Runs::of(original).collect::<Vec<_>>();
        let mut text = Self {
            original,
            accented: String::with_capacity(original.len() + 8),
            folded: String::with_capacity(original.len() + 8),
            tokens: Vec::with_capacity(runs.len() + 4),
        };
        text.accented.push(' ');
        text.folded.push(' ');
        let keys_everywhere = looks_like_keys(original, &runs);
        let names = names_of(original, &runs);
        for (run, is_name) in runs.into_iter().zip(names) {
            let first = text.tokens.len();
            text.push_run(run, keys_everywhere);
            text.tokens[first..].iter_mut().for_each(|token| token.is_name = is_name);
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

    /// The share of words that carry a tone or quality mark; 0 for a text without words.
    pub fn accented_share(&self) -> f32 {
        let marked = |token: &&Token| self.accented(token) != self.folded(token);
        self.tokens.iter().filter(marked).count() as f32 / self.word_count().max(1) as f32
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
        let all = self.tokens.len();
        let mut words = BTreeSet::new();
        all >= 20
            && self.tokens.iter().all(|token| {
                words.insert(self.folded(token));
                words.len() * 5 <= all
            })
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
            if !self.push_cut(raw, run) {
                self.push_word(raw, run);
            }
            return;
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
            } else if !self.push_cut(part, piece) {
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

    /// The words of a run of letters that lacks the spaces between them; `false` if it is one word.
    fn push_cut(&mut self, raw: &str, run: Run) -> bool {
        let Some(ends) = segment::cuts(raw) else { return false };
        let mut start = 0;
        for end in ends {
            let span = Span { start: run.span.start + start as u32, end: run.span.start + end as u32 };
            let opens_sentence = run.opens_sentence && start == 0;
            self.push_word(&raw[start..end], Run { span, opens_sentence, ..run });
            start = end;
        }
        true
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
        for written in raw.chars() {
            // Most letters are plain already.
            if matches!(written, 'a'..='z' | '0'..='9') {
                self.accented.push(written);
                self.folded.push(written);
                continue;
            }
            for letter in lower(written).filter(|_| !is_invisible(written)) {
                let (letter, tone) = split_tone(letter);
                self.push_letter(letter);
                if tone > 0 && toned < tones.len() {
                    tones[toned] = tone;
                    toned += 1;
                }
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
            is_name: false,
            accented: Span { start: accented as u32, end: self.accented.len() as u32 },
            folded: Span { start: folded as u32, end: self.folded.len() as u32 },
        });
        self.accented.push(' ');
        self.folded.push(' ');
    }
}

fn lower(letter: char) -> impl Iterator<Item = char> {
    // What is in lower case already, which is nearly everything, is not looked up.
    let (small, other) = match letter {
        'a'..='z' | '0'..='9' | 'à'..='ö' | 'ă' | 'đ' | 'ĩ' | 'ũ' | 'ơ' | 'ư' => (Some(letter), None),
        'ạ'..='ỹ' if u32::from(letter) % 2 == 1 => (Some(letter), None),
        _ => (None, Some(letter.to_lowercase())),
    };
    // U+00D0 (Icelandic eth) is how parts of the press write Đ.
    small.into_iter().chain(other.into_iter().flatten()).map(|c| if c == 'ð' { 'đ' } else { c })
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
    fn letters_are_made_small_as_unicode_says() {
        for letter in ('\0'..='\u{2fff}').filter(|letter| !matches!(letter, 'Ð' | 'ð')) {
            assert!(lower(letter).eq(letter.to_lowercase()), "{letter}");
        }
        assert!(lower('Ð').eq(['đ']) && lower('ð').eq(['đ']));
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
        assert_eq!(accented("đènđườnghưhỏng,kosáng"), "đen2 đương2 hư hong3 kosang1");
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
