//! The notices that the services send, and what each one may speak of.

use crate::template::Placeholder::{
    self, Agency, Code, Commune, Due, Field, From, Promised, Reason, Time, To,
};
use crate::words::words;

macro_rules! notices {
    ($($(#[$doc:meta])* $variant:ident = $word:literal [$($placeholder:ident),+]),+ $(,)?) => {
        words!(
            /// A notice. Adding one here makes its template obligatory in every pack.
            Notice { $($(#[$doc])* $variant = $word),+ }
        );

        impl Notice {
            /// What the sender must give; a template may use some or all of it, and nothing else.
            pub const fn placeholders(self) -> &'static [Placeholder] {
                match self { $(Self::$variant => &[$($placeholder),+]),+ }
            }
        }
    };
}

notices!(
    /// The report was taken.
    Submitted = "submitted" [Code, Time],
    /// The text speaks of danger to life: whom to call now.
    EmergencyAdvice = "emergency_advice" [Code],
    /// The writer may harm themselves: who listens.
    SelfHarmAdvice = "self_harm_advice" [Code],
    /// The urgent matter was passed to the agency's leader.
    UrgentNoted = "urgent_noted" [Code, Agency, Time],
    /// A coordinator looks at it.
    UnderReview = "under_review" [Code],
    /// Taken by an assistant on behalf of the reporter.
    ReceivedForOther = "received_for_other" [Code, Time],
    /// The point lies in no commune; the nearest one takes it.
    LocationApproximate = "location_approximate" [Code, Commune],
    /// An agency answers for it.
    Assigned = "assigned" [Code, Agency, Due],
    /// The reporter is asked something.
    AwaitingInfo = "awaiting_info" [Code, Agency, Reason, Due],
    /// The reporter's answer came.
    InfoReceived = "info_received" [Code, Due],
    /// The agency has accepted.
    InProgress = "in_progress" [Code, Agency],
    /// Another agency is asked to take it.
    TransferProposed = "transfer_proposed" [Code, From, To, Reason],
    /// Another agency took it.
    Transferred = "transferred" [Code, From, To, Due],
    /// The agency is not competent.
    HandedBack = "handed_back" [Code, Agency],
    /// Its field is known.
    Classified = "classified" [Code, Field],
    /// It belongs to another field.
    Reclassified = "reclassified" [Code, Field],
    /// More time was granted.
    ExtensionGranted = "extension_granted" [Code, Agency, Reason, Due],
    /// The answer is late.
    DeadlineMissed = "deadline_missed" [Code, Agency, Due],
    /// A supervisor was told.
    Escalated = "escalated" [Code, To],
    /// An announced photo or video has arrived.
    MediaAttached = "media_attached" [Code],
    /// The reporter wrote.
    MessageSent = "message_sent" [Code],
    /// The agency wrote.
    MessagePosted = "message_posted" [Code, Agency],
    /// First words of an official reply.
    ReplyOpening = "reply_opening" [Agency],
    /// It was answered.
    Resolved = "resolved" [Code, Agency, Time],
    /// It will be done by a promised date.
    AnsweredDeferred = "answered_deferred" [Code, Agency, Promised],
    /// The promised date has come.
    RecheckDue = "recheck_due" [Code, Agency, Promised],
    /// Out of scope; the guidance follows.
    Returned = "returned" [Code],
    /// The reporter contests the return.
    ReturnContested = "return_contested" [Code],
    /// The content is kept from view.
    Sealed = "sealed" [Code],
    /// Passed on to the police.
    CrimePassedOn = "crime_passed_on" [Code, Agency],
    /// The place is outside the province.
    OutsideProvince = "outside_province" [Code],
    /// Not taken.
    Rejected = "rejected" [Code, Reason],
    /// Handled together with the report `{to}`.
    Merged = "merged" [Code, To],
    /// Taken back by the reporter.
    Withdrawn = "withdrawn" [Code, Time],
    /// Back to the agency.
    Reopened = "reopened" [Code, Agency, Due],
    /// Ended.
    Closed = "closed" [Code, Time],
    /// The reporter is asked for a verdict.
    RatingInvited = "rating_invited" [Code, Agency, Due],
    /// The verdict was noted.
    RatingReceived = "rating_received" [Code, Due],
    /// The verdict reopened the report.
    RatingReopened = "rating_reopened" [Code, Agency],
    /// The agency was given the reporter's identity.
    IdentityDisclosed = "identity_disclosed" [Code, Agency, Time],
    /// A photo or video was not taken.
    MediaRefused = "media_refused" [Code, Reason],
    /// To the agency: a new report.
    AgencyAssigned = "agency_assigned" [Code, Agency, Commune, Field, Due],
    /// To the agency's leader: an urgent report.
    AgencyUrgent = "agency_urgent" [Code, Agency, Commune, Field, Due],
    /// To the agency: the deadline approaches.
    AgencyDeadlineApproaching = "agency_deadline_approaching" [Code, Agency, Due],
    /// To the agency: the deadline passed.
    AgencyDeadlineMissed = "agency_deadline_missed" [Code, Agency, Due],
    /// To the agency: another one proposes a transfer.
    AgencyTransferProposed = "agency_transfer_proposed" [Code, From, To, Reason, Due],
    /// To the agency: its proposal was rejected.
    AgencyTransferRejected = "agency_transfer_rejected" [Code, From, To, Reason],
    /// To the agency of last resort: hand-backs are exhausted.
    AgencyLastResort = "agency_last_resort" [Code, Agency],
    /// To the agency: a report came back.
    AgencyReopened = "agency_reopened" [Code, Agency, Reason, Due],
    /// To the agency's leader: a reply waits for approval.
    AgencyApprovalNeeded = "agency_approval_needed" [Code, Agency, Due],
    /// To the agency: the reporter took it back.
    AgencyWithdrawn = "agency_withdrawn" [Code, Agency, Time],
    /// To the coordinator: a report waits.
    CoordinatorReview = "coordinator_review" [Code, Reason, Due],
    /// To the coordinator: an agency handed a report back.
    CoordinatorHandedBack = "coordinator_handed_back" [Code, Agency, Reason, Due],
    /// To the coordinator: the deadline approaches.
    CoordinatorDeadlineApproaching = "coordinator_deadline_approaching" [Code, Due],
);
