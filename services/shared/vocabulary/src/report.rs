//! Words about a report that more than one service uses.

use serde::{Deserialize, Serialize};

use crate::words;

words!(
    /// How dangerous a report's matter is, by its text.
    #[derive(Serialize, Deserialize)]
    #[serde(try_from = "String", into = "String")]
    Urgency {
        /// The ordinary clock.
        Normal = "normal",
        /// Could injure someone or cut off people within hours to days.
        Urgent = "urgent",
        /// Danger to life now.
        Emergency = "emergency",
    }
);

words!(
    /// Whether the province's service handles such a matter.
    #[derive(Serialize, Deserialize)]
    #[serde(try_from = "String", into = "String")]
    Scope {
        /// One of the ten fields.
        In = "in",
        /// Returned to the citizen with the right channel.
        Out = "out",
    }
);

words!(
    /// Who may see a report at all.
    #[derive(Serialize, Deserialize)]
    #[serde(try_from = "String", into = "String")]
    Access {
        /// Everyone who may see reports.
        Ordinary = "ordinary",
        /// Never public; not in ordinary queues (suspected complaint).
        Restricted = "restricted",
        /// Only cleared officers and the reporter (suspected denunciation or crime).
        Quarantine = "quarantine",
    }
);

words!(
    /// Where a report stands. Overdue is derived from the clocks, never a state.
    #[derive(Serialize, Deserialize)]
    #[serde(try_from = "String", into = "String")]
    ReportState {
        /// Durable; the first clock runs.
        Submitted = "submitted",
        /// The reporter was asked something.
        AwaitingInfo = "awaiting_info",
        /// A coordinator must look.
        UnderReview = "under_review",
        /// With an agency; the second clock runs.
        Assigned = "assigned",
        /// The agency has accepted.
        InProgress = "in_progress",
        /// The agency says it is not competent; the coordinator owns it again.
        HandedBack = "handed_back",
        /// The reply is written, not yet public.
        PendingApproval = "pending_approval",
        /// Answered; rating is open.
        Resolved = "resolved",
        /// Answered with a promised date.
        AnsweredDeferred = "answered_deferred",
        /// Back to the agency because the citizen was not satisfied.
        Reopened = "reopened",
        /// Out of scope; returned to the citizen with the right channel.
        Returned = "returned",
        /// Not taken: false, abusive, unverifiable.
        Rejected = "rejected",
        /// Handled together with another report.
        Merged = "merged",
        /// Taken back by the reporter.
        Withdrawn = "withdrawn",
        /// Ended after the rating window.
        Closed = "closed",
    }
);

impl ReportState {
    /// Whether the report has come to an end (it may still be reopened or rated).
    pub const fn is_end(self) -> bool {
        match self {
            Self::Resolved
            | Self::AnsweredDeferred
            | Self::Returned
            | Self::Rejected
            | Self::Merged
            | Self::Withdrawn
            | Self::Closed => true,
            Self::Submitted
            | Self::AwaitingInfo
            | Self::UnderReview
            | Self::Assigned
            | Self::InProgress
            | Self::HandedBack
            | Self::PendingApproval
            | Self::Reopened => false,
        }
    }
}

words!(
    /// What was done, beside the state.
    #[derive(Serialize, Deserialize)]
    #[serde(try_from = "String", into = "String")]
    Outcome {
        /// Mended.
        Repaired = "repaired",
        /// Cleaned up.
        Cleaned = "cleaned",
        /// Somebody was warned.
        Warned = "warned",
        /// Somebody was penalised.
        Sanctioned = "sanctioned",
        /// Looked at; nothing wrong was found.
        NoFaultFound = "no_fault_found",
        /// Made safe for now.
        InterimFix = "interim_fix",
        /// Will be done by a promised date.
        Planned = "planned",
        /// Part of a project under way.
        InProject = "in_project",
        /// Answered in words.
        Explained = "explained",
        /// Passed on outside the system.
        Referred = "referred",
    }
);

words!(
    /// The citizen's verdict: hài lòng, chấp nhận, không hài lòng.
    #[derive(Serialize, Deserialize)]
    #[serde(try_from = "String", into = "String")]
    Verdict {
        /// Hài lòng.
        Satisfied = "satisfied",
        /// Chấp nhận.
        Acceptable = "acceptable",
        /// Không hài lòng.
        Unsatisfied = "unsatisfied",
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_names_its_value() {
        for state in ReportState::ALL {
            assert_eq!(state.as_str().parse::<ReportState>().as_ref(), Ok(state));
        }
        assert!("Assigned".parse::<ReportState>().is_err());
    }
}
