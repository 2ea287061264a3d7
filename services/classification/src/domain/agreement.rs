//! How well people agree, and whether what is proposed has drifted.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;
use vocabulary::LeafCode;

/// Cohen's kappa: agreement beyond chance, from −1 to 1. None without pairs. Two people who always say the same one thing
/// agree fully.
pub fn kappa<T: Ord>(pairs: &[(T, T)]) -> Option<f64> {
    let all = pairs.len() as f64;
    let observed = agreement(pairs)?;
    let mut counts: BTreeMap<&T, (f64, f64)> = BTreeMap::new();
    for (first, second) in pairs {
        counts.entry(first).or_default().0 += 1.0;
        counts.entry(second).or_default().1 += 1.0;
    }
    let by_chance: f64 = counts.values().map(|(first, second)| first / all * (second / all)).sum();
    Some(if by_chance >= 1.0 { 1.0 } else { (observed - by_chance) / (1.0 - by_chance) })
}

/// The share of equal pairs; none without pairs.
pub fn agreement<T: Eq>(pairs: &[(T, T)]) -> Option<f64> {
    let equal = pairs.iter().filter(|(first, second)| first == second).count();
    (!pairs.is_empty()).then(|| equal as f64 / pairs.len() as f64)
}

/// How often each leaf was proposed.
pub type Proposals = BTreeMap<LeafCode, u64>;

/// Fewer proposals say nothing about a drift.
const FEWEST: u64 = 100;
/// Added to every count, so that a leaf that was never proposed does not weigh infinitely.
const SMOOTHING: f64 = 0.5;

/// How the proposals of two periods differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// Population stability index: below 0.1 stable, above 0.25 drifted.
    pub index: f64,
    /// Leaves with their share before and now, those that moved most first.
    pub shifts: Vec<(LeafCode, f64, f64)>,
}

/// Compares two periods; none when one of them has too few proposals.
pub fn drift(before: &Proposals, now: &Proposals) -> Option<Drift> {
    let total = |proposals: &Proposals| proposals.values().sum::<u64>();
    if total(before).min(total(now)) < FEWEST {
        return None;
    }
    let leaves: BTreeSet<&LeafCode> = before.keys().chain(now.keys()).collect();
    let share = |proposals: &Proposals, leaf: &LeafCode| {
        let count = proposals.get(leaf).copied().unwrap_or(0) as f64 + SMOOTHING;
        count / (total(proposals) as f64 + SMOOTHING * leaves.len() as f64)
    };
    let mut moved: Vec<(f64, LeafCode, f64, f64)> = leaves
        .iter()
        .map(|leaf| {
            let (old, new) = (share(before, leaf), share(now, leaf));
            ((new - old) * (new / old).ln(), (*leaf).clone(), old, new)
        })
        .collect();
    moved.sort_by(|a, b| b.0.total_cmp(&a.0));
    let index = moved.iter().map(|(part, ..)| part).sum();
    Some(Drift { index, shifts: moved.into_iter().map(|(_, leaf, old, new)| (leaf, old, new)).collect() })
}

/// Whether a report belongs to the share that two people label without help; the same report always gets the same answer.
pub fn is_sampled(report: Uuid, share: f64) -> bool {
    // The last eight bytes of a report's id are random; the finaliser of SplitMix64 spreads whatever they are.
    let (_, random) = report.as_u64_pair();
    let mixed = (random ^ (random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) as f64) < share * u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn kappa_is_that_of_the_textbook() {
        // Cohen 1960 in the usual example: 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no.
        let table = [((1, 1), 20), ((1, 0), 5), ((0, 1), 10), ((0, 0), 15)];
        let pairs: Vec<(i32, i32)> =
            table.iter().flat_map(|(pair, count)| std::iter::repeat_n(*pair, *count)).collect();
        assert!((kappa(&pairs).unwrap() - 0.4).abs() < 1e-12);
        assert_eq!(agreement(&pairs), Some(0.7));
        assert_eq!(kappa::<i32>(&[]), None);
        assert_eq!(kappa(&[(1, 1), (1, 1)]), Some(1.0));
        assert_eq!(kappa(&[(1, 0), (0, 1)]), Some(-1.0));
    }

    fn proposals(counts: &[(&str, u64)]) -> Proposals {
        counts.iter().map(|(leaf, count)| (leaf.parse().unwrap(), *count)).collect()
    }

    #[test]
    fn a_drift_is_seen_and_named() {
        let before = proposals(&[("infrastructure.road", 500), ("security.noise", 500)]);
        let same = proposals(&[("infrastructure.road", 50), ("security.noise", 50)]);
        assert!(drift(&before, &same).unwrap().index < 0.01);
        let flood = proposals(&[
            ("water_drainage.drainage", 80),
            ("infrastructure.road", 60),
            ("security.noise", 60),
        ]);
        let found = drift(&before, &flood).unwrap();
        assert!(found.index > 0.25, "{found:?}");
        assert_eq!(found.shifts[0].0.as_str(), "water_drainage.drainage");
        assert_eq!(drift(&before, &proposals(&[("security.noise", 99)])), None, "too few");
    }

    #[test]
    fn a_twentieth_is_sampled_and_always_the_same() {
        let sampled = |number: u128| is_sampled(Uuid::from_u128(number), 0.05);
        let count = (0..100_000).filter(|number| sampled(*number)).count();
        assert!((4_700..5_300).contains(&count), "{count}");
        assert!((0..1_000).all(|number| sampled(number) == sampled(number)));
        assert!((0..1_000).all(|number| !is_sampled(Uuid::from_u128(number), 0.0)));
    }

    proptest! {
        #[test]
        fn kappa_is_at_most_agreement(pairs in prop::collection::vec((0..5, 0..5), 1..60)) {
            let (kappa, agreement) = (kappa(&pairs).unwrap(), agreement(&pairs).unwrap());
            prop_assert!((-1.0 - 1e-9..=1.0 + 1e-9).contains(&kappa));
            prop_assert!(kappa <= agreement + 1e-9);
        }
    }
}
