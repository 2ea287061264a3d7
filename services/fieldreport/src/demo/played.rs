//! What really happened to one report, as its reporter and the staff saw it.

use std::time::Duration;

use contract::classification::v1::Suggestion;
use contract::common::v1::{Access, ReportState, Verdict};
use contract::intake::v1::{Report, TimelineEntry};
use contract::routing::v1::LocatePointResponse;
use runtime::wire::parse_timestamp;
use vocabulary::Timestamp;

use super::cast::{Part, Way};

/// One report after the play.
#[derive(Debug, Clone)]
pub struct Played {
    /// Its part in the cast.
    pub part: Part,
    /// As its reporter reads it at the end, with its timeline; empty if it was never acknowledged.
    pub report: Report,
    /// Where it lies.
    pub place: LocatePointResponse,
    /// What the machine proposed.
    pub suggestion: Suggestion,
    /// Who may see it at the end.
    pub access: Access,
    /// Reasons for which a person looked before any agency did; none if nobody had to.
    pub review_reasons: Option<Vec<String>>,
    /// How often agencies handed it back.
    pub hand_backs: u32,
    /// Rounds of answers.
    pub rounds: i32,
    /// What the citizen said of the first answer.
    pub verdict: Option<Verdict>,
    /// Whether that sent the report back.
    pub reopened: bool,
    /// From the request to the acknowledgement, at the client.
    pub acknowledged: Option<Duration>,
    /// Each upload, at the client.
    pub uploads: Vec<Duration>,
    /// For a request that was sent twice: whether both answers named the same report.
    pub duplicate_same: Option<bool>,
    /// What was tried to see a report that must stay hidden.
    pub secrecy: Vec<Probe>,
    /// What went wrong, if anything did.
    pub fault: Option<String>,
}

/// One attempt to see a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Who tried what.
    pub what: &'static str,
    /// What the system answered.
    pub answer: String,
    /// Whether that is as it must be.
    pub held: bool,
}

impl Played {
    /// Before anything has happened.
    pub fn new(part: Part) -> Self {
        Self {
            part,
            report: Report::default(),
            place: LocatePointResponse::default(),
            suggestion: Suggestion::default(),
            access: Access::Unspecified,
            review_reasons: None,
            hand_backs: 0,
            rounds: 0,
            verdict: None,
            reopened: false,
            acknowledged: None,
            uploads: Vec::new(),
            duplicate_same: None,
            secrecy: Vec::new(),
            fault: None,
        }
    }

    /// The machine proposed the registrar's leaf.
    pub fn leaf_agreed(&self) -> bool {
        self.suggestion.leaf == self.part.expected_leaf
    }

    /// The machine proposed the registrar's field.
    pub fn field_agreed(&self) -> bool {
        self.part.expected_leaf.split('.').next() == Some(self.suggestion.field.as_str())
    }

    /// The machine proposed the registrar's urgency.
    pub fn urgency_agreed(&self) -> bool {
        self.suggestion.urgency() == self.part.expected_urgency
    }

    /// The report went where a careful registrar would have sent it.
    pub fn way_agreed(&self) -> bool {
        let asked = self.review_reasons.is_some();
        match self.part.expected_path {
            Way::Assigned => !asked && self.first("ReportAssigned").is_some(),
            Way::Review => asked,
            Way::Returned => {
                self.first("ReportAssigned").is_none() && self.report.state() == ReportState::Returned
            }
        }
    }

    /// Nobody who may not see the report has seen it: none of the attempts succeeded, and what is sensitive in truth was
    /// hidden from its first minute.
    pub fn kept_secret(&self) -> bool {
        let hidden_at_once = matches!(self.suggestion.access(), Access::Restricted | Access::Quarantine);
        (hidden_at_once || !self.part.is_sensitive()) && self.secrecy.iter().all(|probe| probe.held)
    }

    /// The report has come to a reasoned end.
    pub fn has_ended(&self) -> bool {
        matches!(
            self.report.state(),
            ReportState::Resolved
                | ReportState::AnsweredDeferred
                | ReportState::Returned
                | ReportState::Rejected
                | ReportState::Merged
                | ReportState::Withdrawn
                | ReportState::Closed
        )
    }

    /// Somebody owns the report: an agency, or a person's queue.
    pub fn has_owner(&self) -> bool {
        match self.report.state() {
            ReportState::UnderReview => true,
            ReportState::Assigned | ReportState::InProgress | ReportState::Reopened => {
                !self.report.agency.is_empty()
            }
            _ => false,
        }
    }

    /// The first timeline entry of a kind.
    pub fn first(&self, event: &str) -> Option<&TimelineEntry> {
        self.report.timeline.iter().find(|entry| entry.event == event)
    }

    /// From the submission to the machine's word: a classification, or the request to a person.
    pub fn until_classified(&self) -> Option<Duration> {
        let first = self.first("ReportClassified").into_iter().chain(self.first("ReviewRequested"));
        self.since_submitted(first.min_by_key(|entry| entry.sequence))
    }

    /// From the submission to the agency, where no person had to look.
    pub fn until_assigned(&self) -> Option<Duration> {
        if self.review_reasons.is_some() {
            return None;
        }
        self.since_submitted(self.first("ReportAssigned"))
    }

    fn since_submitted(&self, entry: Option<&TimelineEntry>) -> Option<Duration> {
        Some(instant(entry?)?.since(instant(self.first("ReportSubmitted")?)?))
    }
}

/// When an entry happened.
pub fn instant(entry: &TimelineEntry) -> Option<Timestamp> {
    parse_timestamp("time", entry.time).ok()
}

#[cfg(test)]
pub mod tests {
    use super::super::cast::tests::part;
    use super::*;

    /// A timeline entry so many milliseconds after the submission.
    pub fn entry(sequence: i64, event: &str, millis: i64) -> TimelineEntry {
        let time = Timestamp::from_micros(1_795_000_000_000_000 + millis * 1_000);
        let time = Some(runtime::wire::timestamp(time));
        TimelineEntry { sequence, event: event.to_owned(), time, ..TimelineEntry::default() }
    }

    /// A report that went to an agency by itself.
    pub fn assigned() -> Played {
        let mut played = Played::new(part(1));
        played.suggestion.leaf = played.part.expected_leaf.clone();
        played.suggestion.field = "electricity_lighting".to_owned();
        played.suggestion.set_urgency(played.part.expected_urgency);
        played.report.set_state(ReportState::Assigned);
        played.report.agency = "agencies/ubnd-32025".to_owned();
        played.report.timeline = vec![
            entry(1, "ReportSubmitted", 0),
            entry(2, "ReportClassified", 7),
            entry(3, "ReportAssigned", 12),
        ];
        played
    }

    #[test]
    fn agreement_is_judged_by_what_happened() {
        let mut played = assigned();
        assert!(played.leaf_agreed() && played.field_agreed() && played.urgency_agreed());
        assert!(played.way_agreed() && played.has_owner() && !played.has_ended());
        played.suggestion.leaf = "electricity_lighting.grid".to_owned();
        assert!(!played.leaf_agreed() && played.field_agreed());
        played.review_reasons = Some(Vec::new());
        assert!(!played.way_agreed());
        played.report.agency.clear();
        assert!(!played.has_owner(), "an assignment without an agency is nobody's");
    }

    #[test]
    fn an_out_of_scope_report_that_an_agency_got_is_no_agreement() {
        let mut played = assigned();
        played.part = part(16);
        played.report.set_state(ReportState::Returned);
        assert!(!played.way_agreed() && played.has_ended());
        played.report.timeline.truncate(1);
        assert!(played.way_agreed());
    }

    #[test]
    fn times_are_those_of_the_timeline() {
        let mut played = assigned();
        assert_eq!(played.until_classified(), Some(Duration::from_millis(7)));
        assert_eq!(played.until_assigned(), Some(Duration::from_millis(12)));
        played.review_reasons = Some(Vec::new());
        assert_eq!(played.until_assigned(), None, "waiting for a person is not the system's time");
    }
}
