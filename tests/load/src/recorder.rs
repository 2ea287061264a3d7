//! What is measured while the load runs: latencies per operation from the moment each call was due, refusals apart.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tonic::{Code, Status};
use vocabulary::Timestamp;

use crate::code;
use crate::operation::Operation;

/// A report that was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledged {
    /// `reports/{uuid}`.
    pub name: String,
    /// Number of the citizen who sent it.
    pub sender: usize,
    /// When the system made it durable, by its own clock.
    pub created: Timestamp,
}

/// Everything measured so far.
#[derive(Debug, Default)]
pub struct Measured {
    /// Microseconds from due to answered.
    pub answered: BTreeMap<Operation, Histogram<u64>>,
    /// Microseconds from due to refused.
    pub refused: BTreeMap<(Operation, &'static str), Histogram<u64>>,
    /// Refusals that did not say when to come back.
    pub without_retry_info: BTreeMap<(Operation, &'static str), u64>,
    /// Reports acknowledged, also before and after the measured window.
    pub acknowledged: Vec<Acknowledged>,
    /// Calls sent more than once.
    pub repeated: u64,
    /// Microseconds from due to begun: what the generator itself was late.
    pub late: Option<Histogram<u64>>,
    /// Replays whose answer was not the first one.
    pub differing: u64,
    /// Reports that the system had taken before this run.
    pub stale: u64,
    /// Actions for which nothing was there to be done.
    pub idle: u64,
    /// Arrivals that were not sent because too much was under way.
    pub dropped: u64,
    /// Bytes of photos that arrived.
    pub uploaded: u64,
}

/// Collects measurements of calls that were due in the window.
#[derive(Debug, Default)]
pub struct Recorder {
    window: Option<(Instant, Instant)>,
    measured: Mutex<Measured>,
}

impl Recorder {
    /// Measures calls that are due from `begin` and before `end`; what warms up and what is late stays out.
    pub fn within(begin: Instant, end: Instant) -> Self {
        Self { window: Some((begin, end)), measured: Mutex::default() }
    }

    /// Whether a call that is due at `due` counts.
    pub fn counts(&self, due: Instant) -> bool {
        self.window.is_none_or(|(begin, end)| begin <= due && due < end)
    }

    /// Takes an answer or refusal.
    pub fn record(&self, operation: Operation, due: Instant, took: Duration, code: Code) {
        if !self.counts(due) {
            return;
        }
        let mut measured = self.lock();
        let histogram = match code {
            Code::Ok => measured.answered.entry(operation).or_insert_with(histogram),
            refused => measured.refused.entry((operation, code::name(refused))).or_insert_with(histogram),
        };
        add(histogram, took);
    }

    /// Takes whether a refusal said when to come back.
    pub fn refused(&self, operation: Operation, due: Instant, status: &Status) {
        if self.counts(due) && code::retry_delay(status).is_none() {
            let refusal = (operation, code::name(status.code()));
            *self.lock().without_retry_info.entry(refusal).or_default() += 1;
        }
    }

    /// Takes how late the generator began something.
    pub fn begun(&self, due: Instant) {
        if self.counts(due) {
            let late = due.elapsed();
            add(self.lock().late.get_or_insert_with(histogram), late);
        }
    }

    /// Changes what is counted.
    pub fn count(&self, change: impl FnOnce(&mut Measured)) {
        change(&mut self.lock());
    }

    /// Takes everything out.
    pub fn take(&self) -> Measured {
        std::mem::take(&mut self.lock())
    }

    /// Looks at what is there.
    pub fn look<T>(&self, look: impl FnOnce(&Measured) -> T) -> T {
        look(&self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Measured> {
        self.measured.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Microseconds up to an hour with three digits.
pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 3_600_000_000, 3).expect("valid bounds")
}

/// Adds a time; one longer than an hour counts as an hour.
pub(crate) fn add(histogram: &mut Histogram<u64>, time: Duration) {
    histogram.saturating_record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_outside_the_window_does_not_count() {
        let begin = Instant::now() + Duration::from_secs(10);
        let end = begin + Duration::from_secs(10);
        let recorder = Recorder::within(begin, end);
        let millisecond = Duration::from_millis(1);
        for due in [begin - millisecond, begin, end - millisecond, end] {
            recorder.record(Operation::Create, due, millisecond, Code::Ok);
        }
        recorder.record(Operation::Create, begin, millisecond, Code::Unavailable);
        let status = Status::unavailable("no RetryInfo");
        recorder.refused(Operation::Create, begin, &status);
        recorder.refused(Operation::Create, end, &status);
        let measured = recorder.take();
        assert_eq!(measured.without_retry_info[&(Operation::Create, "UNAVAILABLE")], 1);
        assert_eq!(measured.answered[&Operation::Create].len(), 2);
        assert_eq!(measured.refused[&(Operation::Create, "UNAVAILABLE")].len(), 1);
    }
}
