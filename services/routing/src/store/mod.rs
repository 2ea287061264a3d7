//! The database of this service: cases are loaded and saved whole, many at a time; lists are read page by page.

mod cases;
mod deadlines;
#[expect(
    clippy::disallowed_methods,
    reason = "`sea_orm::model` writes a `begin()` of its own that nobody calls"
)]
mod entities;
mod migrations;
mod queue;
mod reconciliation;
mod rows;

pub(crate) use cases::{find_report, load, save};
pub(crate) use deadlines::{count_running, reports_with_alarm};
pub use migrations::Migrator;
pub(crate) use queue::{QueueFilter, find_holder, list_assignments};
pub use reconciliation::known_reports;
