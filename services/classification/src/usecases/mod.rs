//! What the service does, one use case per file.

mod classify_text;
mod decide_review;
mod follow_reports;
mod get_classification;
mod list_reviews;

use std::sync::Arc;

use auth::{Caller, ReporterSeal, Role};
use contract::event::v1::ReportSnapshot;
use messaging::Outbox;
use province::{ClockKind, Province, clocks};
use runtime::wire::{PageKey, parse_timestamp};
use vocabulary::{Access, Problem, Timestamp};

pub use classify_text::classify_text;
pub use decide_review::{DecideReview, decide_review};
pub use follow_reports::{Fact, Happening, follow_reports};
pub use get_classification::get_classification;
pub use list_reviews::{Page, list_reviews};

use crate::machine::Machine;

/// What the use cases work with. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    /// The service's database and the way out for its events.
    pub outbox: Outbox,
    /// Proposes.
    pub machine: Arc<Machine>,
    /// The province's rules.
    pub province: Arc<Province>,
    /// Signs page tokens.
    pub page_key: PageKey,
    /// Tells callers apart without naming them.
    pub seal: ReporterSeal,
}

impl Desk {
    /// When the first clock (receive and distribute) of a report is due.
    pub fn due_time(&self, snapshot: &ReportSnapshot) -> Result<Timestamp, Problem> {
        let arrival = parse_timestamp("create_time", snapshot.create_time)?;
        let Province { calendar, policies, .. } = &*self.province;
        Ok(clocks::due(ClockKind::Receive, arrival, calendar, policies, &[]).due)
    }
}

/// Only cleared officers see what is not ordinary.
fn may_see(caller: &Caller, access: Access) -> bool {
    access == Access::Ordinary || caller.role() == Role::ClearedOfficer
}
