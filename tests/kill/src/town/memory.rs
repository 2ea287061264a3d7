//! What the town knows: whose report is whose, and what waits on whose desk.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use contract::classification::v1::Review;
use contract::routing::v1::Assignment;
use rand::RngExt as _;
use rand::rngs::StdRng;

/// A report and the citizen who sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    /// `reports/…`.
    pub report: String,
    /// The citizen's number.
    pub citizen: usize,
}

/// Work that consoles have seen: each piece is in one hand at a time, and is listed again only when it was let go.
#[derive(Debug)]
pub struct Desk<T> {
    waiting: VecDeque<T>,
    seen: HashSet<String>,
}

impl<T> Default for Desk<T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), seen: HashSet::new() }
    }
}

impl<T> Desk<T> {
    /// Lays listed work on the desk, except what somebody has already; answers how much was new.
    pub fn add(&mut self, work: impl IntoIterator<Item = (String, T)>) -> usize {
        let before = self.waiting.len();
        for (key, piece) in work {
            if self.seen.insert(key) {
                self.waiting.push_back(piece);
            }
        }
        self.waiting.len() - before
    }

    /// Any piece.
    pub fn take(&mut self, rng: &mut StdRng) -> Option<T> {
        let index = rng.random_range(0..self.waiting.len().max(1));
        self.waiting.swap_remove_back(index)
    }

    /// Lays a piece back for its next step.
    pub fn put_back(&mut self, piece: T) {
        self.waiting.push_back(piece);
    }

    /// Forgets that a piece was seen: it may be listed again.
    pub fn let_go(&mut self, key: &str) {
        self.seen.remove(key);
    }
}

/// Everything that is known.
#[derive(Debug, Default)]
pub struct Known {
    /// Acknowledged reports.
    pub reports: Vec<Own>,
    owners: HashMap<String, usize>,
    /// Reviews to decide.
    pub reviews: Desk<Review>,
    /// Assignments to work on.
    pub assignments: Desk<Assignment>,
    /// Answered reports whose reporters may rate.
    pub answered: VecDeque<Own>,
}

impl Known {
    /// A report was acknowledged.
    pub fn created(&mut self, own: Own) {
        if self.owners.insert(own.report.clone(), own.citizen).is_none() {
            self.reports.push(own);
        }
    }

    /// Any acknowledged report, rather a late one than an early one.
    pub fn any_report(&self, rng: &mut StdRng) -> Option<Own> {
        let from = self.reports.len().saturating_sub(2_000);
        let late = &self.reports[from..];
        let all = if rng.random_bool(0.8) { late } else { &self.reports };
        all.get(rng.random_range(0..all.len().max(1))).cloned()
    }

    /// A report has an answer that its reporter may rate.
    pub fn was_answered(&mut self, report: &str) {
        if let Some(citizen) = self.owners.get(report) {
            self.answered.push_back(Own { report: report.to_owned(), citizen: *citizen });
        }
    }
}

/// The town's memory, for all its people.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Known>);

impl Memory {
    /// Looks or writes; never held while waiting for anything.
    pub fn open(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn a_piece_of_work_is_in_one_hand_at_a_time() {
        let mut desk = Desk::default();
        let mut rng = StdRng::seed_from_u64(1);
        let listed = || [("a".to_owned(), 1), ("b".to_owned(), 2)];
        assert_eq!((desk.add(listed()), desk.add(listed())), (2, 0));
        let taken = [desk.take(&mut rng), desk.take(&mut rng), desk.take(&mut rng)];
        assert_eq!(taken.iter().flatten().sum::<i32>(), 3);
        assert_eq!(desk.add(listed()), 0);
        desk.let_go("a");
        assert_eq!(desk.add(listed()), 1);
    }
}
