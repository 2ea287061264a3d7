//! One file per table.

pub mod held_events;
pub mod identities;
pub mod media;
pub mod media_parts;
pub mod messages;
pub mod report_media;
pub mod reports;
pub mod timeline;
