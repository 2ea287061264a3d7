//! A report as its reporter and the public know it: the projection of everything that happened to it.

use std::collections::BTreeMap;
use std::time::Duration;

use province::LocalText;
use vocabulary::{
    Access, AgencyId, ErrorCode, InvitationId, LeafCode, MediaId, Outcome, Point, Problem, ReportId,
    ReportState, Timestamp, Urgency,
};

use crate::domain::submission::Submission;
use crate::domain::timeline::{Entry, GENESIS, Happening, Hash};

/// Through which door a report came; the number is the wire's.
pub type SourceNumber = i32;

/// How a report ended, in words for the citizen.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Answer {
    /// What was done; none for returned and rejected reports.
    pub outcome: Option<Outcome>,
    /// The reply.
    pub text: Words,
    /// The right channel, for returned reports.
    pub channel: Option<Words>,
    /// Photos of the place afterwards.
    pub evidence: Vec<MediaId>,
    /// Promised date, for deferred answers.
    pub promised: Option<Timestamp>,
    /// When it became public.
    pub time: Timestamp,
    /// Counts the closings; 0 in answers of before rounds were kept.
    #[serde(default)]
    pub round: i32,
}

/// What the reporter is asked.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Question {
    /// The question.
    pub text: String,
    /// Until when an answer is waited for.
    pub due: Timestamp,
    /// Who asks.
    pub agency: AgencyId,
    /// Whether a coordinator asks, before the report goes anywhere; else the agency that has it.
    pub in_triage: bool,
}

/// A text in both languages, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Words {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

impl From<&LocalText> for Words {
    fn from(text: &LocalText) -> Self {
        Self { vi: text.vi.clone(), en: text.en.clone() }
    }
}

/// A report.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Its id.
    pub id: ReportId,
    /// The code people read out.
    pub code: String,
    /// Pseudonym of its reporter.
    pub owner: Vec<u8>,
    /// The reporter's words.
    pub text: String,
    /// Where.
    pub point: Point,
    /// What the reporter calls the place.
    pub address: String,
    /// Through which door.
    pub source: SourceNumber,
    /// When the reporter saw it.
    pub captured: Option<Timestamp>,
    /// Whether text and photo copies may be shown to everyone.
    pub publication_consent: bool,
    /// Where it stands.
    pub state: ReportState,
    /// When it became durable.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// Leaf of the taxonomy, once classified.
    pub leaf: Option<LeafCode>,
    /// How dangerous, once classified.
    pub urgency: Option<Urgency>,
    /// Who may see it.
    pub access: Access,
    /// Agency in charge and its name.
    pub agency: Option<(AgencyId, String)>,
    /// Commune code and name.
    pub commune: Option<(String, String)>,
    /// When the answer is due.
    pub respond_due: Option<Timestamp>,
    /// How it ended.
    pub answer: Option<Answer>,
    /// Invitation to rate.
    pub invitation: Option<InvitationId>,
    /// What the reporter is asked, while an answer is awaited.
    pub question: Option<Question>,
    /// Whether the reporter has contested a return.
    pub contested: bool,
    /// Number of the last timeline entry.
    pub last_sequence: i64,
    /// Hash of the last timeline entry.
    pub last_hash: Hash,
    /// Number of the last applied event of each other service.
    pub applied: BTreeMap<String, i64>,
}

impl Report {
    /// A report that has just been sent: nobody has looked at it, and its timeline is empty.
    pub fn submitted(
        id: ReportId,
        code: String,
        owner: [u8; 32],
        submission: &Submission,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            code,
            owner: owner.to_vec(),
            text: submission.text.as_str().to_owned(),
            point: submission.point,
            address: submission.address.clone(),
            source: submission.source,
            captured: submission.captured,
            publication_consent: submission.publication_consent,
            state: ReportState::Submitted,
            created: now,
            updated: now,
            leaf: None,
            urgency: None,
            access: Access::Ordinary,
            agency: None,
            commune: None,
            respond_due: None,
            answer: None,
            invitation: None,
            question: None,
            contested: false,
            last_sequence: 0,
            last_hash: GENESIS,
            applied: BTreeMap::new(),
        }
    }

    /// Whether everyone may know that this report exists: classified as ordinary and in scope, and not waiting for a
    /// person who might find otherwise.
    pub fn is_public(&self) -> bool {
        let in_scope = self.leaf.as_ref().is_some_and(|leaf| leaf.field().as_str() != "out_of_scope");
        let settled = match self.state {
            ReportState::Submitted
            | ReportState::UnderReview
            | ReportState::Returned
            | ReportState::Rejected
            | ReportState::Withdrawn => false,
            ReportState::AwaitingInfo => self.question.as_ref().is_some_and(|question| !question.in_triage),
            ReportState::Assigned
            | ReportState::InProgress
            | ReportState::HandedBack
            | ReportState::PendingApproval
            | ReportState::Resolved
            | ReportState::AnsweredDeferred
            | ReportState::Reopened
            | ReportState::Merged
            | ReportState::Closed => true,
        };
        self.access == Access::Ordinary && in_scope && settled
    }

    /// Takes the report back on its reporter's wish.
    pub fn withdraw(&self) -> Result<Change, Problem> {
        self.require_open()?;
        Ok(Change { state: Some(ReportState::Withdrawn), ..Change::default() })
    }

    /// Answers what was asked.
    pub fn provide_info(&self) -> Result<Change, Problem> {
        let question = self.question.as_ref().filter(|_| self.state == ReportState::AwaitingInfo);
        let question = question.ok_or_else(|| {
            Problem::new(
                ErrorCode::FailedPrecondition,
                "INFO_NOT_REQUESTED",
                "nothing is asked, or not any more; write a message instead",
                "Hiện không có câu hỏi nào cần bổ sung; Ông/Bà có thể gửi tin nhắn.",
            )
            .with("current_state", self.state.as_str())
        })?;
        let next = if question.in_triage { ReportState::UnderReview } else { ReportState::InProgress };
        Ok(Change { state: Some(next), ..Change::default() })
    }

    /// Until when the reporter may contest how it ended, if that can be contested: a return or refusal, once.
    pub fn contest_until(&self, window: Duration) -> Option<Timestamp> {
        let given_back = matches!(self.state, ReportState::Returned | ReportState::Rejected);
        let answer = self.answer.as_ref().filter(|_| given_back && !self.contested);
        answer.map(|answer| answer.time + window)
    }

    /// Asks for another look at a return or refusal. Answers which closing that was.
    pub fn contest(&mut self, window: Duration, now: Timestamp) -> Result<(i32, Change), Problem> {
        let refused = |reason, en: &str, vi: &str| {
            let problem = Problem::new(ErrorCode::FailedPrecondition, reason, en, vi);
            Err(problem.with("current_state", self.state.as_str()))
        };
        if !matches!(self.state, ReportState::Returned | ReportState::Rejected) {
            return refused(
                "NOT_RETURNED",
                "only a return or refusal can be contested",
                "Chỉ có thể đề nghị xem lại khi phản ánh đã bị trả lại hoặc không được tiếp nhận.",
            );
        }
        if self.contest_until(window).is_none_or(|until| until <= now) {
            return refused(
                "CONTEST_CLOSED",
                "it was contested before, or the time to do so is over",
                "Phản ánh đã được đề nghị xem lại một lần hoặc đã hết thời hạn đề nghị.",
            );
        }
        let round = self.answer.take().map_or(0, |answer| answer.round);
        self.contested = true;
        Ok((round, Change { state: Some(ReportState::UnderReview), ..Change::default() }))
    }

    /// Whether anything can still be written in its thread.
    pub fn require_open(&self) -> Result<(), Problem> {
        if matches!(self.state, ReportState::Withdrawn | ReportState::Closed | ReportState::Merged)
            || (self.state.is_end() && self.state != ReportState::AnsweredDeferred)
        {
            return Err(Problem::new(
                ErrorCode::FailedPrecondition,
                "REPORT_ENDED",
                "the report has come to its end; rate it, or send a new report",
                "Phản ánh đã kết thúc; xin đánh giá hoặc gửi phản ánh mới.",
            )
            .with("current_state", self.state.as_str()));
        }
        Ok(())
    }

    /// Records that something happened: changes the projection and answers the next timeline entry.
    pub fn record(&mut self, happening: Happening, change: Change, at: Timestamp) -> Entry {
        // Clocks of different services differ a little; a timeline never goes back in time.
        let at = at.max(self.updated);
        let withdrawn = self.state == ReportState::Withdrawn;
        if let (Some(state), false) = (change.state, withdrawn) {
            self.state = state;
            self.question = None;
        }
        if change.question.is_some() && !withdrawn {
            self.question = change.question;
        }
        if let Some((leaf, urgency, access)) = change.classification {
            (self.leaf, self.urgency, self.access) = (Some(leaf), Some(urgency), access);
        }
        if let Some(assignment) = change.assignment {
            self.agency = Some(assignment.agency);
            self.commune = Some(assignment.commune);
            self.respond_due = Some(assignment.respond_due);
            self.answer = None;
        }
        if let Some(answer) = change.answer {
            self.answer = Some(answer);
        }
        if let Some(invitation) = change.invitation {
            self.invitation = Some(invitation);
        }
        self.updated = at;
        let entry = Entry::next(self.id, self.last_sequence, &self.last_hash, happening, self.state, at);
        self.last_sequence = entry.sequence;
        self.last_hash = entry.hash;
        entry
    }
}

/// What an event does to a report's projection.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Change {
    /// New state.
    pub state: Option<ReportState>,
    /// New classification.
    pub classification: Option<(LeafCode, Urgency, Access)>,
    /// New assignment.
    pub assignment: Option<AssignmentFacts>,
    /// New answer.
    pub answer: Option<Answer>,
    /// New invitation to rate.
    pub invitation: Option<InvitationId>,
    /// New question to the reporter.
    pub question: Option<Question>,
}

/// What an assignment tells the reporter.
#[derive(Debug, Clone, PartialEq)]
pub struct AssignmentFacts {
    /// Agency and its name.
    pub agency: (AgencyId, String),
    /// Commune code and name.
    pub commune: (String, String),
    /// When its answer is due.
    pub respond_due: Timestamp,
}

/// A new report, for tests.
#[cfg(test)]
pub(crate) fn sample(number: u128) -> Report {
    let (id, code) = (ReportId(uuid::Uuid::from_u128(number)), format!("CM-00000-{number:05}"));
    Report::submitted(id, code, [1; 32], &crate::domain::submission::sample(), Timestamp::EPOCH)
}
