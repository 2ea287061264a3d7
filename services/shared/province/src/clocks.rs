//! When an answer is due: a pure function of arrival, calendar, policy and pauses.
//!
//! A clock is due at the first instant at which its limit of *counted* time has run since arrival. In mode `elapsed` all
//! time counts and the limit depends on the kind of the local day of arrival; in mode `working` the limit is the one
//! for working days, and time counts from 00:00 to 24:00 of working days. Paused time never counts, once however
//! often it is reported; a pause that begins when the limit has already run changes nothing.

use std::time::Duration;

use vocabulary::Timestamp;

use crate::calendar::{Calendar, DayKind};
use crate::policies::{ClockMode, Policies};
use crate::words::words;

words!(
    /// Which promise runs.
    ClockKind {
        /// Receive and distribute.
        Receive = "receive",
        /// The agency responds.
        Respond = "respond",
    }
);

/// A stretch of time that does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end; none while it lasts.
    pub to: Option<Timestamp>,
}

/// When a clock is due, and the rules it was computed by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The instant by which it must be done. While a pause lasts: what it would be if the pause had ended at once.
    pub due: Timestamp,
    /// The instant of the "deadline approaching" notice; not after `due`.
    pub due_soon: Timestamp,
    /// The counted time allowed.
    pub limit: Duration,
    /// The kind of the local day of arrival.
    pub day_kind: DayKind,
    /// Since when the clock stands still; nothing can be missed while it does.
    pub paused_since: Option<Timestamp>,
    /// The calendar it was computed with.
    pub calendar_version: String,
    /// The policy it was computed with.
    pub policy_version: String,
}

/// Computes when a clock that began at `arrival` is due.
pub fn due(
    clock: ClockKind,
    arrival: Timestamp,
    calendar: &Calendar,
    policies: &Policies,
    pauses: &[Pause],
) -> Due {
    let rules = &policies.clocks;
    let limits = match clock {
        ClockKind::Receive => rules.receive,
        ClockKind::Respond => rules.respond,
    };
    let day_kind = calendar.day_kind(calendar.local_date(arrival));
    let limit = match rules.mode {
        ClockMode::Elapsed if !day_kind.is_working() => limits.day_off,
        ClockMode::Elapsed | ClockMode::Working => limits.working,
    };
    let pauses = if rules.pause_while_awaiting_info { merge(arrival, pauses) } else { Vec::new() };
    let run = Run { mode: rules.mode, calendar };
    let (due, paused_since) = run.end(arrival, limit, &pauses);
    let (due_soon, _) = run.end(arrival, limit.mul_f64(rules.due_soon_share), &pauses);
    Due {
        due,
        due_soon,
        limit,
        day_kind,
        paused_since,
        calendar_version: calendar.version().to_owned(),
        policy_version: policies.version.clone(),
    }
}

/// The pauses after arrival as disjoint stretches in order; at most the last one is open.
fn merge(arrival: Timestamp, pauses: &[Pause]) -> Vec<Pause> {
    let mut sorted: Vec<Pause> = pauses
        .iter()
        .map(|pause| Pause { from: pause.from.max(arrival), to: pause.to })
        .filter(|pause| pause.to.is_none_or(|to| pause.from < to))
        .collect();
    sorted.sort_by_key(|pause| pause.from);
    let mut merged: Vec<Pause> = Vec::with_capacity(sorted.len());
    for pause in sorted {
        match merged.last_mut() {
            Some(last) if last.to.is_none_or(|to| pause.from <= to) => {
                last.to = last.to.zip(pause.to).map(|(a, b)| a.max(b));
            }
            _ => merged.push(pause),
        }
    }
    merged
}

/// How time counts.
struct Run<'c> {
    mode: ClockMode,
    calendar: &'c Calendar,
}

impl Run<'_> {
    /// The instant at which `limit` has run, and since when the clock stands still, if it does.
    fn end(&self, arrival: Timestamp, limit: Duration, pauses: &[Pause]) -> (Timestamp, Option<Timestamp>) {
        let (mut at, mut left) = (arrival, limit);
        for pause in pauses {
            match self.count(at, left, Some(pause.from)) {
                Ok(end) => return (end, None),
                Err(rest) => left = rest,
            }
            match pause.to {
                Some(to) => at = to,
                None => return (self.count(pause.from, left, None).unwrap_or(pause.from), Some(pause.from)),
            }
        }
        (self.count(at, left, None).unwrap_or(at), None)
    }

    /// Counts from `at`: the instant at which `left` has run, or what is left of it at `until`.
    fn count(&self, at: Timestamp, left: Duration, until: Option<Timestamp>) -> Result<Timestamp, Duration> {
        match self.mode {
            ClockMode::Elapsed => count_stretch(at, left, until),
            ClockMode::Working => self.count_days(at, left, until),
        }
    }

    fn count_days(
        &self,
        mut at: Timestamp,
        mut left: Duration,
        until: Option<Timestamp>,
    ) -> Result<Timestamp, Duration> {
        let mut day = self.calendar.local_date(at);
        while until.is_none_or(|until| at < until) {
            // The calendar ends in year 9999; whatever is left then runs on.
            let Some(next_day) = day.next_day() else { return count_stretch(at, left, until) };
            let midnight = self.calendar.day_start(next_day);
            if self.calendar.is_working(day) {
                let stretch_end = until.map_or(midnight, |until| until.min(midnight));
                match count_stretch(at, left, Some(stretch_end)) {
                    Ok(end) => return Ok(end),
                    Err(rest) => left = rest,
                }
            }
            (at, day) = (midnight, next_day);
        }
        Err(left)
    }
}

/// Counts all time from `at`.
fn count_stretch(at: Timestamp, left: Duration, until: Option<Timestamp>) -> Result<Timestamp, Duration> {
    match until.map(|until| until.since(at)) {
        Some(available) if available < left => Err(left - available),
        _ => Ok(at + left),
    }
}

#[cfg(test)]
mod tests;
