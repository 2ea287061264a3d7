//! Why a command of an agency is refused.

use super::words::AssignmentState;

/// A refused command; nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The command does not fit where the assignment stands.
    #[error("the assignment is {}", .0.as_str())]
    State(AssignmentState),
    /// The caller has read an older version.
    #[error("the assignment has changed since it was read")]
    Stale,
    /// The agency of last resort cannot hand back, and nobody can after it has been asked.
    #[error("the report was handed back as often as the policy allows")]
    HandBacksExhausted,
    /// The field demands a photo of the place afterwards.
    #[error("this field demands a photo of the place afterwards")]
    EvidenceRequired,
    /// The promised date has passed already.
    #[error("the promised date must lie in the future")]
    PromiseInPast,
    /// The promised date lies further ahead than anybody can plan.
    #[error("the promised date must lie within the next five years")]
    PromiseTooFar,
}
