//! One command or query per file.

pub mod audit_facts;
pub mod close_expired;
pub mod get_invitation;
pub mod read_scores;
pub mod record_endings;
pub mod submit_rating;
