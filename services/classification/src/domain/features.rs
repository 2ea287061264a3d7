//! What the model sees of a text: hashed word and letter n-grams of both views, nothing allocated per n-gram.

use super::text::{Text, Token};

/// A family of n-grams; each is weighted and normalised on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// One to two folded words.
    FoldedWords,
    /// One to two accented words.
    AccentedWords,
    /// Three to four letters of the folded text, word borders included.
    Letters,
}

impl Group {
    /// Every group, in the order of its index.
    pub const ALL: [Self; 3] = [Self::FoldedWords, Self::AccentedWords, Self::Letters];

    /// How much the group weighs beside the others: its length in the feature vector.
    pub const fn weight(self) -> f32 {
        match self {
            Self::FoldedWords => 1.0,
            Self::AccentedWords => 0.8,
            Self::Letters => 0.5,
        }
    }

    const fn seed(self) -> u64 {
        match self {
            Self::FoldedWords => 0x9e37_79b9_7f4a_7c15,
            Self::AccentedWords => 0xc2b2_ae3d_27d4_eb4f,
            Self::Letters => 0x1656_67b1_9e37_79f9,
        }
    }
}

/// One n-gram where it stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gram {
    /// Its family.
    pub group: Group,
    /// Its hash; the same n-gram has the same hash in every text and version.
    pub hash: u32,
    /// The first token it touches.
    pub first: u32,
    /// The last token it touches.
    pub last: u32,
}

/// Shows every n-gram of a text to `visit`, in a fixed order.
pub fn visit_grams(text: &Text<'_>, mut visit: impl FnMut(Gram)) {
    visit_words(text, Group::FoldedWords, 2, |token| text.folded(token), &mut visit);
    visit_words(text, Group::AccentedWords, 2, |token| text.accented(token), &mut visit);
    visit_letters(text, 3, 4, &mut visit);
}

fn visit_words<'t>(
    text: &'t Text<'_>,
    group: Group,
    longest: usize,
    form: impl Fn(&'t Token) -> &'t str,
    visit: &mut impl FnMut(Gram),
) {
    let tokens = text.tokens();
    // The hashes of the n-grams that end at the token before, shortest first: each grows by one word.
    let mut ending = [0_u64; 3];
    for (at, token) in tokens.iter().enumerate() {
        let word = hash_bytes(group.seed(), form(token).as_bytes());
        for length in (1..=longest.min(at + 1)).rev() {
            ending[length] = if length == 1 { word } else { mix(ending[length - 1], word) };
            visit(Gram {
                group,
                hash: finish(ending[length]),
                first: (at + 1 - length) as u32,
                last: at as u32,
            });
        }
    }
}

fn visit_letters(text: &Text<'_>, shortest: usize, longest: usize, visit: &mut impl FnMut(Gram)) {
    let line = text.folded_line().as_bytes();
    let group = Group::Letters;
    let mut first = 0_u32;
    for start in 0..line.len() {
        let mut hash = group.seed();
        let mut last = first;
        for (length, byte) in line[start..].iter().take(longest).enumerate() {
            hash = mix(hash, u64::from(*byte));
            if *byte == b' ' && length > 0 {
                last += 1;
            }
            if length + 1 >= shortest {
                let last = last.min(text.tokens().len() as u32 - 1);
                visit(Gram { group, hash: finish(hash), first: first.min(last), last });
            }
        }
        if line[start] == b' ' && start > 0 {
            first += 1;
        }
    }
}

/// FNV-1a.
fn hash_bytes(seed: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(seed, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

const fn mix(hash: u64, next: u64) -> u64 {
    (hash.rotate_left(5) ^ next).wrapping_mul(0x517c_c1b7_2722_0a95)
}

/// Folds the high half in, where multiplication has gathered the entropy.
const fn finish(hash: u64) -> u32 {
    ((hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn grams(original: &str) -> Vec<Gram> {
        let mut all = Vec::new();
        visit_grams(&Text::parse(original), |gram| all.push(gram));
        all
    }

    fn hashes(original: &str, group: Group) -> Vec<u32> {
        grams(original).iter().filter(|gram| gram.group == group).map(|gram| gram.hash).collect()
    }

    #[test]
    fn folded_groups_ignore_accents_and_case_and_accented_does_not() {
        let (with, without) = ("Đường hư đèn không sáng", "DUONG HU DEN KHONG SANG");
        assert_eq!(hashes(with, Group::FoldedWords), hashes(without, Group::FoldedWords));
        assert_eq!(hashes(with, Group::Letters), hashes(without, Group::Letters));
        assert_ne!(hashes(with, Group::AccentedWords), hashes(without, Group::AccentedWords));
    }

    #[test]
    fn counts_are_those_of_n_grams() {
        assert_eq!(hashes("a b c d", Group::FoldedWords).len(), 4 + 3);
        assert_eq!(hashes("a b c d", Group::AccentedWords).len(), 4 + 3);
        // " ab " has two trigrams and one 4-gram.
        assert_eq!(hashes("ab", Group::Letters).len(), 3);
        let repeated = hashes("den den", Group::FoldedWords);
        assert_eq!(repeated.iter().filter(|hash| **hash == repeated[0]).count(), 2);
        assert!(grams("🔥").is_empty());
    }

    proptest! {
        #[test]
        fn grams_touch_tokens_of_the_text(original in "\\PC{0,80}") {
            let count = Text::parse(&original).tokens().len() as u32;
            for gram in grams(&original) {
                prop_assert!(gram.first <= gram.last && gram.last < count);
            }
        }
    }
}
