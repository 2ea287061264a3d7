//! Fields of requests become types of the domain, or a refusal that names the field.

use contract::common::v1::Location;
use province::Province;
use vocabulary::{Point, Problem, RequestId, Text, Timestamp};

use crate::domain::is_swapped;

/// A point of a request. Exchanged coordinates are told apart from wrong ones, because people can mend them.
pub(super) fn point(province: &Province, field: &str, location: Option<Location>) -> Result<Point, Problem> {
    let invalid = |description: String| {
        Problem::invalid(field, "LOCATION_INVALID", description, "Vị trí không hợp lệ.")
    };
    let given = location.and_then(|location| location.point);
    let given = given.ok_or_else(|| invalid("latitude and longitude are required".to_owned()))?;
    if is_swapped(province, given.latitude, given.longitude) {
        return Err(Problem::invalid(
            field,
            "LOCATION_SWAPPED",
            "latitude and longitude are exchanged: as given the point is outside the province, exchanged it is inside",
            "Vĩ độ và kinh độ bị đảo ngược.",
        ));
    }
    Point::parse(given.latitude, given.longitude).map_err(|error| invalid(error.to_string()))
}

pub(super) fn request_id(value: &str) -> Result<RequestId, Problem> {
    RequestId::parse(value).map_err(|error| {
        Problem::invalid("request_id", "REQUEST_ID_INVALID", error.to_string(), "Mã yêu cầu không hợp lệ.")
    })
}

/// Words that have to be there; `required` is the reason when they are not.
pub(super) fn required_text(
    field: &str,
    required: &'static str,
    text: &str,
    maximum_code_points: usize,
) -> Result<Text, Problem> {
    Text::parse_optional(field, text, maximum_code_points)?
        .ok_or_else(|| Problem::invalid(field, required, "must not be empty", "Xin nhập nội dung."))
}

/// 2000-01-01T00:00:00Z.
const FIRST_ARRIVAL: Timestamp = Timestamp::from_micros(946_684_800_000_000);
/// 2100-01-01T00:00:00Z.
const END_OF_ARRIVALS: Timestamp = Timestamp::from_micros(4_102_444_800_000_000);

/// An arrival for which clocks can be computed: what is due weeks later must still be an instant.
pub(super) fn arrival(field: &str, at: Timestamp) -> Result<Timestamp, Problem> {
    if (FIRST_ARRIVAL..END_OF_ARRIVALS).contains(&at) {
        return Ok(at);
    }
    let description = "must lie in the years 2000 to 2099";
    Err(Problem::invalid(field, "TIMESTAMP_INVALID", description, "Thời điểm không hợp lệ."))
}

/// The version that an etag names; one that names none matches no assignment.
pub(super) fn etag(value: &str) -> Result<i64, Problem> {
    if value.is_empty() {
        return Err(Problem::invalid(
            "etag",
            "ETAG_REQUIRED",
            "the etag of the assignment as read is required",
            "Thiếu phiên bản của nội dung, xin tải lại.",
        ));
    }
    Ok(value.strip_prefix('v').and_then(|version| version.parse().ok()).unwrap_or(-1))
}

/// A value of an enum that this version of the contract does not have.
pub(super) fn enum_unknown(field: &str) -> Problem {
    Problem::invalid(field, "ENUM_UNKNOWN", "is no value of this enum", "Giá trị không hợp lệ.")
}

/// The length of a page (AIP-158), refused in the contract's words.
pub(super) fn page_size(asked: i32, default: u32, max: u32) -> Result<u32, Problem> {
    runtime::wire::page_size(asked, default, max)
        .map_err(|problem| Problem { reason: "PAGE_SIZE_INVALID", ..problem })
}
