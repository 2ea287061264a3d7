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
            Self::Refused(refusal) => refused(refusal),
            Self::Problem(problem) => problem.clone(),
        }
    }
}

/// What whoever is refused a decision or a claim is told.
fn refused(refusal: &Refusal) -> Problem {
    let precondition =
        |reason, en: &str, vi: &str| Problem::new(ErrorCode::FailedPrecondition, reason, en, vi);
    match refusal {
        Refusal::NotOpen => precondition(
            "REVIEW_DECIDED",
            "the review is not open: it was decided, its reporter was asked, or the report was withdrawn",
            "Phản ánh này đã được xử lý, đang chờ người dân bổ sung hoặc đã được rút.",
        ),
        Refusal::Changed => Problem::new(
            ErrorCode::Aborted,
            "ETAG_MISMATCH",
            "the review has changed since it was read; read it again and decide again",
            "Nội dung đã thay đổi, xin tải lại rồi quyết định.",
        ),
        Refusal::Claimed(lease) => precondition(
            "REVIEW_CLAIMED",
            "somebody else has claimed the review; take another one, or wait for the end of the lease",
            "Phản ánh này đang được người khác xem xét.",
        )
        .with("holder_role", lease.role.clone())
        .with("holder", lease.holder.tag())
        .with("expire_time", lease.until.rfc3339()),
        Refusal::SecondPersonRequired => precondition(
            "SECOND_PERSON_REQUIRED",
            "a contested return is decided by another person than the first",
            "Việc trả lại bị người dân đề nghị xem lại phải do người khác quyết định.",
        ),
        Refusal::LeafMissing => Problem::invalid(
            "mark_emergency.leaf",
            "LEAF_UNKNOWN",
            "must be a leaf in scope, because the proposed one is not",
            "Xin chọn lĩnh vực để chuyển khẩn.",
        ),
        Refusal::UndoExpired => precondition(
            "UNDO_EXPIRED",
            "the decision has taken effect, or the time to take it back is over",
            "Đã hết thời gian hoàn tác quyết định.",
        ),
        Refusal::NotYours => Problem::denied(),
    }
}
