//! Queries: rows ↔ cases. Every function takes a constant number of statements, however many reports there are.

#[expect(
    clippy::disallowed_methods,
    reason = "`sea_orm::model` writes a `begin()` of its own that nobody calls"
)]
pub mod entities;
mod labels;
pub mod migrations;
mod queries;
mod reconciliation;
mod rows;

pub use labels::{Label, insert_label};
pub use queries::{
    Position, count_open_reviews, find_classification, find_report, find_review, list_open_reviews, load,
    update,
};
pub use reconciliation::known_reports;

use contract::classification::v1::Suggestion;
use contract::event::v1::ReportSnapshot;

use crate::domain::review::Case;

/// What the machine was given and what it proposed: never changed after the report has arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct Papers {
    /// The report as its reporter sent it.
    pub snapshot: ReportSnapshot,
    /// The machine's proposal.
    pub suggestion: Suggestion,
}

/// A case with its papers, which are there exactly when the case is classified.
#[derive(Debug, Clone, PartialEq)]
pub struct Dossier {
    /// What decides.
    pub case: Case,
    /// What it is about.
    pub papers: Option<Papers>,
}
