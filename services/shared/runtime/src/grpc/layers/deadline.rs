//! How long a unary call may keep its caller waiting. Work that must not be torn runs shielded and goes on.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderValue};
use vocabulary::{ErrorCode, Problem};

use crate::grpc::methods::Method;

/// The answer leaves this much before the caller's deadline: tonic enforces the same header around this layer and
/// would otherwise win, with an answer that has no details.
const MARGIN: Duration = Duration::from_millis(2);

/// Bounds a unary call by the caller's `grpc-timeout` and by `cap`. Streams last as long as they last; tonic bounds
/// the time to their first answer by the caller's header.
pub(crate) async fn limit(State(cap): State<Duration>, request: Request, next: Next) -> Response {
    let asked = match asked(request.headers()) {
        Ok(asked) => asked,
        Err(problem) => return super::answer(&problem),
    };
    if request.extensions().get::<Arc<Method>>().is_some_and(|method| method.streams) {
        return next.run(request).await;
    }
    let limit = asked.map_or(cap, |asked| asked.saturating_sub(MARGIN).min(cap));
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => super::answer(&exceeded()),
    }
}

fn asked(headers: &HeaderMap) -> Result<Option<Duration>, Problem> {
    let mut values = headers.get_all("grpc-timeout").iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => parse(value).map(Some).ok_or_else(unreadable),
        (Some(_), Some(_)) => Err(unreadable()),
    }
}

/// `TimeoutValue TimeoutUnit` of the gRPC protocol: one to eight digits and a letter.
fn parse(value: &HeaderValue) -> Option<Duration> {
    let (unit, digits) = value.as_bytes().split_last()?;
    if !(1..=8).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let amount = std::str::from_utf8(digits).ok()?.parse().ok()?;
    match unit {
        b'H' => Some(Duration::from_secs(amount * 3_600)),
        b'M' => Some(Duration::from_secs(amount * 60)),
        b'S' => Some(Duration::from_secs(amount)),
        b'm' => Some(Duration::from_millis(amount)),
        b'u' => Some(Duration::from_micros(amount)),
        b'n' => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

fn unreadable() -> Problem {
    Problem::new(
        ErrorCode::InvalidArgument,
        "GRPC_TIMEOUT_INVALID",
        "grpc-timeout must be one to eight digits and one of H M S m u n",
        "Yêu cầu không hợp lệ.",
    )
}

fn exceeded() -> Problem {
    Problem::new(
        ErrorCode::DeadlineExceeded,
        "DEADLINE_EXCEEDED",
        "no answer in time; the outcome is unknown, retry with the same request_id",
        "Hệ thống chưa kịp trả lời, xin thử lại.",
    )
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::post;
    use proptest::prelude::*;
    use tower::ServiceExt as _;

    use super::*;

    /// Code of the answer to a call that never ends, and how long it took. Time stands still but for this.
    async fn wait(cap: Duration, asked: Option<&str>) -> (String, Duration) {
        let endless = post(async || std::future::pending::<Response>().await);
        let router =
            Router::new().route("/", endless).layer(axum::middleware::from_fn_with_state(cap, limit));
        let mut request = Request::post("/").body(Body::empty()).expect("a request");
        if let Some(asked) = asked {
            request.headers_mut().insert("grpc-timeout", HeaderValue::from_str(asked).expect("a header"));
        }
        let begun = tokio::time::Instant::now();
        let response = router.oneshot(request).await.expect("infallible");
        (response.headers()["grpc-status"].to_str().expect("a number").to_owned(), begun.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn the_shorter_of_both_deadlines_ends_the_wait() {
        let cap = Duration::from_secs(10);
        for (asked, seconds) in [(None, 10), (Some("1H"), 10), (Some("3S"), 3), (Some("0S"), 0)] {
            let (code, took) = wait(cap, asked).await;
            assert_eq!(code, "4");
            let due = Duration::from_secs(seconds);
            assert!(took <= due + MARGIN && took + MARGIN >= due, "{asked:?}: {took:?}");
        }
        // Before the caller's own deadline, so that the answer can still arrive.
        assert!(wait(cap, Some("3S")).await.1 < Duration::from_secs(3));
        assert_eq!(wait(cap, Some("3")).await, ("3".to_owned(), Duration::ZERO));
    }

    #[test]
    fn timeouts_are_read_as_the_protocol_says() {
        let read = |text: &str| parse(&HeaderValue::from_str(text).expect("a header"));
        assert_eq!(read("1H"), Some(Duration::from_secs(3_600)));
        assert_eq!(read("20m"), Some(Duration::from_millis(20)));
        assert_eq!(read("99999999n"), Some(Duration::from_nanos(99_999_999)));
        assert_eq!(read("99999999H"), Some(Duration::from_secs(99_999_999 * 3_600)));
        for bad in ["", "S", "1", "-1S", "+1S", "1.5S", "1s", "123456789S", "1 S", "１S"] {
            assert_eq!(HeaderValue::from_str(bad).ok().and_then(|value| parse(&value)), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_header_panics(bytes in proptest::collection::vec(32_u8..127, 0..12)) {
            let value = HeaderValue::from_bytes(&bytes).expect("visible ASCII");
            let well_formed = bytes.split_last().is_some_and(|(unit, digits)| {
                b"HMSmun".contains(unit) && (1..=8).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
            });
            prop_assert_eq!(parse(&value).is_some(), well_formed);
        }
    }
}
