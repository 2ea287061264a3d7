//! Accent-free search keys of Vietnamese names.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Lower-case text without accents (`đ` becomes `d`), every run of white space and punctuation one space:
/// `"Phường  5, TP. Cà Mau"` → `"phuong 5 tp ca mau"`.
pub fn fold(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    for letter in text.nfd().filter(|letter| !is_combining_mark(*letter)) {
        match letter {
            // U+00D0 is what the local press often types for U+0110.
            'đ' | 'Đ' | 'Ð' | 'ð' => key.push('d'),
            letter if letter.is_alphanumeric() => key.extend(letter.to_lowercase()),
            _ if key.is_empty() || key.ends_with(' ') => {}
            _ => key.push(' '),
        }
    }
    key.truncate(key.trim_end().len());
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_tone_placements_and_both_encodings_fold_alike() {
        for name in ["Hòa Bình", "Hoà Bình", "HO\u{300}A BI\u{300}NH", "  hoa - binh!"] {
            assert_eq!(fold(name), "hoa binh");
        }
        assert_eq!(fold("Phường  5, TP. Cà Mau"), "phuong 5 tp ca mau");
        assert_eq!(fold("Ðất Mũi"), "dat mui");
        assert_eq!(fold("…"), "");
    }
}
