//! Pure rules: who is asked, what a rating does, what the answers say. No async, no database, no transport.

#![deny(clippy::wildcard_enum_match_arm)]

pub mod board;
pub mod disclosure;
pub mod invitation;
pub mod opinion;
pub mod period;
pub mod tally;
pub mod wilson;
