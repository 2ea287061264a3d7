//! What a decision made true: each fact becomes one event.

use province::ClockKind;
use vocabulary::{AgencyId, AssignmentId, Outcome, Timestamp};

use super::{Alarm, Assignment, Guidance, Missing};

/// Something that happened to a case.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// An agency owns the report.
    Assigned {
        /// The assignment.
        assignment: Box<Assignment>,
        /// When the first clock was or is due.
        receive_due: Timestamp,
    },
    /// No agency could be found.
    Missing(Missing),
    /// Given back to the citizen.
    Returned {
        /// The closing.
        round: u32,
        /// What the citizen is told.
        guidance: Box<Guidance>,
    },
    /// Not taken.
    Rejected {
        /// The closing.
        round: u32,
        /// Why, for the citizen.
        reason: String,
    },
    /// The agency gave the report back.
    HandedBack {
        /// The assignment that ended.
        assignment: AssignmentId,
        /// The agency.
        agency: AgencyId,
        /// How often so far.
        count: u32,
        /// Why.
        reason: String,
        /// Whether the agency of last resort has the report now.
        last_resort: bool,
    },
    /// The agency has accepted.
    Started {
        /// The assignment.
        assignment: AssignmentId,
        /// The agency.
        agency: AgencyId,
    },
    /// A reply waits for approval.
    Submitted {
        /// The assignment.
        assignment: AssignmentId,
        /// The agency.
        agency: AgencyId,
        /// What was done.
        outcome: Outcome,
    },
    /// The answer is public.
    Answered {
        /// The assignment, with its reply.
        assignment: Box<Assignment>,
        /// For how long the agency held the report in this round.
        held: std::time::Duration,
    },
    /// A clock has something to say.
    Rang {
        /// What.
        alarm: Alarm,
        /// Which promise.
        kind: ClockKind,
        /// Whose promise.
        agency: AgencyId,
        /// When it is or was due.
        due: Timestamp,
    },
}
