//! What scores are made of: counts that add up, and the cells they are kept in.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{AddAssign, SubAssign};
use std::time::Duration;

use vocabulary::{Access, Verdict};

use super::invitation::{Closing, Invitation};
use super::period::{Slot, Span};

/// Buckets of the time held: 20 in each power of ten of minutes, so each is 12 % wide and a median is at most 12 %
/// from the true one. Bucket 0 holds everything up to 1.12 minutes, the last everything from 891,000 minutes (619 days).
const BUCKETS_PER_DECADE: f64 = 20.0;
const LAST_BUCKET: u8 = 119;

/// What is scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Agencies, by id.
    Agency,
    /// Fields of the taxonomy, by code.
    Field,
    /// Communes, by code; the empty code is everything outside the province.
    Commune,
}

impl Dimension {
    /// Every dimension.
    pub const ALL: &'static [Self] = &[Self::Agency, Self::Field, Self::Commune];

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agency => "agency",
            Self::Field => "field",
            Self::Commune => "commune",
        }
    }

    /// The dimension a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|dimension| dimension.as_str() == word)
    }

    /// Whose fact a closing is.
    fn subject_of(self, closing: &Closing) -> String {
        match self {
            Self::Agency => closing.agency.as_str().to_owned(),
            Self::Field => closing.leaf.field().as_str().to_owned(),
            Self::Commune => {
                closing.commune.as_ref().map_or_else(String::new, |code| code.as_str().to_owned())
            }
        }
    }
}

/// How many closings were held how long, by bucket. Holds no zeros.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram(BTreeMap<u8, i64>);

impl Histogram {
    /// Adds `count` (which may be negative) to a bucket.
    pub fn add(&mut self, bucket: u8, count: i64) {
        let entry = self.0.entry(bucket).or_insert(0);
        *entry += count;
        if *entry == 0 {
            self.0.remove(&bucket);
        }
    }

    /// Adds another histogram, `sign` times.
    pub fn add_all(&mut self, other: &Self, sign: i64) {
        for (bucket, count) in other.buckets() {
            self.add(bucket, sign * count);
        }
    }

    /// The buckets with their counts, in order.
    pub fn buckets(&self) -> impl Iterator<Item = (u8, i64)> {
        self.0.iter().map(|(bucket, count)| (*bucket, *count))
    }

    /// The bucket of a time held.
    pub fn bucket_of(held: Duration) -> u8 {
        let minutes = (held.as_secs_f64() / 60.0).max(1.0);
        ((minutes.log10() * BUCKETS_PER_DECADE).floor() as u8).min(LAST_BUCKET)
    }

    /// Median in hours, by logarithmic interpolation inside its bucket; 0 if nothing was held.
    pub fn median_hours(&self) -> f64 {
        let half = self.0.values().sum::<i64>() as f64 / 2.0;
        let mut before = 0.0;
        for (bucket, count) in &self.0 {
            let count = *count as f64;
            if before + count >= half && count > 0.0 {
                let exponent = (f64::from(*bucket) + (half - before) / count) / BUCKETS_PER_DECADE;
                return 10.0_f64.powf(exponent) / 60.0;
            }
            before += count;
        }
        0.0
    }
}

/// The counts of a cell; also a change of them, which may be negative.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Closings.
    pub closed: i64,
    /// Reporters asked.
    pub asked: i64,
    /// Closings that had a due time.
    pub timed: i64,
    /// Of these, answered by then.
    pub on_time: i64,
    /// Ratings in force that say "hài lòng".
    pub satisfied: i64,
    /// "Chấp nhận".
    pub acceptable: i64,
    /// "Không hài lòng".
    pub unsatisfied: i64,
    /// Closings that a rating sent back.
    pub reopened: i64,
    /// Times held.
    pub held: Histogram,
}

impl Tally {
    /// What one invitation, as it stands, contributes.
    pub fn of(invitation: &Invitation) -> Self {
        let closing = &invitation.closing;
        let on_time = closing.respond_due_time.is_some_and(|due| closing.close_time <= due);
        let verdict = |verdict| i64::from(invitation.answer.is_some_and(|answer| answer.verdict == verdict));
        let mut held = Histogram::default();
        if let Some(time) = closing.held {
            held.add(Histogram::bucket_of(time), 1);
        }
        Self {
            closed: 1,
            asked: i64::from(invitation.is_asked()),
            timed: i64::from(closing.respond_due_time.is_some()),
            on_time: i64::from(on_time),
            satisfied: verdict(Verdict::Satisfied),
            acceptable: verdict(Verdict::Acceptable),
            unsatisfied: verdict(Verdict::Unsatisfied),
            reopened: i64::from(invitation.reopened),
            held,
        }
    }

    /// Ratings in force.
    pub const fn answered(&self) -> i64 {
        self.satisfied + self.acceptable + self.unsatisfied
    }

    fn combine(&mut self, other: &Self, sign: i64) {
        let counts = [
            (&mut self.closed, other.closed),
            (&mut self.asked, other.asked),
            (&mut self.timed, other.timed),
            (&mut self.on_time, other.on_time),
            (&mut self.satisfied, other.satisfied),
            (&mut self.acceptable, other.acceptable),
            (&mut self.unsatisfied, other.unsatisfied),
            (&mut self.reopened, other.reopened),
        ];
        for (count, by) in counts {
            *count += sign * by;
        }
        self.held.add_all(&other.held, sign);
    }
}

impl AddAssign<&Self> for Tally {
    fn add_assign(&mut self, other: &Self) {
        self.combine(other, 1);
    }
}

impl SubAssign<&Self> for Tally {
    fn sub_assign(&mut self, other: &Self) {
        self.combine(other, -1);
    }
}

/// Where a fact is kept: one subject of one dimension, over one day or one month.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// What is scored.
    pub dimension: Dimension,
    /// The day or month.
    pub slot: Slot,
    /// Whose fact it is.
    pub subject: String,
}

/// Changes of facts, by cell and in the order of cells (so that concurrent writers lock rows in the same order).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger(BTreeMap<Cell, Tally>);

impl Ledger {
    /// Enters the change from one state of an invitation to the next; `before` is `None` when it is made. Reports that
    /// are not ordinary count nowhere.
    pub fn enter(&mut self, before: Option<&Invitation>, after: &Invitation) {
        if after.closing.access != Access::Ordinary {
            return;
        }
        let mut change = Tally::of(after);
        if let Some(before) = before {
            change -= &Tally::of(before);
        }
        if change == Tally::default() {
            return;
        }
        for dimension in Dimension::ALL {
            for span in Span::ALL {
                let slot = Slot::of(*span, after.closing.close_day);
                let subject = dimension.subject_of(&after.closing);
                self.add(Cell { dimension: *dimension, slot, subject }, &change);
            }
        }
    }

    /// The changes.
    pub fn changes(&self) -> impl Iterator<Item = (&Cell, &Tally)> {
        self.0.iter()
    }

    /// Adds to one cell.
    pub fn add(&mut self, cell: Cell, tally: &Tally) {
        *self.0.entry(cell).or_default() += tally;
    }

    /// Where `other` has other counts, in words. Cells without any count do not differ from missing ones.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let nothing = Tally::default();
        let cells: BTreeSet<&Cell> = self.0.keys().chain(other.0.keys()).collect();
        let differs = |cell: &&Cell| {
            let (mine, theirs) =
                (self.0.get(*cell).unwrap_or(&nothing), other.0.get(*cell).unwrap_or(&nothing));
            (mine != theirs).then(|| format!("{cell:?}: {mine:?} is kept as {theirs:?}"))
        };
        cells.iter().filter_map(differs).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::invitation::EndedAs;
    use crate::domain::invitation::tests::{DAY, POLICY, invitation, opinion};

    #[test]
    fn buckets_cover_every_time_and_rise() {
        let bucket = |minutes: u64| Histogram::bucket_of(Duration::from_secs(minutes * 60));
        assert_eq!(
            (bucket(0), bucket(1), bucket(10), bucket(100), bucket(u64::MAX / 60)),
            (0, 0, 20, 40, LAST_BUCKET)
        );
    }

    #[test]
    fn nothing_held_has_no_median() {
        assert_eq!(Histogram::default().median_hours().to_bits(), 0.0_f64.to_bits());
    }

    fn anew<'a>(invitations: impl IntoIterator<Item = &'a Invitation>) -> Ledger {
        let mut ledger = Ledger::default();
        for invitation in invitations {
            ledger.enter(None, invitation);
        }
        ledger
    }

    #[test]
    fn secret_reports_count_nowhere() {
        for access in [Access::Restricted, Access::Quarantine] {
            let mut secret = invitation(1, EndedAs::Returned);
            secret.closing.access = access;
            assert_eq!(anew([&secret]), Ledger::default());
        }
    }

    #[test]
    fn returned_reports_are_asked_but_have_no_clock() {
        let mut returned = invitation(1, EndedAs::Returned);
        returned.closing.respond_due_time = None;
        returned.closing.held = None;
        let tally = Tally::of(&returned);
        assert_eq!((tally.closed, tally.asked, tally.timed, tally.on_time), (1, 1, 0, 0));
        assert_eq!(tally.held, Histogram::default());
    }

    proptest! {
        #[test]
        fn a_median_is_near_the_true_one(mut minutes in proptest::collection::vec(2_u32..500_000, 1..60)) {
            let mut held = Histogram::default();
            for time in &minutes {
                held.add(Histogram::bucket_of(Duration::from_secs(u64::from(*time) * 60)), 1);
            }
            minutes.sort_unstable();
            // Between the two middle values every value is a median.
            let low = f64::from(minutes[(minutes.len() - 1) / 2]) / 60.0;
            let high = f64::from(minutes[minutes.len() / 2]) / 60.0;
            let median = held.median_hours();
            prop_assert!(low / 1.123 <= median && median <= high * 1.123, "{median} is not in {low}..{high}");
        }

        #[test]
        fn facts_moved_step_by_step_equal_facts_computed_anew(
            steps in proptest::collection::vec((0_usize..6, prop::sample::select(Verdict::ALL), any::<bool>()), 0..60)
        ) {
            let mut current: Vec<Invitation> = (1..=6).map(|n| {
                let mut one = invitation(1, EndedAs::ALL[n % 4]);
                one.closing.agency = format!("agency-{}", n % 3).parse().unwrap();
                one.closing.held = Some(DAY * u32::try_from(n).unwrap());
                one.closing.access = Access::ALL[usize::from(n == 6)];
                one
            }).collect();
            let mut moved = anew(&current);
            for (index, verdict, withdraw) in steps {
                let before = &current[index];
                let after = if withdraw {
                    before.withdraw()
                } else {
                    let now = before.closing.close_time + DAY;
                    before.rate(opinion(verdict), false, &POLICY, now).ok().map(|(after, _)| after)
                };
                let Some(after) = after else { continue };
                moved.enter(Some(before), &after);
                current[index] = after;
            }
            prop_assert_eq!(anew(&current).differences(&moved), Vec::<String>::new());
            prop_assert!(!anew(&current[1..]).differences(&moved).is_empty(), "a missing invitation is seen");
        }
    }
}
