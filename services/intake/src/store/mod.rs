//! Queries on intake's own database. Rows become domain types here and nowhere else.

#[expect(
    clippy::disallowed_methods,
    reason = "`sea_orm::model` writes a `begin()` of its own that nobody calls"
)]
pub mod entities;
pub mod held;
pub mod identities;
pub mod media;
pub mod messages;
pub mod migrations;
pub mod reconciliation;
pub mod reports;
pub mod timeline;

use sea_orm::DbErr;

/// A row that no longer says what this binary can read: a defect or a manual change.
fn corrupt(what: &str, error: impl std::fmt::Display) -> DbErr {
    DbErr::Custom(format!("a stored {what} cannot be read: {error}"))
}
