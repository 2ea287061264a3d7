//! What can go wrong in a use case, and what the caller is told.
#![deny(clippy::wildcard_enum_match_arm)]

use sea_orm::DbErr;
use vocabulary::{ErrorCode, Problem};

use crate::domain::review::Refusal;

/// A use case that came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] DbErr),
    /// The decision cannot be taken.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The request is wrong, or the caller has no right to it.
    #[error(transparent)]
    Problem(#[from] Problem),
}

impl Error {
    /// What the caller is told.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Database(error) => database::problem(error),
            Self::Refused(Refusal::NotOpen) => Problem::new(
                ErrorCode::FailedPrecondition,
                "REVIEW_DECIDED",
                "the review is not open any more: it was decided, or the report was withdrawn",
                "Phản ánh này đã được người khác xử lý hoặc đã được rút.",
            ),
            Self::Refused(Refusal::Changed) => Problem::new(
                ErrorCode::Aborted,
                "ETAG_MISMATCH",
                "the review has changed since it was read; read it again and decide again",
                "Nội dung đã thay đổi, xin tải lại rồi quyết định.",
            ),
            Self::Problem(problem) => problem.clone(),
        }
    }
}
