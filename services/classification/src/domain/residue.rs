//! Words typed while the input method was off: Telex (`dduwowngf`) and VNI (`d9u7o7ng2`) keys, read back conservatively.

use super::letters::{fold, is_folded_syllable, is_syllable};

/// A word read back from its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// Toneless lower-case letters with their quality marks.
    pub letters: String,
    /// 0 none, 1 sắc, 2 huyền, 3 hỏi, 4 ngã, 5 nặng.
    pub tone: u8,
    /// Whether the word alone is proof enough; a doubtful one counts only among others.
    pub certain: bool,
}

/// Reads a lower-case ASCII word as residue of an input method; `None` if it is a plain word or spells no syllable.
pub fn decode(word: &str) -> Option<Decoded> {
    if word.len() < 2 || word.len() > 12 || is_folded_syllable(word) {
        return None;
    }
    let vni = word.bytes().any(|b| b.is_ascii_digit());
    let mut keys = Keys::default();
    for (at, key) in word.char_indices() {
        let known = if vni { keys.vni(key) } else { keys.telex(key) };
        known?;
        keys.mid_digit |= key.is_ascii_digit() && at + 1 < word.len();
    }
    // One key marks both vowels of ươ.
    if let Some(at) = keys.letters.find("uơ").filter(|at| at + "uơ".len() < keys.letters.len()) {
        keys.letters.replace_range(at..=at, "ư");
    }
    if keys.marks == 0 || !is_syllable(&keys.letters, keys.tone) {
        return None;
    }
    let certain = keys.marks >= 2 || keys.barred || keys.mid_digit;
    Some(Decoded { letters: keys.letters, tone: keys.tone, certain })
}

#[derive(Default)]
struct Keys {
    letters: String,
    tone: u8,
    marks: u8,
    barred: bool,
    mid_digit: bool,
}

impl Keys {
    fn telex(&mut self, key: char) -> Option<()> {
        let after_vowel = self.letters.chars().any(|c| "aăâeêioôơuưy".contains(c));
        match key {
            's' if after_vowel => self.set_tone(1),
            'f' => self.set_tone(2),
            'r' if after_vowel => self.set_tone(3),
            'x' if after_vowel => self.set_tone(4),
            'j' => self.set_tone(5),
            'w' => self.horn_or_breve(),
            'a' | 'e' | 'o' if self.letters.ends_with(key) => self.circumflex(),
            'd' if self.letters == "d" => self.bar(),
            'a'..='z' => {
                self.letters.push(key);
                Some(())
            }
            _ => None,
        }
    }

    fn vni(&mut self, key: char) -> Option<()> {
        match key {
            '1'..='5' => self.set_tone(key as u8 - b'0'),
            '6' => self.circumflex(),
            '7' | '8' => self.horn_or_breve(),
            '9' => self.bar(),
            'a'..='z' => {
                self.letters.push(key);
                Some(())
            }
            _ => None,
        }
    }

    fn set_tone(&mut self, tone: u8) -> Option<()> {
        let fresh = self.tone == 0 && !self.letters.is_empty();
        self.tone = tone;
        self.marks += 1;
        fresh.then_some(())
    }

    fn bar(&mut self) -> Option<()> {
        if !self.letters.starts_with('d') {
            return None;
        }
        self.letters.replace_range(..1, "đ");
        self.barred = true;
        self.marks += 1;
        Some(())
    }

    fn circumflex(&mut self) -> Option<()> {
        self.mark_last(|c| match c {
            'a' => Some('â'),
            'e' => Some('ê'),
            'o' => Some('ô'),
            _ => None,
        })
    }

    fn horn_or_breve(&mut self) -> Option<()> {
        self.mark_last(|c| match c {
            'a' => Some('ă'),
            'o' => Some('ơ'),
            'u' => Some('ư'),
            _ => None,
        })
    }

    fn mark_last(&mut self, mark: fn(char) -> Option<char>) -> Option<()> {
        let (at, old) = self.letters.char_indices().rev().find(|(_, c)| mark(*c).is_some())?;
        let new = mark(old)?;
        debug_assert_eq!(fold(new), old);
        self.letters.replace_range(at..at + old.len_utf8(), new.encode_utf8(&mut [0; 4]));
        self.marks += 1;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_word_is_borne(word in "[a-z0-9đâăêôơư]{0,12}") {
            drop(decode(&word));
        }
    }

    fn read(word: &str) -> Option<(String, u8)> {
        decode(word).map(|d| (d.letters, d.tone))
    }

    #[test]
    fn telex_and_vni_read_alike() {
        for (telex, vni, letters, tone) in [
            ("dduwowngf", "d9u7o7ng2", "đương", 2),
            ("nuwowcs", "nu7o7c1", "nươc", 1),
            ("nuocws", "nuo7c1", "nươc", 1),
            ("khoong", "kho6ng", "không", 0),
            ("ddieenj", "d9ie6n5", "điên", 5),
            ("ddawts", "d9a81t", "đăt", 1),
        ] {
            assert_eq!(read(telex), Some((letters.to_owned(), tone)), "{telex}");
            assert_eq!(read(vni), Some((letters.to_owned(), tone)), "{vni}");
        }
    }

    #[test]
    fn plain_and_foreign_words_stay() {
        for word in ["duong", "road", "broken", "wifi", "facebook", "internet", "ql1a", "a1b2", "tw", "xe"] {
            assert_eq!(read(word), None, "{word}");
        }
        for word in ["d99", "d99e1876", "đ9", "9", "dd9", "d9d9"] {
            let letters = decode(word).map(|decoded| decoded.letters);
            assert!(letters.is_none_or(|letters| letters.starts_with('đ')), "{word}");
        }
        assert!(decode("khom3").is_some_and(|d| !d.certain), "one trailing digit proves nothing");
        assert!(decode("bus").is_some_and(|d| !d.certain));
        assert!(decode("dduwowngf").is_some_and(|d| d.certain));
    }
}
