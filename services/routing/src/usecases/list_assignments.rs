//! The queue of an agency, or of all.

use auth::{Caller, Role};
use database::Cursor;
use vocabulary::{AgencyId, Problem};

use super::Desk;
use crate::domain::{Assignment, Case};
use crate::error::Error;
use crate::store::{self, QueueFilter};

/// What is asked for.
#[derive(Debug, Clone)]
pub(crate) struct List {
    /// One agency's; none for the caller's own, or all.
    pub(crate) agency: Option<AgencyId>,
    /// Also those that have ended.
    pub(crate) include_ended: bool,
}

/// One page, and where it goes on.
#[derive(Debug)]
pub(crate) struct Page {
    /// Assignments with their cases.
    pub(crate) assignments: Vec<(Assignment, Case)>,
    /// The last one, when there are more.
    pub(crate) next: Option<Cursor>,
}

impl List {
    /// What `caller` may see of it.
    pub(crate) fn filter(self, caller: &Caller) -> Result<QueueFilter, Problem> {
        let agency = match caller.role() {
            Role::AgencyHandler | Role::AgencyLeader => {
                let own = caller.agency().ok_or_else(Problem::denied)?;
                if self.agency.as_ref().is_some_and(|asked| asked != own) {
                    return Err(Problem::denied());
                }
                Some(own.clone())
            }
            Role::Coordinator
            | Role::ClearedOfficer
            | Role::Supervisor
            | Role::Administrator
            | Role::Auditor => self.agency,
            Role::Citizen | Role::Assistant | Role::ScoreConsumer | Role::Public => {
                return Err(Problem::denied());
            }
        };
        let include_sealed = caller.role() == Role::ClearedOfficer;
        Ok(QueueFilter { agency, include_ended: self.include_ended, include_sealed })
    }
}

/// Reads the `size` assignments after `cursor`.
pub(crate) async fn list_assignments(
    desk: &Desk,
    filter: &QueueFilter,
    cursor: Option<Cursor>,
    size: u32,
) -> Result<Page, Error> {
    let size = size as usize;
    let mut assignments =
        store::list_assignments(desk.database.read(), filter, cursor, size as u64 + 1).await?;
    let more = assignments.len() > size;
    assignments.truncate(size);
    let next = assignments.last().filter(|_| more).map(|(last, _)| Cursor { time: last.due, id: last.id.0 });
    Ok(Page { assignments, next })
}
