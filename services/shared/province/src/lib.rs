//! The province pack, read and validated: everything the system knows about one province, as types.
//!
//! [`Province::load`] reads a folder and tells all mistakes at once, each with file, line and what to write instead.
//! What comes out cannot contradict itself: references exist, every matter in scope has an owner everywhere, every
//! sentence speaks only of what its sender gives. Nothing here names a place, an agency or a clock of any province.

mod agencies;
mod calendar;
pub mod clocks;
mod competence;
mod cues;
mod error;
mod file;
mod fold;
mod former_units;
mod geography;
mod notices;
mod pack;
mod places;
mod policies;
mod profile;
mod taxonomy;
mod template;
mod templates;
mod validity;
mod words;

pub use agencies::{Agencies, Agency, AgencyKind};
pub use calendar::{Calendar, Day, DayKind};
pub use clocks::{ClockKind, Due, Pause};
pub use competence::{
    Area, Level, Matrix, NoRow, OwnerRule, RouteExplanation, Routed, RoutedCandidate, Row, Severity,
};
pub use cues::{Cue, CueKind, Cues, Nearby};
pub use error::PackError;
pub use fold::fold;
pub use former_units::{Extent, FormerUnit, FormerUnits, Successor};
pub use geography::{Candidate, Commune, Communes, Located, Match};
pub use notices::Notice;
pub use pack::Province;
pub use places::Place;
pub use policies::{
    Band, Bands, Bounds, ClassificationPolicy, ClockMode, ClockPolicy, HandBackPolicy, LearningPolicy,
    Limits, MediaPolicy, Policies, RatingPolicy, ScorePolicy, SimilarPolicy, TextPolicy, TriagePolicy,
};
pub use profile::{Profile, Tolerances};
pub use taxonomy::{Field, Leaf, Taxonomy};
pub use template::{MissingValue, Placeholder, Template, Values};
pub use templates::{NoReturnKey, ReturnKey, Returned, StateNames, Templates};
pub use validity::Validity;
pub use words::{Language, LocalText, Mark};
