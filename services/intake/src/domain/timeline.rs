//! What happened to a report, in one order that never changes: numbered without gaps and chained by hashes.

use sha2::{Digest as _, Sha256};
use vocabulary::{EventId, ReportId, ReportState, Timestamp};

use crate::domain::report::Words;

/// SHA-256.
pub type Hash = [u8; 32];

/// Hash before the first entry.
pub const GENESIS: Hash = [0; 32];

/// Something that happened, before it has a place in the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// The event that tells of it.
    pub event: EventId,
    /// Its type without package, e.g. `ReportAssigned`.
    pub kind: String,
    /// In words for everyone who may see the report.
    pub text: Words,
}

/// One entry of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The report.
    pub report: ReportId,
    /// From 1.
    pub sequence: i64,
    /// When it happened.
    pub time: Timestamp,
    /// What happened.
    pub happening: Happening,
    /// State after it.
    pub state: ReportState,
    /// Over this entry and the hash of the one before.
    pub hash: Hash,
}

impl Entry {
    /// The entry after number `last` with hash `before`.
    pub fn next(
        report: ReportId,
        last: i64,
        before: &Hash,
        happening: Happening,
        state: ReportState,
        time: Timestamp,
    ) -> Self {
        let mut entry = Self { report, sequence: last + 1, time, happening, state, hash: GENESIS };
        entry.hash = entry.digest(before);
        entry
    }

    /// The hash this entry must have after `before`.
    pub fn digest(&self, before: &Hash) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(before);
        hasher.update(self.report.0.as_bytes());
        hasher.update(self.sequence.to_be_bytes());
        hasher.update(self.time.micros().to_be_bytes());
        hasher.update(self.happening.event.0.as_bytes());
        for part in
            [&self.happening.kind, self.state.as_str(), &self.happening.text.vi, &self.happening.text.en]
        {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize().into()
    }
}

/// The first entry that is missing, out of order or changed, if any.
pub fn first_broken(entries: &[Entry]) -> Option<i64> {
    let mut before = GENESIS;
    for (expected, entry) in (1..).zip(entries) {
        if entry.sequence != expected || entry.hash != entry.digest(&before) {
            return Some(expected);
        }
        before = entry.hash;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn chain(length: i64) -> Vec<Entry> {
        let report = ReportId(Uuid::from_u128(9));
        let mut before = GENESIS;
        (0..length)
            .map(|index| {
                let happening = Happening {
                    event: EventId(Uuid::from_u128(u128::try_from(index).unwrap())),
                    kind: "WorkStarted".to_owned(),
                    text: Words { vi: format!("bước {index}"), en: format!("step {index}") },
                };
                let at = Timestamp::from_micros(index * 1_000);
                let entry = Entry::next(report, index, &before, happening, ReportState::InProgress, at);
                before = entry.hash;
                entry
            })
            .collect()
    }

    #[test]
    fn a_whole_chain_verifies() {
        assert_eq!(first_broken(&chain(20)), None);
    }

    proptest! {
        #[test]
        fn any_change_is_found(at in 0..20_usize, what in 0..5) {
            let mut entries = chain(20);
            match what {
                0 => entries[at].happening.text.vi.push('!'),
                1 => entries[at].time = Timestamp::from_micros(1),
                2 => entries[at].state = ReportState::Closed,
                3 => { entries.remove(at); }
                _ => entries[at].happening.event = EventId(Uuid::from_u128(999)),
            }
            let found = first_broken(&entries);
            // Removing the last entry leaves a shorter whole chain; the report's own counter tells of that.
            if what == 3 && at == 19 {
                prop_assert_eq!(found, None);
            } else {
                prop_assert_eq!(found, Some(i64::try_from(at).unwrap() + 1));
            }
        }
    }
}
