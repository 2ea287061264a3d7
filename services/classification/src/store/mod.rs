//! Queries: rows ↔ cases. Every function takes a constant number of statements, however many reports there are.

#[expect(
    clippy::disallowed_methods,
    reason = "`sea_orm::model` writes a `begin()` of its own that nobody calls"
)]
pub mod entities;
mod labels;
pub mod migrations;
mod models;
mod papers;
mod photos;
mod queries;
mod queue;
mod reconciliation;
mod rows;
mod samples;
mod similar;

pub use labels::{
    Label, LabelRecord, NewMark, find_label, has_decided, insert_labels, insert_mark, list_labels, mark_last,
};
pub use models::{
    ModelRecord, find_model, insert_model, insert_switch, is_training_taken, list_models, read_model,
    switches, take_training,
};
pub use papers::{Answer, Papers, find_classification, insert_answers, point, sent};
pub use photos::{insert_photos, photos_of};
pub use queries::{due_to_wake, find_reviews, load, read_cases, reports_of, update};
pub use queue::{Queue, count_open_reviews, list_reviews, read_review};
pub use reconciliation::known_reports;
pub use samples::{
    Sample, add_proposals, blind_tasks, double_labels, insert_blind_label, insert_samples, proposals,
};
pub use similar::{Candidate, Found, Turn, candidates, note_turns, search};

use crate::domain::case::Case;

/// A case with its papers, which are there exactly when the case is classified.
#[derive(Debug, Clone, PartialEq)]
pub struct Dossier {
    /// What decides.
    pub case: Case,
    /// What it is about.
    pub papers: Option<Papers>,
}
