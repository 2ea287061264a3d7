//! The rules of routing: pure, synchronous, without database or transport.
#![deny(clippy::wildcard_enum_match_arm)]

mod agency_work;
mod assignment;
mod case;
mod clock;
mod fact;
mod guidance;
mod questions;
mod refusal;
mod reply;
pub mod route;
#[cfg(test)]
mod tests;
mod words;

pub use assignment::{Assignment, Resolution};
pub use case::{Case, Decision, Disposition, Matter, Place, Rules, Snapshot};
pub use clock::{Alarm, Clock};
pub use fact::Fact;
pub use guidance::{Guidance, Guide};
pub use questions::Questions;
pub use refusal::Refusal;
pub use reply::{Draft, UnfitReply};
pub(crate) use route::matched;
pub use route::{Missing, Route, is_swapped, route};
pub use words::{AssignmentState, CaseState, CommuneMatch, Told};
