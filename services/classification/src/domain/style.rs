//! Ways of writing in which a text means the same.

use super::letters::{fold, split_tone};

/// A way of writing in which a text means the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    NoAccents,
    Capitals,
    NoPunctuation,
    Telex,
    Shorthand,
}

impl Style {
    pub(super) const ALL: [Self; 5] =
        [Self::NoAccents, Self::Capitals, Self::NoPunctuation, Self::Telex, Self::Shorthand];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::NoAccents => "no accents",
            Self::Capitals => "capitals",
            Self::NoPunctuation => "no punctuation",
            Self::Telex => "telex keys",
            Self::Shorthand => "shorthand",
        }
    }

    pub(super) fn rewrite(self, text: &str) -> String {
        match self {
            Self::NoAccents => strip_accents(text),
            Self::Capitals => text.to_uppercase(),
            Self::NoPunctuation => {
                text.to_lowercase().replace(['.', ',', '!', '?', ';', ':', '"', '(', ')'], " ")
            }
            Self::Telex => text.split(' ').map(telex_keys).collect::<Vec<_>>().join(" "),
            Self::Shorthand => shorten(text),
        }
    }
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
        other => other,
    };
    text.split(' ').map(short).collect::<Vec<_>>().join(" ")
}

/// What remains when the input method is off.
fn strip_accents(text: &str) -> String {
    text.chars()
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
    use crate::domain::text::Text;

    fn accented(original: &str) -> Vec<String> {
        let text = Text::parse(original);
        text.tokens().iter().map(|token| text.accented(token).to_owned()).collect()
    }

    const REPORT: &str = "Đường vào hẻm nhà ông Nguyễn Văn Tám bị ngập nước. Người dân không đi được!";

    #[test]
    fn telex_keys_and_shorthand_are_read_back_as_the_same_words() {
        assert_eq!(accented(&Style::Telex.rewrite(REPORT)), accented(&REPORT.to_lowercase()));
        assert_eq!(accented(&Style::Shorthand.rewrite(REPORT)), accented(REPORT));
        assert_eq!(Style::Telex.rewrite("Đường, được"), "dduwowngf, dduwowcj");
        assert_eq!(Style::NoAccents.rewrite("Đường hư"), "Duong hu");
    }
}
