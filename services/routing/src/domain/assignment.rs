//! One agency's responsibility for one report in one round.

use province::Level;
use vocabulary::{Access, AgencyId, AssignmentId, MediaId, Outcome, Timestamp};

use super::words::AssignmentState;

/// An assignment, open or ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Its id.
    pub id: AssignmentId,
    /// Who answers.
    pub agency: AgencyId,
    /// Who may do the work.
    pub executor: Option<AgencyId>,
    /// Who may see it: the report's access when it was assigned, or a later stricter one. It never falls, because a
    /// list shows every assignment with what the report is about now.
    pub access: Access,
    /// Counts the closings, from 1.
    pub round: u32,
    /// Where it stands.
    pub state: AssignmentState,
    /// The row of the matrix that decided; none when no row did (reopened returns, last resort).
    pub matrix_row: Option<String>,
    /// Level of that row's owner.
    pub level: Option<Level>,
    /// When the agency got it.
    pub assign_time: Timestamp,
    /// When its answer is due.
    pub due: Timestamp,
    /// When it began to work.
    pub accept_time: Option<Timestamp>,
    /// When it wrote its reply last.
    pub submit_time: Option<Timestamp>,
    /// When its responsibility ended.
    pub end_time: Option<Timestamp>,
    /// The reply, once written.
    pub resolution: Option<Resolution>,
    /// Counts the changes, from 1; 0 before it is stored.
    pub version: i64,
}

impl Assignment {
    /// Whether the answer is late: still missing after its due time, or given after it.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        match self.state {
            AssignmentState::HandedBack | AssignmentState::Cancelled => false,
            AssignmentState::Assigned
            | AssignmentState::InProgress
            | AssignmentState::PendingApproval
            | AssignmentState::Resolved
            | AssignmentState::Deferred => self.end_time.unwrap_or(now) > self.due,
        }
    }

    /// Ends it.
    pub(super) fn end(&mut self, state: AssignmentState, now: Timestamp) {
        self.state = state;
        self.end_time = Some(now);
    }
}

/// What an agency answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// What was done.
    pub outcome: Outcome,
    /// Words for the citizen, NFC.
    pub reply: String,
    /// Photos of the place afterwards.
    pub evidence: Vec<MediaId>,
    /// With [`Outcome::Planned`]: by when.
    pub promised: Option<Timestamp>,
}
