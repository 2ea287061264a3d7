//! What a reporter sends, checked whole before anything is stored.

use std::time::Duration;

use province::Policies;
use vocabulary::{MediaId, Point, PointError, Problem, Text, Timestamp};

use crate::domain::report::SourceNumber;

/// Leeway for clocks of phones.
const FUTURE_LEEWAY: Duration = Duration::from_secs(60);
const OLDEST_CAPTURE: Duration = Duration::from_secs(10 * 366 * 24 * 3600);
const MAXIMUM_ADDRESS: usize = 500;

/// A report that may be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// The reporter's words.
    pub text: Text,
    /// Where.
    pub point: Point,
    /// What the reporter calls the place; may be empty.
    pub address: String,
    /// Photos and videos, announced or uploaded.
    pub media: Vec<MediaId>,
    /// Through which door.
    pub source: SourceNumber,
    /// When the reporter saw it.
    pub captured: Option<Timestamp>,
    /// Whether text and photo copies may be shown to everyone.
    pub publication_consent: bool,
}

/// The parts of a submission as they arrive.
#[derive(Debug, Clone, Default)]
pub struct Draft<'a> {
    /// Text as typed.
    pub text: &'a str,
    /// Latitude and longitude, if a position was sent.
    pub degrees: Option<(f64, f64)>,
    /// Name of the place.
    pub address: &'a str,
    /// Names of media.
    pub media: &'a [String],
    /// Through which door.
    pub source: SourceNumber,
    /// When the reporter saw it.
    pub captured: Option<Timestamp>,
    /// Consent to publication.
    pub publication_consent: bool,
}

impl Submission {
    /// Checks a draft against the province's limits. `is_near` says whether a point lies in or near the province; it
    /// tells swapped coordinates from places that are merely elsewhere.
    pub fn parse(
        draft: &Draft<'_>,
        policies: &Policies,
        now: Timestamp,
        is_near: impl Fn(Point) -> bool,
    ) -> Result<Self, Problem> {
        let text = Text::parse("report.text", draft.text, policies.text.maximum_code_points)?;
        let point = parse_point(draft.degrees, is_near)?;
        let address = Text::parse_optional("report.location.address", draft.address, MAXIMUM_ADDRESS)?;
        check_capture(draft.captured, now)?;
        Ok(Self {
            text,
            point,
            address: address.map(String::from).unwrap_or_default(),
            media: parse_media(draft.media, policies.media.maximum_count)?,
            source: draft.source,
            captured: draft.captured,
            publication_consent: draft.publication_consent,
        })
    }
}

fn check_capture(captured: Option<Timestamp>, now: Timestamp) -> Result<(), Problem> {
    let invalid = |reason, description, message| {
        Err(Problem::invalid("report.capture_time", reason, description, message))
    };
    match captured {
        Some(captured) if captured > now + FUTURE_LEEWAY => invalid(
            "TIME_IN_FUTURE",
            "lies in the future; check the phone's clock or leave it out",
            "Thời điểm ghi nhận không được ở tương lai, xin kiểm tra đồng hồ.",
        ),
        Some(captured) if captured < now - OLDEST_CAPTURE => invalid(
            "TIME_TOO_OLD",
            "lies more than ten years back; check the phone's clock or leave it out",
            "Thời điểm ghi nhận quá xa trong quá khứ, xin kiểm tra đồng hồ.",
        ),
        _ => Ok(()),
    }
}

fn parse_point(degrees: Option<(f64, f64)>, is_near: impl Fn(Point) -> bool) -> Result<Point, Problem> {
    let Some((latitude, longitude)) = degrees else {
        return Err(Problem::invalid(
            "report.location.point",
            "LOCATION_MISSING",
            "is missing; send the position of the matter",
            "Xin cho biết vị trí của sự việc.",
        ));
    };
    let swapped = || Point::parse(longitude, latitude).is_ok_and(&is_near);
    match Point::parse(latitude, longitude) {
        Ok(point) if !is_near(point) && swapped() => Err(swapped_problem()),
        Ok(point) => Ok(point),
        Err(_) if swapped() => Err(swapped_problem()),
        Err(error) => Err(Problem::invalid(
            "report.location.point",
            "LOCATION_INVALID",
            error.to_string(),
            match error {
                PointError::NullIsland => "Thiết bị chưa xác định được vị trí, xin chọn vị trí trên bản đồ.",
                PointError::NotFinite | PointError::OutOfRange => "Vị trí không hợp lệ.",
            },
        )),
    }
}

fn swapped_problem() -> Problem {
    Problem::invalid(
        "report.location.point",
        "LOCATION_SWAPPED",
        "latitude and longitude are exchanged",
        "Vĩ độ và kinh độ bị hoán đổi.",
    )
}

fn parse_media(names: &[String], maximum: usize) -> Result<Vec<MediaId>, Problem> {
    let invalid = |description: String| {
        Problem::invalid("report.media", "MEDIA_INVALID", description, "Danh sách ảnh, video không hợp lệ.")
    };
    if names.len() > maximum {
        return Err(invalid(format!("holds more than {maximum} items")));
    }
    let mut media = Vec::with_capacity(names.len());
    for name in names {
        let id = MediaId::parse_name(name).map_err(|error| invalid(error.to_string()))?;
        if media.contains(&id) {
            return Err(invalid(format!("names {name} twice")));
        }
        media.push(id);
    }
    Ok(media)
}

/// What somebody sends, for tests.
#[cfg(test)]
pub(crate) fn sample() -> Submission {
    Submission {
        text: Text::parse("text", "Cầu gãy", 100).expect("a text"),
        point: Point::parse(9.1769, 105.1524).expect("a point"),
        address: String::new(),
        media: Vec::new(),
        source: 1,
        captured: None,
        publication_consent: false,
    }
}
