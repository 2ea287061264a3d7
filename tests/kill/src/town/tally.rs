//! Counts while the run goes on: answers by kind, failures by code, and when creates were acknowledged.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tonic::Status;
use vocabulary::Timestamp;

use super::ask::{is_refusal, reason, spelled};

/// The counts of a run so far.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Counts {
    /// Answers, replays included, by kind of command.
    pub answered: BTreeMap<&'static str, u64>,
    /// Failures by kind, code and reason.
    pub failed: BTreeMap<String, u64>,
    /// Attempts of creates to which the system gave no answer.
    pub failed_creates: u64,
    /// Attempts of any command to which the system gave no answer.
    pub unanswered: u64,
    /// When creates were acknowledged.
    #[serde(skip)]
    creates: Vec<Timestamp>,
    /// The reports that were acknowledged.
    #[serde(skip)]
    reports: HashSet<String>,
}

impl Counts {
    /// Reports that were acknowledged, however often.
    pub fn reports(&self) -> usize {
        self.reports.len()
    }

    /// The longest time without an acknowledged create between two instants.
    pub fn worst_gap(&self, from: Timestamp, to: Timestamp) -> Duration {
        let mut instants: Vec<Timestamp> =
            self.creates.iter().copied().filter(|at| (from..=to).contains(at)).collect();
        instants.extend([from, to]);
        instants.sort_unstable();
        instants.windows(2).map(|pair| pair[1].since(pair[0])).max().unwrap_or_default()
    }
}

/// Counts from many tasks.
#[derive(Default)]
pub struct Tally(Mutex<Counts>);

impl Tally {
    /// A command about the resource `name` was answered.
    pub fn answered(&self, kind: &'static str, name: &str, at: Timestamp) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.answered.entry(kind).or_insert(0) += 1;
        if kind == "create" {
            counts.creates.push(at);
            counts.reports.insert(name.to_owned());
        }
    }

    /// An attempt failed.
    pub fn failed(&self, kind: &'static str, status: &Status) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let what = format!("{kind}: {} {}", spelled(status.code()), reason(status));
        *counts.failed.entry(what.trim().to_owned()).or_insert(0) += 1;
        let unanswered = u64::from(!is_refusal(status));
        counts.unanswered += unanswered;
        counts.failed_creates += u64::from(kind == "create") * unanswered;
    }

    /// The counts so far.
    pub fn counts(&self) -> Counts {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_gap_counts_from_the_beginning_to_the_end() {
        let at = Timestamp::from_micros;
        let counts = Counts { creates: vec![at(30), at(10), at(95)], ..Counts::default() };
        assert_eq!(counts.worst_gap(at(0), at(100)), Duration::from_micros(65));
        assert_eq!(counts.worst_gap(at(94), at(200)), Duration::from_micros(105));
    }

    #[test]
    fn a_report_that_is_acknowledged_again_is_one_report() {
        let tally = Tally::default();
        for name in ["reports/1", "reports/2", "reports/1"] {
            tally.answered("create", name, Timestamp::EPOCH);
        }
        tally.answered("post", "reports/3", Timestamp::EPOCH);
        assert_eq!((tally.counts().reports(), tally.counts().answered["create"]), (2, 3));
    }
}
