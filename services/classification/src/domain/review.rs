//! A report before a person: who has taken it, what was decided, what is waited for.
#![deny(clippy::wildcard_enum_match_arm)]

use std::collections::BTreeSet;

use vocabulary::{Access, ReviewId, Scope, Timestamp};

use super::assessment::{Assessment, DecisionKind, Verdict};
use super::doubts::ReviewReason;
use super::person::Person;

vocabulary::words!(
    /// Where a review stands.
    ReviewState {
        /// Waits for a person.
        Open = "open",
        /// Waits for the reporter's answer.
        Asked = "asked",
        /// A person has decided; nobody else has been told.
        Pending = "pending",
        /// A person has decided, and the others have been told.
        Decided = "decided",
        /// Not needed any more: the report was withdrawn.
        Dropped = "dropped",
    }
);

impl ReviewState {
    /// Whether the last word is still to come; a report has at most one such review.
    pub const fn is_live(self) -> bool {
        match self {
            Self::Open | Self::Asked | Self::Pending => true,
            Self::Decided | Self::Dropped => false,
        }
    }
}

/// A review is one person's for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Whose.
    pub holder: Person,
    /// In which role.
    pub role: String,
    /// Until when.
    pub until: Timestamp,
}

/// A report that waits, or waited, for a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Review {
    /// Its id.
    pub id: ReviewId,
    /// Where it stands.
    pub state: ReviewState,
    /// What the person is asked to confirm.
    pub proposal: Assessment,
    /// Why a person must look.
    pub reasons: BTreeSet<ReviewReason>,
    /// Words of the agency that handed back, or of the reporter who contests; else empty.
    pub note: String,
    /// When the first clock (receive and distribute) is due; while it stands still, when it would be if it went on at once.
    pub due_time: Timestamp,
    /// When it was opened.
    pub create_time: Timestamp,
    /// Rises with every change but of the lease.
    pub version: i64,
    /// Who has taken it; an old lease means nothing.
    pub lease: Option<Lease>,
    /// What the reporter was asked, while the answer is awaited.
    pub question: String,
    /// Since when the first clock stands still because the reporter is asked.
    pub asked_time: Option<Timestamp>,
    /// What was decided.
    pub verdict: Option<Verdict>,
    /// When an answer is overdue, or a decision takes effect.
    pub wake_time: Option<Timestamp>,
}

/// A decision or claim that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Somebody has decided, the reporter was asked, or the report was withdrawn.
    #[error("the review is not open")]
    NotOpen,
    /// The review has changed since it was read.
    #[error("the review has changed")]
    Changed,
    /// Somebody else has taken it.
    #[error("somebody else has claimed the review until {}", .0.until.rfc3339())]
    Claimed(Lease),
    /// Who has decided once does not decide about the contest.
    #[error("a contested return is decided by another person")]
    SecondPersonRequired,
    /// The proposed leaf is out of scope: no agency could be alarmed.
    #[error("a leaf in scope is needed")]
    LeafMissing,
    /// The decision has taken effect, or the time to take it back is over.
    #[error("the decision cannot be taken back any more")]
    UndoExpired,
    /// Somebody else decided.
    #[error("only who decided may take the decision back")]
    NotYours,
}

/// Who wants to act on a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub person: Person,
    /// In which role.
    pub role: String,
    /// Whether this person has decided about the report before.
    pub decided_before: bool,
}

impl Review {
    /// A new one.
    pub fn open(
        id: ReviewId,
        proposal: Assessment,
        reasons: BTreeSet<ReviewReason>,
        due_time: Timestamp,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            state: ReviewState::Open,
            proposal,
            reasons,
            note: String::new(),
            due_time,
            create_time: now,
            version: 1,
            lease: None,
            question: String::new(),
            asked_time: None,
            verdict: None,
            wake_time: None,
        }
    }

    /// Who may see it: what was decided may be graver than what was proposed.
    pub fn access(&self) -> Access {
        let decided = self.verdict.as_ref().map(|verdict| verdict.ruling.assessment.access);
        decided.map_or(self.proposal.access, |decided| decided.max(self.proposal.access))
    }

    /// Who has it at `now`.
    pub fn holder(&self, now: Timestamp) -> Option<&Lease> {
        self.lease.as_ref().filter(|lease| self.state == ReviewState::Open && now < lease.until)
    }

    /// Takes it for `actor` until `until`, or renews what `actor` has.
    pub fn claim(&mut self, actor: &Actor, now: Timestamp, until: Timestamp) -> Result<(), Refusal> {
        self.require_hand(actor, now)?;
        self.lease = Some(Lease { holder: actor.person, role: actor.role.clone(), until });
        Ok(())
    }

    /// Gives it back to the queue. What nobody has is free already.
    pub fn release(&mut self, person: Person, now: Timestamp) -> Result<(), Refusal> {
        match self.holder(now) {
            Some(lease) if lease.holder != person => Err(Refusal::Claimed(lease.clone())),
            Some(_) | None => {
                self.lease = None;
                Ok(())
            }
        }
    }

    /// Takes the decision back before anybody was told.
    pub fn undo(&mut self, person: Person, now: Timestamp) -> Result<(), Refusal> {
        if self.verdict.as_ref().is_none_or(|verdict| verdict.by != person) {
            return Err(Refusal::NotYours);
        }
        if self.state != ReviewState::Pending || self.wake_time.is_none_or(|wake| wake <= now) {
            return Err(Refusal::UndoExpired);
        }
        self.reopen();
        Ok(())
    }

    /// Whether `actor` may act on it now.
    pub(super) fn require_hand(&self, actor: &Actor, now: Timestamp) -> Result<(), Refusal> {
        if self.state != ReviewState::Open {
            return Err(Refusal::NotOpen);
        }
        if actor.decided_before && self.reasons.contains(&ReviewReason::ReturnContested) {
            return Err(Refusal::SecondPersonRequired);
        }
        match self.holder(now) {
            Some(lease) if lease.holder != actor.person => Err(Refusal::Claimed(lease.clone())),
            Some(_) | None => Ok(()),
        }
    }

    /// Puts it before a person again, whatever was waited for.
    pub(super) fn reopen(&mut self) {
        self.state = ReviewState::Open;
        self.question = String::new();
        self.asked_time = None;
        self.verdict = None;
        self.wake_time = None;
        self.version += 1;
    }

    /// The first clock goes on: time in which the reporter was asked does not count.
    pub(super) fn count_on(&mut self, now: Timestamp) {
        if let Some(asked) = self.asked_time.take().filter(|asked| *asked < self.due_time) {
            self.due_time = self.due_time + now.since(asked);
        }
    }

    /// Whether a verdict about it may teach the next model: nothing secret may; that a place lies outside the province
    /// cannot be learned from the text; and of a repetition only the other text was judged.
    pub fn may_teach(&self, verdict: &Verdict) -> bool {
        let decided = &verdict.ruling.assessment;
        let by_place = self.reasons.contains(&ReviewReason::OutsideProvince) && decided.scope == Scope::Out;
        decided.access == Access::Ordinary && !by_place && verdict.kind != DecisionKind::MarkDuplicate
    }
}
