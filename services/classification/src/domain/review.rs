//! The life of a report here: classified, put before a person, decided; and what the other services are told.
//!
//! The facts of a report may arrive in any order and more than once; every order ends in the same case.
#![deny(clippy::wildcard_enum_match_arm)]

use std::collections::BTreeSet;

use vocabulary::{Access, LeafCode, ReportId, ReviewId, Scope, Timestamp};

use super::assessment::{Assessment, Decision, Disposition};
use super::doubts::ReviewReason;

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
    /// Since when it is in force.
    pub since: Timestamp,
}

/// Where a review stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewState {
    /// Waits for a person.
    Open,
    /// A person has decided.
    Decided,
    /// Not needed any more: the report was withdrawn.
    Dropped,
}

impl ReviewState {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Decided => "decided",
            Self::Dropped => "dropped",
        }
    }

    /// The state of a word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Open, Self::Decided, Self::Dropped].into_iter().find(|state| state.as_str() == word)
    }
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
    /// Words of the agency that handed back, else empty.
    pub note: String,
    /// When the first clock (receive and distribute) is due.
    pub due_time: Timestamp,
    /// When it was opened.
    pub create_time: Timestamp,
    /// Rises with every change.
    pub version: i64,
}

impl Review {
    /// Whether the decision that led to `decided` may teach the next model: nothing secret may, and that a place lies
    /// outside the province cannot be learned from the text.
    pub fn may_teach(&self, decided: &Assessment) -> bool {
        let by_place = self.reasons.contains(&ReviewReason::OutsideProvince) && decided.scope == Scope::Out;
        decided.access == Access::Ordinary && !by_place
    }
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
    /// The open review; after a change, the review as changed.
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

/// What the other services must be told.
#[derive(Debug, Clone, PartialEq)]
pub enum Announcement {
    /// A classification is in force.
    Classified {
        /// What it says.
        assessment: Assessment,
        /// What is to become of the report.
        disposition: Disposition,
        /// For the citizen.
        note: String,
        /// Whether it replaces one that was announced before.
        again: bool,
    },
    /// A person must look; the case's review says at what.
    ReviewRequested,
}

/// A decision that cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Somebody has decided, or the report was withdrawn.
    #[error("the review is not open")]
    NotOpen,
    /// The review has changed since it was read.
    #[error("the review has changed")]
    Changed,
}

impl Case {
    /// A report of which nothing is known.
    pub fn new(report: ReportId) -> Self {
        Self { report, classified: None, marks: Marks::default(), review: None }
    }

    /// The report has arrived and the machine has proposed something, with the doubts that ask for a person.
    pub fn submit(
        &mut self,
        proposal: Assessment,
        doubts: BTreeSet<ReviewReason>,
        opening: Opening<'_>,
    ) -> Vec<Announcement> {
        if self.classified.is_some() {
            return Vec::new();
        }
        let automatic = doubts.is_empty() && !self.marks.withdrawn;
        let assessment = proposal.clone();
        self.classified = Some(Classified { assessment, announced: automatic, since: opening.now });
        if self.marks.withdrawn {
            return Vec::new();
        }
        let first = if automatic {
            Announcement::Classified {
                assessment: proposal,
                disposition: Disposition::Route,
                note: String::new(),
                again: false,
            }
        } else {
            self.review = Some(open(proposal, doubts, opening));
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

    /// The reporter took the report back.
    pub fn withdraw(&mut self) {
        self.marks.withdrawn = true;
        if let Some(review) = self.review.as_mut().filter(|review| review.state == ReviewState::Open) {
            review.state = ReviewState::Dropped;
            review.version += 1;
        }
    }

    /// A person decides the review that was read at `version`; `own` is the access that the proposed leaf demands by
    /// itself.
    pub fn decide(
        &mut self,
        decision: Decision,
        version: i64,
        own: Access,
        now: Timestamp,
    ) -> Result<Announcement, Refusal> {
        let (Some(review), Some(classified)) = (&mut self.review, &mut self.classified) else {
            return Err(Refusal::NotOpen);
        };
        if review.state != ReviewState::Open {
            return Err(Refusal::NotOpen);
        }
        if review.version != version {
            return Err(Refusal::Changed);
        }
        let (assessment, disposition, note) = decision.apply(review.proposal.clone(), own);
        review.state = ReviewState::Decided;
        review.version += 1;
        let again = classified.announced;
        *classified = Classified { assessment: assessment.clone(), announced: true, since: now };
        Ok(Announcement::Classified { assessment, disposition, note, again })
    }

    /// Puts the latest objection before a person, if there is a report to look at and still a wish to have it handled.
    fn review_objection(&mut self, opening: Opening<'_>) -> Option<Announcement> {
        let (_, objection) = self.marks.objection.as_ref()?;
        let classified = self.classified.as_ref()?;
        if self.marks.withdrawn {
            return None;
        }
        let mut proposal = classified.assessment.clone();
        if *objection == Objection::OutsideProvince {
            proposal.leaf = opening.outside_leaf.clone();
            proposal.scope = Scope::Out;
            proposal.confidence = 1.0;
            proposal.by_person = false;
        }
        let reason = objection.reason();
        let note = objection.note().to_owned();
        match &mut self.review {
            Some(review) if review.state == ReviewState::Open => {
                review.reasons.retain(|reason| !by_routing(*reason));
                review.reasons.insert(reason);
                review.proposal = proposal;
                review.note = note;
                review.version += 1;
            }
            closed => *closed = Some(Review { note, ..open(proposal, BTreeSet::from([reason]), opening) }),
        }
        Some(Announcement::ReviewRequested)
    }
}

fn open(proposal: Assessment, reasons: BTreeSet<ReviewReason>, opening: Opening<'_>) -> Review {
    Review {
        id: opening.review,
        state: ReviewState::Open,
        proposal,
        reasons,
        note: String::new(),
        due_time: opening.due_time,
        create_time: opening.now,
        version: 1,
    }
}

const fn by_routing(reason: ReviewReason) -> bool {
    matches!(reason, ReviewReason::HandedBack | ReviewReason::OutsideProvince | ReviewReason::NoMatrixRow)
}

#[cfg(test)]
#[path = "review_tests.rs"]
mod tests;
