//! Texts that say nearly the same, letter by letter: a model must not learn one report twice.

use std::collections::HashMap;

use super::text::Text;
use super::train::Example;

/// Letters of a shingle.
const SHINGLE: usize = 5;
/// From this share of common shingles (Jaccard) two texts are one.
pub const SAME_FROM: f64 = 0.6;

/// A text that nearly repeats an earlier one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NearDuplicate {
    /// Its position.
    pub at: usize,
    /// The position of the earlier one.
    pub of: usize,
    /// The share of common shingles.
    pub similarity: f64,
}

/// Every text that nearly repeats an earlier one, however it is written, with the one it repeats most.
pub fn near_duplicates(examples: &[Example]) -> Vec<NearDuplicate> {
    let mut sizes = Vec::with_capacity(examples.len());
    let mut texts_with: HashMap<u64, Vec<u32>> = HashMap::new();
    let mut found = Vec::new();
    for (at, example) in examples.iter().enumerate() {
        let own = shingles(&example.text);
        let mut common = vec![0_usize; at];
        for shingle in &own {
            let texts = texts_with.entry(*shingle).or_default();
            texts.iter().for_each(|text| common[*text as usize] += 1);
            texts.push(at as u32);
        }
        let similarity = |(of, common): (usize, &usize)| NearDuplicate {
            at,
            of,
            similarity: *common as f64 / usize::max(own.len() + sizes[of] - common, 1) as f64,
        };
        let most = common
            .iter()
            .enumerate()
            .map(similarity)
            .max_by(|a, b| a.similarity.total_cmp(&b.similarity).then(b.of.cmp(&a.of)));
        found.extend(most.filter(|most| most.similarity >= SAME_FROM));
        sizes.push(own.len());
    }
    found
}

/// The examples without those that nearly repeat an earlier one, and how many those were.
pub fn without_near_duplicates(mut examples: Vec<Example>) -> (Vec<Example>, usize) {
    let repeated = near_duplicates(&examples);
    for duplicate in repeated.iter().rev() {
        examples.remove(duplicate.at);
    }
    (examples, repeated.len())
}

/// The distinct shingles of a text without accents, case and punctuation.
fn shingles(text: &str) -> Vec<u64> {
    let text = Text::parse(text);
    let mut all: Vec<u64> = text.folded_line().as_bytes().windows(SHINGLE).map(hash).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// FNV-1a.
fn hash(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use vocabulary::Urgency;

    use super::*;

    fn examples(texts: &[&str]) -> Vec<Example> {
        let example = |text: &&str| Example {
            text: (*text).to_owned(),
            leaf: "infrastructure.road".parse().unwrap(),
            urgency: Urgency::Normal,
        };
        texts.iter().map(example).collect()
    }

    #[test]
    fn another_spelling_is_a_duplicate_and_another_report_is_not() {
        let all = examples(&[
            "Đường vào ấp 5 lầy lội, xe không đi được",
            "Cầu gỗ đầu ấp bị gãy, học sinh phải đi vòng",
            "DUONG VAO AP 7 LAY LOI XE KHONG DI DUOC!",
            "Đường vào chợ lầy lội, bà con mua bán khó khăn",
        ]);
        let found = near_duplicates(&all);
        assert_eq!(found.iter().map(|d| (d.at, d.of)).collect::<Vec<_>>(), [(2, 0)]);
        let (kept, dropped) = without_near_duplicates(all);
        assert_eq!((kept.len(), dropped), (3, 1));
    }

    #[test]
    fn similarity_is_the_share_of_common_shingles() {
        // " abcdef " has the shingles " abcd", "abcde", "bcdef", "cdef "; " abcdeg " shares the first two of six.
        let all = examples(&["abcdef", "abcdef", "abcdeg"]);
        let found = near_duplicates(&all);
        assert_eq!(found.len(), 1);
        assert!((found[0].similarity - 1.0).abs() < 1e-12);
        assert_eq!(shingles("abcdef").iter().filter(|s| shingles("abcdeg").contains(s)).count(), 2);
    }
}
