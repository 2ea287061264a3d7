//! The rules of intake, pure: what a report is, how it moves, who may see what of it.

pub mod code;
pub mod identity;
pub mod media;
pub mod message;
pub mod reconciliation;
pub mod report;
pub mod submission;
pub mod timeline;
pub mod visibility;
