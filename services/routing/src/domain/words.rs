//! The closed lists of words of this service. Each value has one stable lower-case word, which stands in the database.

use vocabulary::words;

words!(
    /// Where a report stands in the eyes of routing.
    CaseState {
        /// A person classifies it, or nothing is known yet.
        Waiting = "waiting",
        /// An agency has it.
        Assigned = "assigned",
        /// No agency could be found; the coordinator has it.
        Unrouted = "unrouted",
        /// An agency gave it back; the coordinator has it.
        HandedBack = "handed_back",
        /// Given back to the citizen with the right channel.
        Returned = "returned",
        /// Not taken.
        Rejected = "rejected",
        /// The agency's answer is public.
        Answered = "answered",
        /// Taken back by the reporter; nothing changes it any more.
        Withdrawn = "withdrawn",
    }
);

impl CaseState {
    /// Whether the present round is over, so that only a reopening or a withdrawal changes the case.
    pub const fn is_closed(self) -> bool {
        match self {
            Self::Returned | Self::Rejected | Self::Answered | Self::Withdrawn => true,
            Self::Waiting | Self::Assigned | Self::Unrouted | Self::HandedBack => false,
        }
    }
}

words!(
    /// Where an assignment stands.
    AssignmentState {
        /// Waits for the agency.
        Assigned = "assigned",
        /// The agency works on it.
        InProgress = "in_progress",
        /// The reply waits for approval.
        PendingApproval = "pending_approval",
        /// Answered.
        Resolved = "resolved",
        /// Answered with a promised date.
        Deferred = "deferred",
        /// Given back to the coordinator.
        HandedBack = "handed_back",
        /// Ended from outside: withdrawn, or classified anew.
        Cancelled = "cancelled",
    }
);

impl AssignmentState {
    /// Whether the agency is responsible now.
    pub const fn is_open(self) -> bool {
        match self {
            Self::Assigned | Self::InProgress | Self::PendingApproval => true,
            Self::Resolved | Self::Deferred | Self::HandedBack | Self::Cancelled => false,
        }
    }
}

words!(
    /// How a point was matched to a commune.
    CommuneMatch {
        /// It lies in the commune.
        Inside = "inside",
        /// It lies in none, but near this one.
        Nearest = "nearest",
        /// It lies outside the province.
        Outside = "outside",
    }
);

words!(
    /// What has been said about a clock.
    Told {
        /// Nothing.
        Nothing = "nothing",
        /// That it has nearly run down.
        Approaching = "approaching",
        /// That it has run out.
        Missed = "missed",
    }
);
