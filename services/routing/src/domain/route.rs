//! From a matter and a point to the competent agency: the one way, for events, questions and batch commands alike.

use province::{Located, Province, Routed};
use vocabulary::{LeafCode, Point, Timestamp, Urgency};

use super::words::CommuneMatch;

/// Where a matter lies and who is competent for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Route<'p> {
    /// The commune of the point, and its neighbours when a border is near.
    pub place: Located<'p>,
    /// The agency with the row of the matrix that decided, or why a person must decide.
    pub competence: Result<Routed<'p>, Missing>,
}

/// Why no agency is competent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Missing {
    /// The point is farther from every commune than the tolerance.
    OutsideProvince,
    /// No row of the competence matrix is valid for this matter, place and day.
    NoMatrixRow,
}

impl Missing {
    /// The stable word of the contract.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::OutsideProvince => "OUTSIDE_PROVINCE",
            Self::NoMatrixRow => "NO_MATRIX_ROW",
        }
    }
}

/// Finds the competent agency for a matter (`leaf`, `urgency`) at `point`, by the rows and agencies in force on the
/// local day of `at`. Depends on nothing but its arguments.
pub fn route<'p>(
    province: &'p Province,
    leaf: &LeafCode,
    urgency: Urgency,
    point: Point,
    at: Timestamp,
) -> Route<'p> {
    let place = province.communes.locate(point);
    let competence = match place.commune() {
        None => Err(Missing::OutsideProvince),
        Some(commune) => province
            .route(leaf, urgency, &commune.code, province.local_date(at))
            .map_err(|_| Missing::NoMatrixRow),
    };
    Route { place, competence }
}

/// Whether latitude and longitude were exchanged: as given they are no point of the province, exchanged they are one.
pub fn is_swapped(province: &Province, latitude: f64, longitude: f64) -> bool {
    let inside = |latitude, longitude| {
        Point::parse(latitude, longitude)
            .is_ok_and(|point| province.communes.locate(point).commune().is_some())
    };
    !inside(latitude, longitude) && inside(longitude, latitude)
}

/// How a point was matched, in one word, and the metres to the commune (0 inside it).
pub(crate) fn matched(place: &Located<'_>) -> (CommuneMatch, f64) {
    match place.place {
        province::Match::Inside(_) => (CommuneMatch::Inside, 0.0),
        province::Match::Nearest { metres, .. } => (CommuneMatch::Nearest, metres),
        province::Match::Outside { metres, .. } => (CommuneMatch::Outside, metres),
    }
}
