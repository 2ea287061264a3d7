//! Vietnamese letters and syllables: tone marks, vowel qualities, folding, and which spellings are possible at all.

use std::collections::HashSet;
use std::sync::LazyLock;

use foldhash::fast::FixedState;

/// The twelve vowels with their five toned forms, tones in the order sắc, huyền, hỏi, ngã, nặng.
const VOWELS: [(char, [char; 5]); 12] = [
    ('a', ['á', 'à', 'ả', 'ã', 'ạ']),
    ('ă', ['ắ', 'ằ', 'ẳ', 'ẵ', 'ặ']),
    ('â', ['ấ', 'ầ', 'ẩ', 'ẫ', 'ậ']),
    ('e', ['é', 'è', 'ẻ', 'ẽ', 'ẹ']),
    ('ê', ['ế', 'ề', 'ể', 'ễ', 'ệ']),
    ('i', ['í', 'ì', 'ỉ', 'ĩ', 'ị']),
    ('o', ['ó', 'ò', 'ỏ', 'õ', 'ọ']),
    ('ô', ['ố', 'ồ', 'ổ', 'ỗ', 'ộ']),
    ('ơ', ['ớ', 'ờ', 'ở', 'ỡ', 'ợ']),
    ('u', ['ú', 'ù', 'ủ', 'ũ', 'ụ']),
    ('ư', ['ứ', 'ừ', 'ử', 'ữ', 'ự']),
    ('y', ['ý', 'ỳ', 'ỷ', 'ỹ', 'ỵ']),
];

/// What may stand before the rime.
#[rustfmt::skip]
const ONSETS: [&str; 29] = [
    "ngh", "ng", "nh", "ch", "gh", "gi", "kh", "ph", "qu", "th", "tr", "b", "c", "d", "đ", "g", "h", "k",
    "l", "m", "n", "p", "r", "s", "t", "v", "x", "q", "",
];

/// What may follow the onset of an accent-folded syllable.
#[rustfmt::skip]
const FOLDED_RIMES: [&str; 105] = [
    "a", "ac", "ach", "ai", "am", "an", "ang", "anh", "ao", "ap", "at", "au", "ay", "e", "ec", "ech", "em",
    "en", "eng", "enh", "eo", "ep", "et", "eu", "i", "ia", "ich", "iec", "iem", "ien", "ieng", "iep", "iet",
    "ieu", "im", "in", "inh", "ip", "it", "iu", "o", "oa", "oac", "oach", "oai", "oam", "oan", "oang",
    "oanh", "oao", "oap", "oat", "oay", "oc", "oe", "oen", "oeo", "oet", "oi", "om", "on", "ong", "op",
    "ot", "u", "ua", "uan", "uang", "uat", "uay", "uc", "ue", "uech", "uenh", "ui", "um", "un", "ung", "uo",
    "uoc", "uoi", "uom", "uon", "uong", "uop", "uot", "uou", "up", "ut", "uu", "uy", "uya", "uych", "uyen",
    "uyet", "uynh", "uyp", "uyt", "uyu", "y", "yem", "yen", "yeng", "yet", "yeu",
];

/// What may follow the onset of a toneless syllable with its quality marks.
#[rustfmt::skip]
const RIMES: [&str; 158] = [
    "a", "ac", "ach", "ai", "am", "an", "ang", "anh", "ao", "ap", "at", "au", "ay", "e", "ec", "em", "en",
    "eng", "eo", "ep", "et", "i", "ia", "ich", "im", "in", "inh", "ip", "it", "iu", "iêc", "iêm", "iên",
    "iêng", "iêp", "iêt", "iêu", "o", "oa", "oac", "oach", "oai", "oam", "oan", "oang", "oanh", "oao",
    "oap", "oat", "oay", "oc", "oe", "oen", "oeo", "oet", "oi", "om", "on", "ong", "oong", "op", "ot",
    "oăc", "oăm", "oăn", "oăng", "oăt", "u", "ua", "uc", "ui", "um", "un", "ung", "up", "ut", "uy", "uya",
    "uych", "uynh", "uyp", "uyt", "uyu", "uyên", "uyêt", "uân", "uâng", "uât", "uây", "uê", "uêch", "uênh",
    "uôc", "uôi", "uôm", "uôn", "uông", "uôt", "uơ", "y", "yêm", "yên", "yêng", "yêt", "yêu", "âc", "âm",
    "ân", "âng", "âp", "ât", "âu", "ây", "ê", "êch", "êm", "ên", "ênh", "êp", "êt", "êu", "ô", "ôc", "ôi",
    "ôm", "ôn", "ông", "ôp", "ôt", "ăc", "ăm", "ăn", "ăng", "ăp", "ăt", "ơ", "ơi", "ơm", "ơn", "ơp", "ơt",
    "ư", "ưa", "ưc", "ưi", "ưm", "ưn", "ưng", "ưt", "ưu", "ươc", "ươi", "ươm", "ươn", "ương", "ươp", "ươt",
    "ươu",
];

const TABLE_END: usize = 0x1F00;

/// For every code point below `TABLE_END`: 0, or 1 + vowel × 5 + (tone − 1) of a toned vowel.
const TONED: [u8; TABLE_END] = {
    let mut table = [0_u8; TABLE_END];
    let mut vowel = 0;
    while vowel < VOWELS.len() {
        let mut tone = 0;
        while tone < 5 {
            table[VOWELS[vowel].1[tone] as usize] = (1 + vowel * 5 + tone) as u8;
            tone += 1;
        }
        vowel += 1;
    }
    table
};

/// A lower-case letter without its tone mark, and the tone: 0 none, 1 sắc, 2 huyền, 3 hỏi, 4 ngã, 5 nặng.
pub fn split_tone(letter: char) -> (char, u8) {
    match TONED.get(letter as usize) {
        Some(&code @ 1..) => (VOWELS[usize::from(code - 1) / 5].0, (code - 1) % 5 + 1),
        Some(0) | None => (letter, 0),
    }
}

/// A toneless lower-case letter without its quality mark: ă â → a, đ → d, ê → e, ô ơ → o, ư → u.
pub const fn fold(letter: char) -> char {
    match letter {
        'ă' | 'â' => 'a',
        'đ' => 'd',
        'ê' => 'e',
        'ô' | 'ơ' => 'o',
        'ư' => 'u',
        other => other,
    }
}

type Syllables = HashSet<String, FixedState>;

/// Every possible accent-folded syllable.
static FOLDED_SYLLABLES: LazyLock<Syllables> = LazyLock::new(|| syllables(&FOLDED_RIMES));
/// Every possible syllable with its quality marks and without its tone.
static TONELESS_SYLLABLES: LazyLock<Syllables> = LazyLock::new(|| syllables(&RIMES));

/// Every onset with every rime.
fn syllables(rimes: &[&str]) -> Syllables {
    let of_onset = |onset: &'static str| rimes.iter().map(move |rime| format!("{onset}{rime}"));
    ONSETS.into_iter().flat_map(of_onset).collect()
}

/// Whether accent-folded lower-case letters spell a possible Vietnamese syllable.
pub fn is_folded_syllable(word: &str) -> bool {
    FOLDED_SYLLABLES.contains(word)
}

/// Whether toneless lower-case letters with quality marks, under `tone`, spell a possible Vietnamese syllable.
pub fn is_syllable(word: &str, tone: u8) -> bool {
    // A syllable closed by c, ch, p or t carries only sắc or nặng.
    let stopped = word.ends_with(['c', 'p', 't']) || word.ends_with("ch");
    if stopped && !matches!(tone, 1 | 5) {
        return false;
    }
    TONELESS_SYLLABLES.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_toned_vowel_splits_into_vowel_and_tone() {
        for (vowel, forms) in VOWELS {
            assert_eq!(split_tone(vowel), (vowel, 0));
            for (form, tone) in forms.into_iter().zip(1..) {
                assert_eq!(split_tone(form), (vowel, tone));
            }
        }
        assert_eq!(split_tone('đ'), ('đ', 0));
        assert_eq!(split_tone('🔥'), ('🔥', 0));
    }

    #[test]
    fn syllables_are_told_from_other_words() {
        for word in ["duong", "den", "nghieng", "quyen", "gi", "gieng", "oan", "yeu", "khuya"] {
            assert!(is_folded_syllable(word), "{word}");
        }
        for word in ["road", "street", "broken", "light", "dduwowngf", "ng", "", "w", "facebook"] {
            assert!(!is_folded_syllable(word), "{word}");
        }
        assert!(is_syllable("đương", 2) && is_syllable("nươc", 1));
        assert!(!is_syllable("nươc", 2), "a stopped syllable takes no huyền");
        assert!(!is_syllable("bă", 0) && !is_syllable("duong", 0));
    }
}
