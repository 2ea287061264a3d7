//! What went wrong, in the words of the caller: every refusal of every service is one of these.

use std::collections::BTreeMap;
use std::time::Duration;

/// The closed list of outcomes a caller's program can tell apart; each is one canonical gRPC code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The request is wrong whatever the state of the system.
    InvalidArgument,
    /// No usable token.
    Unauthenticated,
    /// Not allowed, or it does not exist: the two are answered alike.
    PermissionDenied,
    /// Right request, wrong state; do not retry before the state has changed.
    FailedPrecondition,
    /// Somebody else was quicker; read again and decide again.
    Aborted,
    /// A limit of the caller is used up.
    ResourceExhausted,
    /// The service is busy or a part of it is down; retry with the same request id.
    Unavailable,
    /// The caller's deadline passed; the outcome is unknown, retry with the same request id.
    DeadlineExceeded,
    /// A defect of ours.
    Internal,
}

/// One field of a request that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldViolation {
    /// Path of the field in the request, e.g. `report.location.latitude`.
    pub field: String,
    /// What is wrong and what would be right, in English.
    pub description: String,
}

/// A refusal that tells the caller what to do. Never carries identities, texts of reports or internals.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {message_en}")]
pub struct Problem {
    /// Canonical outcome.
    pub code: ErrorCode,
    /// Stable `UPPER_SNAKE_CASE` word for programs, listed in `proto/README.md`.
    pub reason: &'static str,
    /// For developers.
    pub message_en: String,
    /// For the person in front of the screen.
    pub message_vi: String,
    /// The wrong fields, for [`ErrorCode::InvalidArgument`].
    pub violations: Vec<FieldViolation>,
    /// When a retry makes sense, for [`ErrorCode::Unavailable`] and [`ErrorCode::ResourceExhausted`].
    pub retry_after: Option<Duration>,
    /// Machine-readable facts, e.g. `current_state`.
    pub metadata: BTreeMap<&'static str, String>,
}

impl Problem {
    /// A problem with its two messages.
    pub fn new(
        code: ErrorCode,
        reason: &'static str,
        message_en: impl Into<String>,
        message_vi: impl Into<String>,
    ) -> Self {
        Self {
            code,
            reason,
            message_en: message_en.into(),
            message_vi: message_vi.into(),
            violations: Vec::new(),
            retry_after: None,
            metadata: BTreeMap::new(),
        }
    }

    /// A wrong field of the request.
    pub fn invalid(
        field: &str,
        reason: &'static str,
        description: impl Into<String>,
        message_vi: &str,
    ) -> Self {
        let description = description.into();
        let mut problem =
            Self::new(ErrorCode::InvalidArgument, reason, format!("{field}: {description}"), message_vi);
        problem.violations.push(FieldViolation { field: field.to_owned(), description });
        problem
    }

    /// Not allowed or not there: one answer for both, so that nobody learns which.
    pub fn denied() -> Self {
        Self::new(
            ErrorCode::PermissionDenied,
            "PERMISSION_DENIED_OR_MISSING",
            "you may not do this, or the resource does not exist",
            "Ông/Bà không có quyền thực hiện, hoặc nội dung không tồn tại.",
        )
    }

    /// A part of the service is down or busy.
    pub fn unavailable(reason: &'static str) -> Self {
        let mut problem = Self::new(
            ErrorCode::Unavailable,
            reason,
            "the service cannot do this right now; retry with the same request_id",
            "Hệ thống đang bận, xin thử lại sau ít giây.",
        );
        problem.retry_after = Some(Duration::from_secs(1));
        problem
    }

    /// More comes in than can be taken in time.
    pub fn overloaded() -> Self {
        Self::unavailable("OVERLOADED")
    }

    /// A defect of ours; `reference` is what the operator finds in the log.
    pub fn internal(reference: impl Into<String>) -> Self {
        let mut problem = Self::new(
            ErrorCode::Internal,
            "INTERNAL",
            "something is wrong on our side; tell us the reference",
            "Hệ thống gặp lỗi, xin báo lại mã tham chiếu cho đơn vị vận hành.",
        );
        problem.metadata.insert("reference", reference.into());
        problem
    }

    /// Adds a machine-readable fact.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.metadata.insert(key, value.into());
        self
    }
}
