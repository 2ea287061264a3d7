//! The words every service shares: typed ids, instants and the clock, places, report states, texts, problems.
//!
//! Nothing here knows a database, a transport or a province. A type enters only when two services need it.

mod clock;
mod ids;
mod place;
mod problem;
mod report;
mod text;
mod words;

pub use clock::{Clock, Timestamp};
pub use ids::{
    AgencyId, AssignmentId, CommuneCode, EventId, FieldCode, IdError, InvitationId, LeafCode, MediaId,
    MessageId, ReportId, RequestId, ReviewId,
};
pub use place::{Point, PointError};
pub use problem::{ErrorCode, FieldViolation, Problem};
pub use report::{Access, Outcome, ReportState, Scope, Urgency, Verdict};
pub use text::Text;
pub use words::UnknownWord;
