//! The life of one seeded report: what happened, and what every service keeps of it.

use intake::domain::report::{Change, Report};
use intake::domain::timeline::{Entry, Happening};
use province::{ClockKind, Due};
use uuid::Uuid;
use vocabulary::{Access, AgencyId, Timestamp, Verdict};

use super::scene::{Matter, Place};
use crate::operation::Service;

/// Something that goes on the timeline.
pub(crate) struct Step {
    pub(crate) at: Timestamp,
    pub(crate) source: Service,
    pub(crate) happening: Happening,
    pub(crate) change: Change,
}

/// A person must look, or has looked.
pub(crate) struct Review {
    pub(crate) id: Uuid,
    pub(crate) reason: &'static str,
    pub(crate) note: &'static str,
    pub(crate) created: Timestamp,
    pub(crate) due: Timestamp,
    pub(crate) state: &'static str,
    pub(crate) version: i64,
}

/// An agency's turn.
pub(crate) struct Turn {
    pub(crate) id: Uuid,
    pub(crate) agency: AgencyId,
    pub(crate) executor: Option<AgencyId>,
    pub(crate) matrix_row: Option<String>,
    pub(crate) level: Option<&'static str>,
    pub(crate) round: u32,
    pub(crate) state: &'static str,
    pub(crate) assigned: Timestamp,
    pub(crate) due: Timestamp,
    pub(crate) accepted: Option<Timestamp>,
    pub(crate) submitted: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) outcome: Option<&'static str>,
    pub(crate) promised: Option<Timestamp>,
    pub(crate) version: i64,
}

/// A promise of the regulation.
pub(crate) struct Promise {
    pub(crate) kind: ClockKind,
    pub(crate) round: u32,
    pub(crate) agency: AgencyId,
    pub(crate) started: Timestamp,
    pub(crate) due: Due,
    pub(crate) stopped: Option<Timestamp>,
}

impl Promise {
    /// What has been told about it by `now`.
    pub(crate) fn told(&self, now: Timestamp) -> &'static str {
        let last = self.stopped.unwrap_or(now);
        if last > self.due.due {
            "missed"
        } else if last > self.due.due_soon {
            "approaching"
        } else {
            "nothing"
        }
    }

    /// When the next thing is to be told.
    pub(crate) fn alarm(&self, now: Timestamp) -> Option<Timestamp> {
        match (self.stopped, self.told(now)) {
            (None, "nothing") => Some(self.due.due_soon.min(self.due.due)),
            (None, "approaching") => Some(self.due.due),
            _ => None,
        }
    }
}

/// The end of a round, and how it was rated.
pub(crate) struct Closing {
    pub(crate) invitation: Uuid,
    pub(crate) round: u32,
    pub(crate) ended_as: &'static str,
    pub(crate) agency: AgencyId,
    pub(crate) closed: Timestamp,
    pub(crate) due: Option<Timestamp>,
    pub(crate) held: Option<std::time::Duration>,
    pub(crate) invited: Timestamp,
    pub(crate) expires: Timestamp,
    pub(crate) standing: &'static str,
    pub(crate) rating: Option<(Timestamp, Verdict)>,
    pub(crate) reopened: bool,
}

/// Everything that happened to one report until now.
pub(crate) struct Life<'s> {
    pub(crate) report: Report,
    pub(crate) entries: Vec<Entry>,
    pub(crate) subject: &'s auth::Subject,
    pub(crate) proof: [u8; 32],
    pub(crate) matter: &'s Matter,
    pub(crate) place: Place,
    pub(crate) confidence: f64,
    pub(crate) access: Access,
    pub(crate) reviews: Vec<Review>,
    /// Since when the classification in force is, and whether a person decided and the others were told.
    pub(crate) decided: Timestamp,
    pub(crate) by_person: bool,
    pub(crate) announced: bool,
    /// How often each service has told something, in the order of [`Service::ALL`].
    pub(crate) told: [i64; 4],
    /// How many of classification's events routing has applied as classifications: number of the last.
    pub(crate) classified_sequence: i64,
    pub(crate) case_state: &'static str,
    pub(crate) round: u32,
    pub(crate) hand_backs: u32,
    /// Number of routing's event that handed the report back last.
    pub(crate) objection: Option<i64>,
    pub(crate) turns: Vec<Turn>,
    pub(crate) promises: Vec<Promise>,
    pub(crate) closings: Vec<Closing>,
    pub(crate) withdrawn: Option<Timestamp>,
}
