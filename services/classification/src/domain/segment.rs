//! Words that were written without the spaces between them: `đườnghưhỏng` → `đường hư hỏng`.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

use super::letters::{fold, is_folded_syllable, is_syllable, split_tone};
use super::runs::{is_combining, is_invisible};

/// Syllables of the training texts, most frequent first.
const SYLLABLES: &str = include_str!("syllables.txt");
/// The longest syllable (`nghiêng`), in letters.
const LONGEST: usize = 7;
/// A word without accents of fewer letters may be a foreign one that happens to fall into syllables (`vinaphone`).
const SHORTEST_PLAIN: usize = 10;
/// What a syllable costs that is possible but never seen.
const UNSEEN: u32 = 30;

/// What a syllable costs, as written and accent-folded: the logarithm of its rank, plus what a cut costs.
static COSTS: LazyLock<HashMap<String, u32>> = LazyLock::new(|| {
    let mut costs = HashMap::new();
    for (rank, syllable) in (2_u32..).zip(SYLLABLES.lines()) {
        let cost = 6 + 2 * rank.ilog2();
        let folded = syllable.chars().map(|c| fold(split_tone(c).0)).collect();
        for form in [syllable.to_owned(), folded] {
            costs.entry(form).or_insert(cost);
        }
    }
    costs
});

struct Letter {
    composed: char,
    end: usize,
}

/// The ends, in bytes, of the syllables that a run of letters falls into; `None` if it is one word.
pub(super) fn cuts(run: &str) -> Option<Vec<usize>> {
    // Nearly every word is short: say so before anything is allocated.
    if run.chars().count() <= LONGEST {
        return None;
    }
    let letters = letters(run);
    let plain = letters.iter().all(|letter| letter.composed.is_ascii());
    if letters.len() <= LONGEST || plain && letters.len() < SHORTEST_PLAIN {
        return None;
    }
    // The cheapest way to each letter, and where its last syllable begins.
    let mut best: Vec<Option<(u32, usize)>> = vec![None; letters.len() + 1];
    best[0] = Some((0, 0));
    for end in 1..=letters.len() {
        for start in end.saturating_sub(LONGEST)..end {
            let Some((before, _)) = best[start] else { continue };
            let Some(own) = cost(&letters[start..end], plain) else { continue };
            if best[end].is_none_or(|(known, _)| before + own < known) {
                best[end] = Some((before + own, start));
            }
        }
    }
    let mut ends = Vec::new();
    let mut at = letters.len();
    while at > 0 {
        ends.push(letters[at - 1].end);
        at = best[at]?.1;
    }
    ends.reverse();
    (ends.len() > 1).then_some(ends)
}

/// Letters in lower case and composed, each with the byte after it.
fn letters(run: &str) -> Vec<Letter> {
    let mut letters: Vec<Letter> = Vec::with_capacity(run.len());
    for (at, c) in run.char_indices() {
        let end = at + c.len_utf8();
        match letters.last_mut() {
            Some(last) if is_combining(c) => {
                last.composed = [last.composed, c].into_iter().nfc().next().unwrap_or(last.composed);
                last.end = end;
            }
            Some(last) if is_invisible(c) => last.end = end,
            _ => letters.extend(c.to_lowercase().map(|composed| Letter { composed, end })),
        }
    }
    letters
}

/// What a syllable costs; `None` if the letters spell none.
fn cost(letters: &[Letter], plain: bool) -> Option<u32> {
    let written: String = letters.iter().map(|letter| letter.composed).collect();
    if let Some(cost) = COSTS.get(&written) {
        return Some(*cost);
    }
    let mut tone = 0;
    let mut toneless = String::new();
    for letter in letters {
        let (letter, own) = split_tone(letter.composed);
        if own > 0 && tone > 0 {
            return None;
        }
        tone = tone.max(own);
        toneless.push(letter);
    }
    let possible = if plain { is_folded_syllable(&toneless) } else { is_syllable(&toneless, tone) };
    possible.then_some(UNSEEN)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(run: &str) -> Vec<&str> {
        let mut start = 0;
        let piece = |end| &run[std::mem::replace(&mut start, end)..end];
        cuts(run).map_or_else(|| vec![run], |ends| ends.into_iter().map(piece).collect())
    }

    #[test]
    fn joined_words_fall_apart_with_and_without_accents() {
        for sentence in [
            "đường hư hỏng nặng",
            "đèn đường không sáng",
            "nước ngập trước nhà",
            "rác thải sinh hoạt chưa thu gom",
            "duong hu den khong sang",
        ] {
            assert_eq!(split(&sentence.replace(' ', "")).join(" "), sentence);
        }
    }

    #[test]
    fn the_list_holds_syllables_each_once() {
        let mut all: Vec<&str> = SYLLABLES.lines().collect();
        for syllable in &all {
            let tone = syllable.chars().map(|c| split_tone(c).1).max().unwrap();
            let toneless: String = syllable.chars().map(|c| split_tone(c).0).collect();
            assert!(is_syllable(&toneless, tone), "{syllable}");
        }
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn decomposed_letters_are_cut_between_letters() {
        let joined: String = "đènđườnghỏng".nfd().collect();
        let pieces: Vec<String> = split(&joined).into_iter().map(|piece| piece.nfc().collect()).collect();
        assert_eq!(pieces, ["đèn", "đường", "hỏng"]);
    }

    #[test]
    fn single_and_foreign_words_stay_whole() {
        for word in ["nghiêng", "đuờng", "facebook", "internet", "vinaphone", "karaoke", "restaurant"] {
            assert_eq!(split(word), [word]);
        }
    }

    proptest! {
        #[test]
        fn cuts_are_letter_borders(run in "[a-zđăâêôơưáàảãạ\u{300}\u{301}]{0,40}") {
            for end in cuts(&run).unwrap_or_default() {
                prop_assert!(run.is_char_boundary(end) && end > 0);
            }
        }
    }
}
