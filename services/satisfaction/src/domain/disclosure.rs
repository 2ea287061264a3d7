//! Which cells may be shown: few answers are hidden, together with whatever would let them be derived.
//!
//! The total of a dimension is public (it is the province's score), so what is withheld can always be computed as a
//! whole: total minus everything shown. It must not be a single cell, nor a group with too few answers. Therefore the
//! smallest of the others is withheld too, until at least two cells and `hide_below` answers are.

use std::collections::BTreeSet;

/// Number of answers of one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count<'a> {
    /// The subject.
    pub subject: &'a str,
    /// Its answers.
    pub answered: i64,
    /// Whether it has a score of its own; one that is never shown counts as withheld from the start.
    pub listed: bool,
}

/// The subjects that are hidden. The same cells give the same answer, whoever asks and for whichever of them.
pub fn hidden<'a>(cells: &[Count<'a>], hide_below: u32) -> BTreeSet<&'a str> {
    let limit = i64::from(hide_below);
    let mut withheld: BTreeSet<&str> =
        cells.iter().filter(|cell| cell.answered < limit || !cell.listed).map(|cell| cell.subject).collect();
    if !cells.iter().any(|cell| cell.answered < limit) {
        return withheld;
    }
    let mut together: i64 =
        cells.iter().filter(|cell| withheld.contains(cell.subject)).map(|cell| cell.answered).sum();
    let mut others: Vec<&Count<'a>> = cells.iter().filter(|cell| !withheld.contains(cell.subject)).collect();
    others.sort_by_key(|cell| (cell.answered, cell.subject));
    for cell in others {
        if withheld.len() >= 2 && together >= limit {
            break;
        }
        withheld.insert(cell.subject);
        together += cell.answered;
    }
    withheld
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decide(cells: &[(&'static str, i64)]) -> Vec<&'static str> {
        let cells: Vec<Count<'static>> = cells
            .iter()
            .map(|(subject, answered)| Count { subject, answered: *answered, listed: !subject.is_empty() })
            .collect();
        hidden(&cells, 5).into_iter().collect()
    }

    #[test]
    fn a_single_small_cell_takes_the_next_smallest_with_it() {
        assert_eq!(decide(&[("a", 4), ("b", 30), ("c", 7)]), ["a", "c"]);
        assert_eq!(decide(&[("a", 5), ("b", 30)]), [""; 0]);
        assert_eq!(decide(&[("a", 4), ("b", 4), ("c", 7)]), ["a", "b"]);
        assert_eq!(
            decide(&[("a", 0), ("b", 3), ("c", 7), ("d", 9)]),
            ["a", "b", "c"],
            "3 answers are too few"
        );
        assert_eq!(decide(&[("a", 3)]), ["a"]);
    }

    #[test]
    fn what_is_never_listed_protects_but_is_also_protected() {
        assert_eq!(decide(&[("", 40), ("b", 3), ("c", 7)]), ["", "b"]);
        assert_eq!(decide(&[("", 2), ("b", 30), ("c", 7)]), ["", "c"]);
        assert_eq!(decide(&[("", 40), ("b", 30)]), [""], "enough answers need no protection");
    }

    proptest! {
        #[test]
        fn nothing_small_can_be_derived(
            answers in proptest::collection::vec(0_i64..12, 1..12),
            limit in 1_u32..8,
            outside: bool,
        ) {
            let names: Vec<String> = (0..answers.len()).map(|n| format!("{n:02}")).collect();
            let cells: Vec<Count<'_>> = answers.iter().zip(&names).enumerate().map(|(index, (answered, subject))| Count {
                subject, answered: *answered, listed: !(outside && index == 0),
            }).collect();
            let withheld = hidden(&cells, limit);
            let small = |answered: i64| answered < i64::from(limit);
            let total: i64 = answers.iter().sum();
            let rest: i64 = cells.iter().filter(|cell| withheld.contains(cell.subject)).map(|cell| cell.answered).sum();
            for cell in &cells {
                prop_assert!(!small(cell.answered) || withheld.contains(cell.subject));
            }
            // The total is public only if it is not small itself.
            if !small(total) && answers.iter().any(|answered| small(*answered)) {
                prop_assert!(withheld.len() >= 2, "the only withheld cell is total minus the others");
                prop_assert!(!small(rest), "the withheld cells together are a small cell");
            }
        }
    }
}
