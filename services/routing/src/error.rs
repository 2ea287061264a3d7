//! Everything that can go wrong in routing, and what the caller is told.

use sea_orm::DbErr;
use vocabulary::{ErrorCode, Problem};

use crate::domain::Refusal;

/// A failure of a use case.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request itself is wrong or not allowed.
    #[error(transparent)]
    Request(#[from] Problem),
    /// The rules refuse the command.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database.
    #[error("the database failed")]
    Database(#[from] DbErr),
}

impl Error {
    /// What the caller is told; causes that are not the caller's are logged here, once.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Request(problem) => problem.clone(),
            Self::Refused(refusal) => refused(*refusal),
            // Two writers met on one case: the same answer as for an old etag.
            Self::Database(DbErr::RecordNotUpdated) => refused(Refusal::Stale),
            Self::Database(error) => database::problem(error),
        }
    }
}

fn refused(refusal: Refusal) -> Problem {
    let message_en = refusal.to_string();
    match refusal {
        Refusal::State(state) => Problem::new(
            ErrorCode::FailedPrecondition,
            "ASSIGNMENT_STATE",
            format!("{message_en}; this command does not fit"),
            "Thao tác không phù hợp với trạng thái hiện tại của phản ánh.",
        )
        .with("current_state", state.as_str()),
        Refusal::Stale => Problem::new(
            ErrorCode::Aborted,
            "ETAG_MISMATCH",
            format!("{message_en}; read it again and decide again"),
            "Nội dung đã được người khác thay đổi, xin tải lại.",
        ),
        Refusal::HandBacksExhausted => Problem::new(
            ErrorCode::FailedPrecondition,
            "HAND_BACKS_EXHAUSTED",
            message_en,
            "Phản ánh đã bị trả lại quá số lần quy định.",
        ),
        Refusal::EvidenceRequired => Problem::invalid(
            "resolution.evidence",
            "EVIDENCE_REQUIRED",
            message_en,
            "Lĩnh vực này cần ảnh hiện trường sau khi xử lý.",
        ),
        Refusal::PromiseInPast => Problem::invalid(
            "resolution.promised_time",
            "TIME_IN_PAST",
            message_en,
            "Ngày dự kiến phải ở tương lai.",
        ),
        Refusal::PromiseTooFar => Problem::invalid(
            "resolution.promised_time",
            "PROMISED_TIME_TOO_FAR",
            message_en,
            "Ngày dự kiến phải trong vòng năm năm tới.",
        ),
    }
}
