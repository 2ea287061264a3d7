//! The wire's types and ours: instants, spans, points, pages.

mod page;

use std::time::Duration;

use vocabulary::{Problem, Timestamp};

pub use page::{PageKey, scope};

/// An instant for the wire.
pub fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    let (seconds, nanos) = at.parts();
    prost_types::Timestamp { seconds, nanos }
}

/// An instant from the wire; it must be there and lie in the years 1 to 9999.
pub fn parse_timestamp(field: &str, at: Option<prost_types::Timestamp>) -> Result<Timestamp, Problem> {
    let at = at.ok_or_else(|| missing(field))?;
    Timestamp::from_parts(at.seconds, at.nanos).ok_or_else(|| {
        Problem::invalid(
            field,
            "TIMESTAMP_INVALID",
            "must lie in the years 1 to 9999, with 0 to 999999999 nanoseconds",
            "Thời điểm không hợp lệ.",
        )
    })
}

/// A span for the wire.
pub fn duration(span: Duration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: i64::try_from(span.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(span.subsec_nanos()).unwrap_or(0),
    }
}

/// A span from the wire; it must be there and not be negative.
pub fn parse_duration(field: &str, span: Option<prost_types::Duration>) -> Result<Duration, Problem> {
    let span = span.ok_or_else(|| missing(field))?;
    match (u64::try_from(span.seconds), u32::try_from(span.nanos)) {
        (Ok(seconds), Ok(nanos)) if nanos < 1_000_000_000 => Ok(Duration::new(seconds, nanos)),
        _ => Err(Problem::invalid(
            field,
            "DURATION_INVALID",
            "must not be negative, with 0 to 999999999 nanoseconds",
            "Khoảng thời gian không hợp lệ.",
        )),
    }
}

/// The length of a page (AIP-158): 0 means `default`, more than `max` means `max`, a negative one is refused.
pub fn page_size(asked: i32, default: u32, max: u32) -> Result<u32, Problem> {
    match u32::try_from(asked) {
        Ok(0) => Ok(default.min(max)),
        Ok(size) => Ok(size.min(max)),
        Err(_) => Err(Problem::invalid(
            "page_size",
            "PAGE_SIZE_INVALID",
            "must be 0 or more",
            "Số dòng mỗi trang không hợp lệ.",
        )),
    }
}

fn missing(field: &str) -> Problem {
    Problem::invalid(field, "FIELD_REQUIRED", "is required", "Thiếu thông tin bắt buộc.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn page_sizes_follow_aip_158() {
        let size = |asked| page_size(asked, 50, 200).map_err(|problem| problem.reason);
        assert_eq!((size(0), size(1), size(200), size(i32::MAX)), (Ok(50), Ok(1), Ok(200), Ok(200)));
        assert_eq!(size(-1), Err("PAGE_SIZE_INVALID"));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let violation = |problem: Problem| (problem.reason, problem.violations[0].field.clone());
        let missing = parse_timestamp("capture_time", None).map_err(violation);
        assert_eq!(missing, Err(("FIELD_REQUIRED", "capture_time".to_owned())));
        let wrong = prost_types::Timestamp { seconds: i64::MAX, nanos: 0 };
        assert_eq!(
            parse_timestamp("t", Some(wrong)).map_err(violation),
            Err(("TIMESTAMP_INVALID", "t".to_owned()))
        );
        let wrong = prost_types::Duration { seconds: -1, nanos: 0 };
        assert_eq!(
            parse_duration("d", Some(wrong)).map_err(violation),
            Err(("DURATION_INVALID", "d".to_owned()))
        );
    }

    proptest! {
        #[test]
        fn instants_and_spans_survive_the_wire(micros in -62_135_596_800_000_000_i64..253_402_300_800_000_000, span: Duration) {
            let at = Timestamp::from_micros(micros);
            prop_assert_eq!(parse_timestamp("t", Some(timestamp(at))), Ok(at));
            prop_assume!(i64::try_from(span.as_secs()).is_ok());
            prop_assert_eq!(parse_duration("d", Some(duration(span))), Ok(span));
        }

        #[test]
        fn nothing_from_the_wire_panics(seconds: i64, nanos: i32) {
            let at = parse_timestamp("t", Some(prost_types::Timestamp { seconds, nanos }));
            prop_assert_eq!(at.is_ok(), Timestamp::from_parts(seconds, nanos).is_some());
            let span = parse_duration("d", Some(prost_types::Duration { seconds, nanos }));
            prop_assert_eq!(span.is_ok(), seconds >= 0 && (0..1_000_000_000).contains(&nanos));
        }
    }
}
