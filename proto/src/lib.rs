//! The contract: every message and RPC of the system, generated from the `.proto` files beside this crate.
//!
//! The `.proto` files are the manual; this crate holds no logic but the names of events.

mod generated {
    include!(concat!(env!("OUT_DIR"), "/contract.rs"));
}

pub use generated::fieldreport::{classification, common, event, intake, routing, satisfaction};
pub use generated::google;

/// The encoded descriptors of every file, for server reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// An event that travels on the bus: its type is the full name of its message.
pub trait Event: prost::Message + Default {
    /// CloudEvents `type`, e.g. `fieldreport.event.v1.ReportSubmitted`.
    const TYPE: &'static str;
}

macro_rules! events {
    ($($name:ident),+ $(,)?) => {
        $(impl Event for event::v1::$name {
            const TYPE: &'static str = concat!("fieldreport.event.v1.", stringify!($name));
        })+

        /// The type of every event that exists, in the order of the life of a report.
        pub const EVENT_TYPES: &[&str] = &[$(<event::v1::$name as Event>::TYPE),+];
    };
}

events!(
    ReportSubmitted,
    MessagePosted,
    MediaAttached,
    ReportWithdrawn,
    InfoProvided,
    ReturnContested,
    ReportClassified,
    ReviewRequested,
    InfoRequested,
    ReportReclassified,
    ReportAssigned,
    RouteMissing,
    ReportReturned,
    ReportRejected,
    ReportHandedBack,
    WorkStarted,
    ResolutionSubmitted,
    ReportResolved,
    ReportDeferred,
    DeadlineApproaching,
    DeadlineMissed,
    RatingInvited,
    RatingSubmitted,
    ReportReopened,
    ReportClosed,
    RedriveRequested,
);
