//! A problem in the words of gRPC: canonical code, English message, and `google.rpc` details (AIP-193).

use std::collections::HashMap;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use vocabulary::{ErrorCode, Problem};

/// The `domain` of every `ErrorInfo`.
pub const DOMAIN: &str = "fieldreport";

/// More violations than these are cut off, as trailers must stay small (clients commonly allow 8 to 16 KiB).
const MAX_VIOLATIONS: usize = 16;
/// Longest English text, in characters.
const MAX_TEXT: usize = 256;

/// The status that carries `problem`: the Vietnamese message as `LocalizedMessage`, the one locale a status can hold.
pub fn status(problem: &Problem) -> Status {
    let facts: HashMap<String, String> =
        problem.metadata.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    let mut details = ErrorDetails::with_error_info(problem.reason, DOMAIN, facts);
    for violation in problem.violations.iter().take(MAX_VIOLATIONS) {
        details.add_bad_request_violation(cut(&violation.field), cut(&violation.description));
    }
    if let Some(delay) = problem.retry_after {
        details.set_retry_info(Some(delay));
    }
    if !problem.message_vi.is_empty() {
        details.set_localized_message("vi", &problem.message_vi);
    }
    Status::with_error_details(code(problem.code), cut(&problem.message_en), details)
}

fn code(code: ErrorCode) -> Code {
    match code {
        ErrorCode::InvalidArgument => Code::InvalidArgument,
        ErrorCode::Unauthenticated => Code::Unauthenticated,
        ErrorCode::PermissionDenied => Code::PermissionDenied,
        ErrorCode::FailedPrecondition => Code::FailedPrecondition,
        ErrorCode::Aborted => Code::Aborted,
        ErrorCode::ResourceExhausted => Code::ResourceExhausted,
        ErrorCode::Unavailable => Code::Unavailable,
        ErrorCode::DeadlineExceeded => Code::DeadlineExceeded,
        ErrorCode::Internal => Code::Internal,
    }
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_part_of_a_problem_arrives() {
        let mut problem =
            Problem::invalid("report.text", "TEXT_TOO_LONG", "at most 4000 characters", "Nội dung quá dài.")
                .with("limit", "4000");
        problem.retry_after = Some(Duration::from_secs(3));
        let status = status(&problem);
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(status.message(), "report.text: at most 4000 characters");
        let details = status.get_error_details();
        let info = details.error_info().expect("ErrorInfo");
        assert_eq!((info.reason.as_str(), info.domain.as_str()), ("TEXT_TOO_LONG", "fieldreport"));
        assert_eq!(info.metadata["limit"], "4000");
        let violations = &details.bad_request().expect("BadRequest").field_violations;
        assert_eq!(violations[0].field, "report.text");
        assert_eq!(details.retry_info().expect("RetryInfo").retry_delay, Some(Duration::from_secs(3)));
        let localized = details.localized_message().expect("LocalizedMessage");
        assert_eq!((localized.locale.as_str(), localized.message.as_str()), ("vi", "Nội dung quá dài."));
    }

    #[test]
    fn a_status_stays_small_whatever_the_problem_holds() {
        let mut problem = Problem::invalid("field", "TOO_MUCH", "x".repeat(100_000), "");
        let violation = problem.violations[0].clone();
        problem.violations = vec![violation; 1_000];
        let status = status(&problem);
        assert_eq!(status.message().len(), MAX_TEXT);
        assert!(status.details().len() < 8 * 1024, "{}", status.details().len());
    }
}
