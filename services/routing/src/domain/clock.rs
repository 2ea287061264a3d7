//! A promise of the regulation that runs, and when somebody must be told about it.

use province::{ClockKind, Pause, Province};
use vocabulary::{AgencyId, Timestamp};

use super::words::Told;

/// One clock of one report in one round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// Which promise.
    pub kind: ClockKind,
    /// The round it belongs to, from 1.
    pub round: u32,
    /// Whose promise it is now.
    pub agency: AgencyId,
    /// When it began.
    pub start: Timestamp,
    /// When it runs out.
    pub due: Timestamp,
    /// When "nearly run down" is to be told.
    pub due_soon: Timestamp,
    /// When the promise was kept or became void; none while it runs.
    pub stop: Option<Timestamp>,
    /// Whether it stands still.
    pub paused: bool,
    /// What has been told.
    pub told: Told,
    /// The calendar it was computed with.
    pub calendar_version: String,
    /// The policy it was computed with.
    pub policy_version: String,
}

/// What is to be told about a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alarm {
    /// It has nearly run down.
    Approaching,
    /// It has run out.
    Missed,
}

impl Clock {
    /// A clock that begins at `start`.
    pub fn start(
        province: &Province,
        kind: ClockKind,
        round: u32,
        agency: AgencyId,
        start: Timestamp,
    ) -> Self {
        let due = province.due(kind, start, &[]);
        Self {
            kind,
            round,
            agency,
            start,
            due: due.due,
            due_soon: due.due_soon,
            stop: None,
            paused: false,
            told: Told::Nothing,
            calendar_version: due.calendar_version,
            policy_version: due.policy_version,
        }
    }

    /// Stands still for these times. A clock that has stopped stays as it is.
    pub fn pause(&mut self, province: &Province, pauses: &[Pause]) {
        if self.stop.is_none() {
            let due = province.due(self.kind, self.start, pauses);
            (self.due, self.due_soon, self.paused) = (due.due, due.due_soon, due.paused_since.is_some());
        }
    }

    /// When the next thing is to be told; never for a clock that has stopped or stands still.
    pub fn alarm_time(&self) -> Option<Timestamp> {
        if self.paused {
            return None;
        }
        match (self.stop, self.told) {
            (Some(_), _) | (None, Told::Missed) => None,
            (None, Told::Nothing) => Some(self.due_soon.min(self.due)),
            (None, Told::Approaching) => Some(self.due),
        }
    }

    /// What is to be told at `now`, each thing once. After the due time only the miss is told.
    pub fn tell(&mut self, now: Timestamp) -> Option<Alarm> {
        if self.alarm_time().is_none_or(|alarm| now < alarm) {
            return None;
        }
        if now >= self.due {
            self.told = Told::Missed;
            return Some(Alarm::Missed);
        }
        self.told = Told::Approaching;
        Some(Alarm::Approaching)
    }

    /// Stops a running clock. Answers the miss if it stops too late and nobody has said so yet.
    pub fn stop(&mut self, now: Timestamp) -> Option<Alarm> {
        if self.stop.is_some() {
            return None;
        }
        let alarm = if now > self.due { self.tell(now) } else { None };
        self.stop = Some(now);
        alarm
    }
}
