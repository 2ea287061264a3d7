//! A refusal as a test wants to compare it.

use std::fmt::Debug;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// What a refused caller's program learns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Canonical code.
    pub code: Code,
    /// Reason of the `ErrorInfo`.
    pub reason: String,
    /// The wrong fields.
    pub fields: Vec<String>,
}

impl From<&Status> for Refusal {
    fn from(status: &Status) -> Self {
        let details = status.get_error_details();
        let reason = details.error_info().map_or_else(String::new, |info| info.reason.clone());
        let violations = details.bad_request().map(|request| request.field_violations.clone());
        let fields = violations.into_iter().flatten().map(|violation| violation.field).collect();
        Self { code: status.code(), reason, fields }
    }
}

/// The refusal in `outcome`; panics if it was granted.
pub fn refusal<T: Debug>(outcome: Result<T, Status>) -> Refusal {
    match outcome {
        Ok(granted) => panic!("a refusal was expected, this was granted: {granted:?}"),
        Err(status) => Refusal::from(&status),
    }
}
