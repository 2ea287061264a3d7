//! What the model sees of a text: hashed word and letter n-grams of both views, and the concepts it speaks of. Nothing
//! is allocated per n-gram.

use super::lexicon::{Lexicon, Mention};
use super::text::{NEUTRAL, Text, Token};

/// A family of n-grams; each is weighted and normalised on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// One to two folded words.
    FoldedWords,
    /// One to two accented words.
    AccentedWords,
    /// Three to four letters of the folded text, word borders included.
    Letters,
    /// A concept, or two that stand near each other.
    Concepts,
}

impl Group {
    /// Every group, in the order of its index.
    pub const ALL: [Self; 4] = [Self::FoldedWords, Self::AccentedWords, Self::Letters, Self::Concepts];

    /// How much the group weighs beside the others: its length in the feature vector.
    pub const fn weight(self) -> f32 {
        match self {
            Self::FoldedWords => 1.0,
            Self::AccentedWords => 0.8,
            Self::Letters | Self::Concepts => 0.5,
        }
    }

    const fn seed(self) -> u64 {
        match self {
            Self::FoldedWords => 0x9e37_79b9_7f4a_7c15,
            Self::AccentedWords => 0xc2b2_ae3d_27d4_eb4f,
            Self::Letters => 0x1656_67b1_9e37_79f9,
            Self::Concepts => 0x27d4_eb2f_1656_67c5,
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

/// Shows every n-gram and concept of a text to `visit`, in a fixed order. Names are neutral.
pub fn visit_grams(text: &Text<'_>, lexicon: &Lexicon, mut visit: impl FnMut(Gram)) {
    let unless_name = |token: &Token, word| if token.is_name { NEUTRAL } else { word };
    visit_words(text, Group::FoldedWords, 2, |token| unless_name(token, text.folded(token)), &mut visit);
    visit_words(text, Group::AccentedWords, 2, |token| unless_name(token, text.accented(token)), &mut visit);
    visit_letters(text, &mut visit);
    visit_concepts(&lexicon.find(text), lexicon, &mut visit);
}

/// How many words may stand between two concepts that mean something together.
const CONCEPT_REACH: u32 = 8;

fn visit_concepts(mentions: &[Mention], lexicon: &Lexicon, visit: &mut impl FnMut(Gram)) {
    let group = Group::Concepts;
    let hash_of = |mention: &Mention| {
        let name = hash_bytes(group.seed(), lexicon.name(mention.concept).as_bytes());
        mix(name, u64::from(mention.certain))
    };
    for (at, mention) in mentions.iter().enumerate() {
        let own = hash_of(mention);
        visit(Gram { group, hash: finish(own), first: mention.first, last: mention.last });
        let near = |other: &&Mention| other.first.saturating_sub(mention.last) <= CONCEPT_REACH;
        for other in mentions[at + 1..].iter().take_while(near) {
            if other.concept != mention.concept {
                let theirs = hash_of(other);
                let both = mix(own.min(theirs), own.max(theirs));
                visit(Gram { group, hash: finish(both), first: mention.first, last: other.last });
            }
        }
    }
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

fn visit_letters(text: &Text<'_>, visit: &mut impl FnMut(Gram)) {
    let group = Group::Letters;
    let mut line = Vec::with_capacity(text.folded_line().len());
    // The token of every letter; a space is of the one after it.
    let mut tokens = Vec::with_capacity(text.folded_line().len());
    for (at, token) in (0_u32..).zip(text.tokens()) {
        line.push(b' ');
        line.extend_from_slice(if token.is_name { NEUTRAL } else { text.folded(token) }.as_bytes());
        tokens.resize(line.len(), at);
    }
    line.push(b' ');
    tokens.push(text.tokens().len() as u32);
    let gram = |hash: u64, start: usize, end: usize| Gram {
        group,
        hash: finish(hash),
        first: tokens[start],
        last: tokens[end] - u32::from(line[end] == b' '),
    };
    for (start, three) in line.array_windows::<3>().enumerate() {
        let hash = three.iter().fold(group.seed(), |hash, letter| mix(hash, u64::from(*letter)));
        visit(gram(hash, start, start + 2));
        if let Some(fourth) = line.get(start + 3) {
            visit(gram(mix(hash, u64::from(*fourth)), start, start + 3));
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

    fn lexicon() -> Lexicon {
        let concepts = [("lamp", "đèn đường"), ("dark", "không sáng"), ("alley", "hẻm")];
        Lexicon::new(concepts.map(|(name, phrase)| (name.to_owned(), vec![phrase.to_owned()])).into())
            .unwrap()
    }

    fn grams(original: &str) -> Vec<Gram> {
        let mut all = Vec::new();
        visit_grams(&Text::parse(original), &lexicon(), |gram| all.push(gram));
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

    #[test]
    fn letters_touch_the_tokens_that_they_are_of() {
        let grams = grams("ab cd");
        let touched = grams.iter().filter(|gram| gram.group == Group::Letters);
        let touched: Vec<_> = touched.map(|gram| (gram.first, gram.last)).collect();
        // " ab", " ab ", "ab ", "ab c", "b c", "b cd", " cd", " cd ", "cd "
        assert_eq!(touched, [(0, 0), (0, 0), (0, 0), (0, 1), (0, 1), (0, 1), (1, 1), (1, 1), (1, 1)]);
    }

    #[test]
    fn concepts_count_alone_and_in_pairs_in_any_order() {
        let of = |text| hashes(text, Group::Concepts);
        let (one, other) = (of("đèn đường không sáng"), of("Không sáng, DEN DUONG"));
        assert_eq!((one.len(), other.len()), (3, 3), "two concepts and their pair");
        assert_eq!(one[1], other[1], "the pair");
        assert_eq!(of("đèn đường a b c d e f g h i k không sáng").len(), 2, "too far apart for a pair");
        assert_eq!(of("đường hư").len(), 0);
    }

    #[test]
    fn a_name_is_as_good_as_another() {
        for group in Group::ALL {
            assert_eq!(hashes("ngập ở Lê Lợi", group), hashes("ngập ở Hà Huy", group), "{group:?}");
        }
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
