//! The life of a report here: classified, put before a person, decided; and what the other services are told.
//!
//! The facts of a report may arrive in any order and more than once; every order ends in the same case.
#![deny(clippy::wildcard_enum_match_arm)]

use std::collections::BTreeSet;
use std::time::Duration;

use vocabulary::{Access, LeafCode, ReportId, ReviewId, Scope, Timestamp, Urgency};

use super::assessment::{Assessment, Decision, Disposition, Effect, LeafMissing, Original, Ruling, Verdict};
use super::doubts::ReviewReason;
use super::review::{Actor, Refusal, Review, ReviewState};

/// What routing found wrong with a classification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Objection {
    /// An agency says that it is not competent, with its words for the coordinator.
    HandedBack(String),
    /// The place lies outside the province.
    OutsideProvince,
    /// The competence matrix names nobody.
    NoMatrixRow,
}

impl Objection {
    /// The reason of the review that it leads to.
    pub const fn reason(&self) -> ReviewReason {
        match self {
            Self::HandedBack(_) => ReviewReason::HandedBack,
            Self::OutsideProvince => ReviewReason::OutsideProvince,
            Self::NoMatrixRow => ReviewReason::NoMatrixRow,
        }
    }

    /// The agency's words, if any.
    pub fn note(&self) -> &str {
        match self {
            Self::HandedBack(note) => note,
            Self::OutsideProvince | Self::NoMatrixRow => "",
        }
    }
}

/// What happened elsewhere to a report; only the latest objection counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marks {
    /// The reporter took it back.
    pub withdrawn: bool,
    /// The latest objection, with its sequence number among routing's events.
    pub objection: Option<(i64, Objection)>,
}

/// The classification in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Classified {
    /// What it says.
    pub assessment: Assessment,
    /// Whether the other services have been told one.
    pub announced: bool,
    /// Whether the report went to an agency.
    pub routed: bool,
    /// Since when it is in force.
    pub since: Timestamp,
    /// The report that this one repeats, as a person has found.
    pub duplicate_of: Option<ReportId>,
}

/// Everything that decides what becomes of one report here.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The report.
    pub report: ReportId,
    /// Nothing until the report itself has arrived.
    pub classified: Option<Classified>,
    /// What happened elsewhere.
    pub marks: Marks,
    /// The live review; after a change, the review as changed.
    pub review: Option<Review>,
}

/// What a new review starts with.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// A fresh id.
    pub review: ReviewId,
    /// When the first clock is due.
    pub due_time: Timestamp,
    /// The present instant.
    pub now: Timestamp,
    /// The leaf of matters outside the province.
    pub outside_leaf: &'a LeafCode,
}

/// What the machine makes of a text: what it proposes, and why a person must look.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The proposal.
    pub proposal: Assessment,
    /// Empty when the proposal may go its way.
    pub doubts: BTreeSet<ReviewReason>,
}

/// The circumstances of a decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Circumstances {
    /// Who decides.
    pub actor: Actor,
    /// The version that was read.
    pub version: i64,
    /// The access that the proposed leaf demands by itself.
    pub own: Access,
    /// The present instant.
    pub now: Timestamp,
    /// For how long the decision can be taken back before it takes effect.
    pub undo: Duration,
    /// For how long a reporter's answer is waited for.
    pub answer: Duration,
    /// Whether the first clock stands still meanwhile.
    pub pause: bool,
}

/// What the other services must be told.
#[derive(Debug, Clone, PartialEq)]
pub enum Announcement {
    /// A classification is in force.
    Classified {
        /// What it says and what becomes of the report.
        ruling: Ruling,
        /// Whether it replaces one that was announced before.
        again: bool,
        /// Whether it answers a contest.
        contested: bool,
    },
    /// A person must look; the case's review says at what.
    ReviewRequested,
    /// The reporter is asked; the case's review says what.
    InfoRequested,
}

impl Case {
    /// A report of which nothing is known.
    pub fn new(report: ReportId) -> Self {
        Self { report, classified: None, marks: Marks::default(), review: None }
    }

    /// The report has arrived and the machine has read it.
    pub fn submit(&mut self, reading: Reading, opening: Opening<'_>) -> Vec<Announcement> {
        if self.classified.is_some() {
            return Vec::new();
        }
        let Reading { proposal, doubts } = reading;
        let automatic = doubts.is_empty() && !self.marks.withdrawn;
        self.classified = Some(Classified {
            assessment: proposal.clone(),
            announced: automatic,
            routed: automatic,
            since: opening.now,
            duplicate_of: None,
        });
        if self.marks.withdrawn {
            return Vec::new();
        }
        let first = if automatic {
            Announcement::Classified { ruling: Ruling::automatic(proposal), again: false, contested: false }
        } else {
            self.review = Some(opening.open(proposal, doubts));
            Announcement::ReviewRequested
        };
        std::iter::once(first).chain(self.review_objection(opening)).collect()
    }

    /// Routing objects to the classification; `sequence` orders its events about the report.
    pub fn object(
        &mut self,
        sequence: i64,
        objection: Objection,
        opening: Opening<'_>,
    ) -> Option<Announcement> {
        if self.marks.objection.as_ref().is_some_and(|(known, _)| *known >= sequence) {
            return None;
        }
        self.marks.objection = Some((sequence, objection));
        self.review_objection(opening)
    }

    /// The reporter contests the return or refusal in force. Only what was told to the reporter can be contested, so the
    /// report is always known here before.
    pub fn contest(&mut self, why: String, opening: Opening<'_>) -> Option<Announcement> {
        let proposal = self.classified.as_ref().filter(|classified| classified.announced)?.assessment.clone();
        if self.marks.withdrawn {
            return None;
        }
        let reason = ReviewReason::ReturnContested;
        self.put_before_person(reason, opening, |review| {
            review.proposal = proposal;
            review.note = why;
        })
    }

    /// The reporter has added to the report, and the machine has read the whole of it. Whoever asked looks again; what was
    /// asked elsewhere comes before a person only if the answer speaks of something graver than is known.
    pub fn hear_answer(&mut self, reading: Reading, opening: Opening<'_>) -> Option<Announcement> {
        let in_force = self.classified.as_ref()?.assessment.clone();
        if self.marks.withdrawn {
            return None;
        }
        let live = self.review.as_ref().filter(|review| review.state.is_live());
        let known = live.map_or(in_force, |review| review.proposal.clone());
        let Reading { proposal: read, doubts } = reading;
        let graver =
            read.access > known.access || read.urgency == Urgency::Emergency && read.urgency > known.urgency;
        if live.is_none() && !graver {
            return None;
        }
        // An answer never opens what was sealed, nor makes danger less; where a person has judged, it stands.
        let (access, urgency) = (known.access.max(read.access), known.urgency.max(read.urgency));
        let judged = if known.by_person { known } else { read };
        let proposal = Assessment { access, urgency, ..judged };
        self.put_before_person(ReviewReason::InfoProvided, opening, |review| {
            review.reasons.remove(&ReviewReason::InfoOverdue);
            review.reasons.extend(doubts);
            if proposal.urgency == Urgency::Emergency {
                review.due_time = review.due_time.min(opening.now);
            }
            review.proposal = proposal;
        })
    }

    /// The reporter took it back.
    pub fn withdraw(&mut self) {
        self.marks.withdrawn = true;
        if let Some(review) = self.review.as_mut().filter(|review| review.state.is_live()) {
            review.reopen();
            review.state = ReviewState::Dropped;
        }
    }

    /// A person decides the review.
    pub fn decide(
        &mut self,
        decision: Decision,
        circumstances: Circumstances,
    ) -> Result<Option<Announcement>, Refusal> {
        let Circumstances { actor, version, own, now, undo, answer, pause } = circumstances;
        let review = self.review.as_mut().ok_or(Refusal::NotOpen)?;
        review.require_hand(&actor, now)?;
        if review.version != version {
            return Err(Refusal::Changed);
        }
        let kind = decision.kind();
        let effect = decision.apply(review.proposal.clone(), own);
        match effect.map_err(|LeafMissing| Refusal::LeafMissing)? {
            Effect::Question(question) => {
                review.state = ReviewState::Asked;
                review.question = question;
                review.asked_time = pause.then_some(now);
                review.wake_time = Some(now + answer);
                review.lease = None;
                review.version += 1;
                Ok(Some(Announcement::InfoRequested))
            }
            Effect::Ruling(ruling) => {
                let is_alarm = ruling.assessment.urgency == Urgency::Emergency
                    && ruling.disposition == Disposition::Route;
                let waits = !undo.is_zero() && !is_alarm;
                review.state = ReviewState::Pending;
                review.verdict = Some(Verdict { kind, ruling, by: actor.person, time: now });
                review.wake_time = Some(if waits { now + undo } else { now });
                review.lease = None;
                review.version += 1;
                Ok(if waits { None } else { self.settle() })
            }
        }
    }

    /// What is due at `now`: a decision takes effect, or an answer is not waited for any longer.
    pub fn wake(&mut self, now: Timestamp) -> Option<Announcement> {
        let review = self.review.as_mut()?;
        if review.wake_time.is_none_or(|wake| now < wake) {
            return None;
        }
        match review.state {
            ReviewState::Pending => self.settle(),
            ReviewState::Asked => {
                review.count_on(now);
                review.reopen();
                review.reasons.insert(ReviewReason::InfoOverdue);
                Some(Announcement::ReviewRequested)
            }
            ReviewState::Open | ReviewState::Decided | ReviewState::Dropped => None,
        }
    }

    /// This report as one that others repeat, if it can be: everybody may see it, it is handled, and it is none that
    /// repeats another itself.
    pub fn as_original(&self) -> Option<Original> {
        let Classified { assessment, routed, duplicate_of, .. } = self.classified.as_ref()?;
        let fits = *routed
            && assessment.access == Access::Ordinary
            && assessment.scope == Scope::In
            && duplicate_of.is_none()
            && !self.marks.withdrawn;
        fits.then(|| Original { report: self.report, assessment: assessment.clone() })
    }

    /// The verdict comes into force.
    fn settle(&mut self) -> Option<Announcement> {
        let review = self.review.as_mut()?;
        let ruling = review.verdict.as_ref()?.ruling.clone();
        let since = review.verdict.as_ref()?.time;
        review.state = ReviewState::Decided;
        review.wake_time = None;
        review.version += 1;
        let contested = review.reasons.contains(&ReviewReason::ReturnContested);
        let classified = self.classified.as_mut()?;
        let again = classified.announced;
        let Ruling { assessment, disposition, duplicate_of, .. } = ruling.clone();
        let routed = disposition == Disposition::Route;
        *classified = Classified { assessment, announced: true, routed, since, duplicate_of };
        Some(Announcement::Classified { ruling, again, contested })
    }

    /// Puts the latest objection before a person, if there is a report to look at and still a wish to have it handled.
    fn review_objection(&mut self, opening: Opening<'_>) -> Option<Announcement> {
        let (_, objection) = self.marks.objection.clone()?;
        let mut proposal = self.classified.as_ref()?.assessment.clone();
        if self.marks.withdrawn {
            return None;
        }
        if objection == Objection::OutsideProvince {
            proposal.leaf = opening.outside_leaf.clone();
            proposal.scope = Scope::Out;
            proposal.confidence = 1.0;
            proposal.by_person = false;
        }
        self.put_before_person(objection.reason(), opening, |review| {
            review.reasons.retain(|reason| !by_routing(*reason));
            review.proposal = proposal;
            review.note = objection.note().to_owned();
        })
    }

    /// Changes the live review, which is open then, or makes a new one.
    fn put_before_person(
        &mut self,
        reason: ReviewReason,
        opening: Opening<'_>,
        change: impl FnOnce(&mut Review),
    ) -> Option<Announcement> {
        let in_force = self.classified.as_ref()?.assessment.clone();
        if !self.review.as_ref().is_some_and(|review| review.state.is_live()) {
            self.review = None;
        }
        let known = self.review.is_some();
        let review = self.review.get_or_insert_with(|| opening.open(in_force, BTreeSet::new()));
        if known {
            review.count_on(opening.now);
            review.reopen();
        }
        change(review);
        review.reasons.insert(reason);
        Some(Announcement::ReviewRequested)
    }
}

impl Opening<'_> {
    fn open(self, proposal: Assessment, reasons: BTreeSet<ReviewReason>) -> Review {
        Review::open(self.review, proposal, reasons, self.due_time, self.now)
    }
}

const fn by_routing(reason: ReviewReason) -> bool {
    matches!(reason, ReviewReason::HandedBack | ReviewReason::OutsideProvince | ReviewReason::NoMatrixRow)
}

#[cfg(test)]
#[path = "case_tests.rs"]
mod tests;
