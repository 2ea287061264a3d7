//! One command or query per file: load → tell the domain → save → publish, in one transaction.

mod accept_assignment;
mod apply_events;
mod approve_resolution;
mod command;
mod hand_back_assignment;
mod list_assignments;
mod submit_resolution;
mod tell_deadlines;

pub(crate) use accept_assignment::accept_assignment;
pub(crate) use apply_events::{Change, News, apply_events};
pub(crate) use approve_resolution::approve_resolution;
pub(crate) use command::{Command, authorise};
pub(crate) use hand_back_assignment::hand_back_assignment;
pub(crate) use list_assignments::{List, list_assignments};
pub(crate) use submit_resolution::submit_resolution;
pub(crate) use tell_deadlines::{observe_clocks, tell_deadlines};

use std::sync::Arc;

use database::Database;
use messaging::Outbox;
use province::Province;
use vocabulary::Clock;

/// What every use case works with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) database: Database,
    pub(crate) outbox: Outbox,
    pub(crate) clock: Clock,
    pub(crate) province: Arc<Province>,
}
