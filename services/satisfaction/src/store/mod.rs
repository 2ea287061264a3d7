//! Queries: rows to domain and back. Nothing here decides anything.

#[expect(
    clippy::disallowed_methods,
    reason = "`sea_orm::model` writes a `begin()` of its own that nobody calls"
)]
pub mod entities;
pub mod facts;
pub mod invitations;
pub mod migrations;
pub mod ratings;
pub mod reconciliation;
pub mod withdrawals;

use sea_orm::DbErr;

/// Rows per statement: keeps the number of bound values below SQLite's limit of 32,766.
const ROWS: usize = 400;

/// A row that no code of ours has written.
fn broken(table: &str, column: &str) -> DbErr {
    DbErr::Custom(format!("a row of {table} has an unreadable {column}"))
}
