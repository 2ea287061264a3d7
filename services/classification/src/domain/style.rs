//! Ways of writing in which a text means the same.

use unicode_normalization::UnicodeNormalization;

use super::letters::{fold, split_tone};
use super::text::Text;

/// A way of writing in which a text means the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// The input method was off.
    NoAccents,
    /// The input method was broken: Telex keys stand as they were typed.
    Telex,
    /// Chat shorthand for the commonest words.
    Teencode,
    /// Everything in capitals.
    Capitals,
    /// All words of a sentence in one.
    NoSpaces,
    /// Spoken into a telephone: no capitals, no stops.
    NoPunctuation,
    /// Unicode NFD: marks apart from their letters.
    Decomposed,
    /// The first sentence that says something, without the place it begins with, cut to a title's length.
    TitleOnly,
}

/// A title's length, in words.
const TITLE_WORDS: usize = 15;
/// The shortest sentence that can be a title, in words.
const SHORTEST_TITLE: usize = 5;
/// How sentences begin that greet or present the writer; accent-folded.
const COURTESIES: [&str; 5] = [" kinh gui", " toi ten", " kinh thua", " da em chao", " xin chao"];

/// How clauses begin that only say where or when; accent-folded.
const PLACES: [&str; 18] = [
    " tai ",
    " o ",
    " truoc ",
    " doan ",
    " khu ",
    " duong ",
    " so ",
    " # ",
    " phuong ",
    " xa ",
    " quan ",
    " huyen ",
    " tp ",
    " thanh pho ",
    " to ",
    " khom ",
    " ap ",
    " hien ",
];

impl Style {
    /// Every style, in the order of reports.
    pub const ALL: [Self; 8] = [
        Self::NoAccents,
        Self::Telex,
        Self::Teencode,
        Self::Capitals,
        Self::NoSpaces,
        Self::NoPunctuation,
        Self::Decomposed,
        Self::TitleOnly,
    ];

    /// The stable words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoAccents => "no accents",
            Self::Telex => "telex keys",
            Self::Teencode => "teencode",
            Self::Capitals => "capitals",
            Self::NoSpaces => "no spaces",
            Self::NoPunctuation => "no punctuation",
            Self::Decomposed => "decomposed",
            Self::TitleOnly => "title only",
        }
    }

    /// The text in this style.
    pub fn rewrite(self, text: &str) -> String {
        match self {
            Self::NoAccents => strip_accents(text),
            Self::Telex => text.split(' ').map(telex_keys).collect::<Vec<_>>().join(" "),
            Self::Teencode => shorten(text),
            Self::Capitals => text.to_uppercase(),
            Self::NoSpaces => text.split_whitespace().collect(),
            Self::NoPunctuation => {
                text.to_lowercase().replace(['.', ',', '!', '?', ';', ':', '"', '(', ')'], " ")
            }
            Self::Decomposed => text.nfd().collect(),
            Self::TitleOnly => title(text),
        }
    }
}

fn title(text: &str) -> String {
    let begins = |part: &str, openings: &[&str]| {
        let read = Text::parse(part);
        openings.iter().any(|opening| read.folded_line().starts_with(opening))
    };
    let says_something = |sentence: &&str| {
        Text::parse(sentence).word_count() >= SHORTEST_TITLE && !begins(sentence, &COURTESIES)
    };
    let mut sentences = text.split(['.', '!', '?', ';', '\n']);
    let mut title = sentences.find(says_something).unwrap_or(text);
    while let Some((_, rest)) = title
        .split_once(',')
        .filter(|(place, rest)| begins(place, &PLACES) && Text::parse(rest).word_count() >= SHORTEST_TITLE)
    {
        title = rest;
    }
    title.split_whitespace().take(TITLE_WORDS).collect::<Vec<_>>().join(" ")
}

/// The keys that would have typed a word, the tone last.
fn telex_keys(word: &str) -> String {
    let mut keys = String::new();
    let mut tone = 0;
    for letter in word.to_lowercase().chars() {
        let (letter, own) = split_tone(letter);
        tone = own.max(tone);
        match letter {
            'ă' => keys.push_str("aw"),
            'â' => keys.push_str("aa"),
            'đ' => keys.push_str("dd"),
            'ê' => keys.push_str("ee"),
            'ô' => keys.push_str("oo"),
            'ơ' => keys.push_str("ow"),
            'ư' => keys.push_str("uw"),
            plain => keys.push(plain),
        }
    }
    let end = keys.find(|c: char| !c.is_alphanumeric()).filter(|at| *at > 0).unwrap_or(keys.len());
    if let Some(key) = ["", "s", "f", "r", "x", "j"].get(usize::from(tone)) {
        keys.insert_str(end, key);
    }
    keys
}

fn shorten(text: &str) -> String {
    let short = |word| match word {
        "không" => "ko",
        "được" => "đc",
        "người" => "ng",
        "nước" => "nc",
        "trước" => "trc",
        "với" => "vs",
        "gì" => "j",
        "rồi" => "r",
        "cũng" => "cx",
        "nhiều" => "nhìu",
        "quá" => "wá",
        "biết" => "bik",
        other => other,
    };
    text.split(' ').map(short).collect::<Vec<_>>().join(" ")
}

/// What remains when the input method is off.
fn strip_accents(text: &str) -> String {
    text.nfc()
        .map(|c| {
            let lower = c.to_lowercase().next().unwrap_or(c);
            let plain = fold(split_tone(lower).0);
            if c.is_uppercase() { plain.to_uppercase().next().unwrap_or(plain) } else { plain }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accented(original: &str) -> Vec<String> {
        let text = Text::parse(original);
        text.tokens().iter().map(|token| text.accented(token).to_owned()).collect()
    }

    const REPORT: &str = "Đường vào hẻm nhà ông Nguyễn Văn Tám bị ngập nước. Người dân không đi được!";

    #[test]
    fn what_changes_only_the_spelling_is_read_back_as_the_same_words() {
        assert_eq!(accented(&Style::Telex.rewrite(REPORT)), accented(&REPORT.to_lowercase()));
        for style in [Style::Teencode, Style::Capitals, Style::Decomposed, Style::NoSpaces] {
            assert_eq!(accented(&style.rewrite(REPORT)), accented(REPORT), "{style:?}");
        }
        assert_eq!(Style::Telex.rewrite("Đường, được"), "dduwowngf, dduwowcj");
        assert_eq!(Style::NoAccents.rewrite("Đường hư"), "Duong hu");
    }

    #[test]
    fn a_title_is_the_first_sentence_that_says_something() {
        let letter = "Kính gửi ủy ban nhân dân xã. Tôi tên là Tám ở ấp 5. Cầu gỗ đầu ấp bị gãy rồi. Xin sửa.";
        assert_eq!(Style::TitleOnly.rewrite(letter), "Cầu gỗ đầu ấp bị gãy rồi");
        let placed = "Tại số 5 đường Lê Lợi, phường An Xuyên, nắp cống bị bể nguy hiểm";
        assert_eq!(Style::TitleOnly.rewrite(placed), "nắp cống bị bể nguy hiểm");
        assert_eq!(Style::TitleOnly.rewrite("Cầu gãy"), "Cầu gãy");
        assert_eq!(Style::TitleOnly.rewrite(&"a b c ".repeat(9)).split(' ').count(), TITLE_WORDS);
    }
}
