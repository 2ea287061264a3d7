//! One closing of one report, the invitation to rate it, and what an answer does.

use std::time::Duration;

use province::RatingPolicy;
use time::Date;
use vocabulary::{
    Access, AgencyId, CommuneCode, InvitationId, LeafCode, Problem, ReportId, ReportState, Timestamp, Verdict,
};

use super::opinion::Opinion;

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedAs {
    /// Answered.
    Resolved,
    /// Answered with a promised date.
    AnsweredDeferred,
    /// Out of scope, with the right channel.
    Returned,
    /// Not taken.
    Rejected,
}

impl EndedAs {
    /// Every way to end.
    pub const ALL: &'static [Self] =
        &[Self::Resolved, Self::AnsweredDeferred, Self::Returned, Self::Rejected];

    /// The state of a report that ended so.
    pub const fn state(self) -> ReportState {
        match self {
            Self::Resolved => ReportState::Resolved,
            Self::AnsweredDeferred => ReportState::AnsweredDeferred,
            Self::Returned => ReportState::Returned,
            Self::Rejected => ReportState::Rejected,
        }
    }

    /// The end that a state word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|ended_as| ended_as.state().as_str() == word)
    }

    /// Whether an agency answered, so that it can be sent back to it.
    const fn is_answered(self) -> bool {
        match self {
            Self::Resolved | Self::AnsweredDeferred => true,
            Self::Returned | Self::Rejected => false,
        }
    }
}

/// Facts of a closing, frozen as they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// The report.
    pub report: ReportId,
    /// Counts the closings of the report, from 1.
    pub round: u32,
    /// How it ended.
    pub ended_as: EndedAs,
    /// Who answered or decided.
    pub agency: AgencyId,
    /// What the report was about.
    pub leaf: LeafCode,
    /// Where; `None` outside the province.
    pub commune: Option<CommuneCode>,
    /// Who may see the report; only ordinary ones count in scores.
    pub access: Access,
    /// When the answer became public.
    pub close_time: Timestamp,
    /// Local day of the closing: the day its facts count for.
    pub close_day: Date,
    /// When the answer was due; `None` for closings without that clock.
    pub respond_due_time: Option<Timestamp>,
    /// How long the agency held the report in this round.
    pub held: Option<Duration>,
    /// Lets the reporter's own token be recognised.
    pub reporter_proof: [u8; 32],
}

/// Whether an invitation still waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The rating window runs.
    Open,
    /// The reporter took the report back: nobody is asked any more.
    Withdrawn,
    /// The reporter contests the closing: it is not the last word, and the next one will be rated.
    Contested,
    /// The rating window is over.
    Closed,
}

impl Standing {
    /// Every standing.
    pub const ALL: &'static [Self] = &[Self::Open, Self::Withdrawn, Self::Contested, Self::Closed];

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Withdrawn => "withdrawn",
            Self::Contested => "contested",
            Self::Closed => "closed",
        }
    }

    /// The standing a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|standing| standing.as_str() == word)
    }
}

/// The rating in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// 1, and one more with each change.
    pub revision: u32,
    /// The verdict of the last revision.
    pub verdict: Verdict,
    /// When the first revision came.
    pub first_time: Timestamp,
}

/// An invitation to rate one closing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// What is to be rated.
    pub closing: Closing,
    /// When it was made.
    pub create_time: Timestamp,
    /// From when no rating is taken any more.
    pub expire_time: Timestamp,
    /// Whether it still waits.
    pub standing: Standing,
    /// Whether a rating sent the report back; at most once per round.
    pub reopened: bool,
    /// The rating in force.
    pub answer: Option<Answer>,
}

/// One revision of a rating.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    /// What it rates.
    pub invitation: InvitationId,
    /// 1, and one more with each change.
    pub revision: u32,
    /// What was said.
    pub opinion: Opinion,
    /// When.
    pub create_time: Timestamp,
    /// Whether this revision sent the report back.
    pub reopened: bool,
}

/// Why a rating is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The window is over, the report was withdrawn, or its closing is contested.
    RatingClosed,
    /// The time in which a rating may be changed is over.
    RevisionClosed,
}

impl Invitation {
    /// The invitation that a closing makes. A report that was withdrawn is not asked about.
    pub fn new(
        id: InvitationId,
        closing: Closing,
        policy: &RatingPolicy,
        withdrawn: bool,
        now: Timestamp,
    ) -> Self {
        let expire_time = closing.close_time + policy.window;
        let standing = if withdrawn { Standing::Withdrawn } else { Standing::Open };
        Self { id, closing, create_time: now, expire_time, standing, reopened: false, answer: None }
    }

    /// Whether the reporter counts as asked: a withdrawal or contest takes back only what was not answered.
    pub fn is_asked(&self) -> bool {
        match self.standing {
            Standing::Open | Standing::Closed => true,
            Standing::Withdrawn | Standing::Contested => self.answer.is_some(),
        }
    }

    /// The reporter took the report back. Answers the changed invitation, or `None` if nothing changes.
    pub fn withdraw(&self) -> Option<Self> {
        match self.standing {
            // Also after the window: the end state must not depend on which of the two came first.
            Standing::Open | Standing::Contested | Standing::Closed => {
                Some(Self { standing: Standing::Withdrawn, ..self.clone() })
            }
            Standing::Withdrawn => None,
        }
    }

    /// The reporter contests the closing. Answers the changed invitation, or `None` if nothing changes.
    pub fn contest(&self) -> Option<Self> {
        match self.standing {
            Standing::Open => Some(Self { standing: Standing::Contested, ..self.clone() }),
            Standing::Contested | Standing::Withdrawn | Standing::Closed => None,
        }
    }

    /// Until when a rating, once given, may be changed.
    pub fn revise_until(&self, policy: &RatingPolicy) -> Option<Timestamp> {
        self.answer.map(|answer| (answer.first_time + policy.revise).min(self.expire_time))
    }

    /// Takes a rating, or a change of it. `superseded` says that a later round of the report has ended already.
    pub fn rate(
        &self,
        opinion: Opinion,
        superseded: bool,
        policy: &RatingPolicy,
        now: Timestamp,
    ) -> Result<(Self, Rating), Refusal> {
        if self.standing != Standing::Open || now >= self.expire_time {
            return Err(Refusal::RatingClosed);
        }
        if self.answer.is_some_and(|answer| now >= answer.first_time + policy.revise) {
            return Err(Refusal::RevisionClosed);
        }
        let reopens = self.may_reopen(superseded, policy) && opinion.verdict == Verdict::Unsatisfied;
        let answer = Answer {
            revision: self.answer.map_or(1, |answer| answer.revision.saturating_add(1)),
            verdict: opinion.verdict,
            first_time: self.answer.map_or(now, |answer| answer.first_time),
        };
        let rating = Rating {
            invitation: self.id,
            revision: answer.revision,
            opinion,
            create_time: now,
            reopened: reopens,
        };
        Ok((Self { answer: Some(answer), reopened: self.reopened || reopens, ..self.clone() }, rating))
    }

    fn may_reopen(&self, superseded: bool, policy: &RatingPolicy) -> bool {
        policy.reopen_on_unsatisfied
            && !self.reopened
            && !superseded
            && self.closing.ended_as.is_answered()
            && self.closing.round < policy.maximum_rounds
    }
}

impl Refusal {
    /// What the caller is told.
    pub fn problem(self) -> Problem {
        let precondition = vocabulary::ErrorCode::FailedPrecondition;
        match self {
            Self::RatingClosed => Problem::new(
                precondition,
                "RATING_CLOSED",
                "this closing can no longer be rated",
                "Đã hết thời hạn đánh giá.",
            ),
            Self::RevisionClosed => Problem::new(
                precondition,
                "REVISION_CLOSED",
                "the rating can no longer be changed",
                "Đã hết thời hạn thay đổi đánh giá.",
            ),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    pub(crate) const DAY: Duration = Duration::from_secs(86_400);
    pub(crate) const POLICY: RatingPolicy = RatingPolicy {
        window: Duration::from_secs(15 * 86_400),
        revise: Duration::from_secs(7 * 86_400),
        reopen_on_unsatisfied: true,
        maximum_rounds: 3,
    };

    pub(crate) fn closing(round: u32, ended_as: EndedAs) -> Closing {
        let close_time = Timestamp::from_micros(1_795_000_000_000_000);
        Closing {
            report: ReportId(Uuid::from_u128(1)),
            round,
            ended_as,
            agency: "ubnd-32002".parse().unwrap(),
            leaf: "infrastructure.road".parse().unwrap(),
            commune: "32002".parse().ok(),
            access: Access::Ordinary,
            close_time,
            close_day: close_time.datetime().date(),
            respond_due_time: Some(close_time + DAY),
            held: Some(Duration::from_secs(7_200)),
            reporter_proof: [1; 32],
        }
    }

    pub(crate) fn invitation(round: u32, ended_as: EndedAs) -> Invitation {
        let closing = closing(round, ended_as);
        let now = closing.close_time;
        Invitation::new(InvitationId(Uuid::from_u128(2)), closing, &POLICY, false, now)
    }

    pub(crate) fn opinion(verdict: Verdict) -> Opinion {
        Opinion { verdict, resolved: true, reasons: BTreeSet::new(), comment: String::new() }
    }

    fn at(invitation: &Invitation, days: u32) -> Timestamp {
        invitation.closing.close_time + DAY * days
    }

    #[test]
    fn a_rating_is_taken_within_the_window_and_changed_within_seven_days() {
        let fresh = invitation(1, EndedAs::Returned);
        let (rated, rating) = fresh.rate(opinion(Verdict::Satisfied), false, &POLICY, at(&fresh, 3)).unwrap();
        assert_eq!((rating.revision, rating.reopened), (1, false));
        let (changed, rating) =
            rated.rate(opinion(Verdict::Unsatisfied), false, &POLICY, at(&fresh, 9)).unwrap();
        assert_eq!(rating.revision, 2);
        assert_eq!(changed.answer.map(|answer| answer.first_time), Some(at(&fresh, 3)));
        let late = rated.rate(opinion(Verdict::Satisfied), false, &POLICY, at(&fresh, 10));
        assert_eq!(late, Err(Refusal::RevisionClosed));
        assert!(fresh.rate(opinion(Verdict::Satisfied), false, &POLICY, at(&fresh, 14)).is_ok());
        let late = fresh.rate(opinion(Verdict::Satisfied), false, &POLICY, at(&fresh, 15));
        assert_eq!(late, Err(Refusal::RatingClosed));
    }

    #[test]
    fn a_late_first_rating_may_not_be_changed_after_the_window() {
        let fresh = invitation(1, EndedAs::Resolved);
        let (rated, _) = fresh.rate(opinion(Verdict::Satisfied), false, &POLICY, at(&fresh, 14)).unwrap();
        let late = rated.rate(opinion(Verdict::Acceptable), false, &POLICY, at(&fresh, 15));
        assert_eq!(late, Err(Refusal::RatingClosed));
    }

    #[test]
    fn dissatisfaction_reopens_once_and_only_what_an_agency_answered() {
        let now = |invitation: &Invitation| at(invitation, 1);
        let reopens = |invitation: &Invitation, superseded: bool, policy: &RatingPolicy| {
            let rated = invitation.rate(opinion(Verdict::Unsatisfied), superseded, policy, now(invitation));
            rated.map(|(_, rating)| rating.reopened)
        };
        for (ended_as, expected) in [
            (EndedAs::Resolved, true),
            (EndedAs::AnsweredDeferred, true),
            (EndedAs::Returned, false),
            (EndedAs::Rejected, false),
        ] {
            assert_eq!(reopens(&invitation(1, ended_as), false, &POLICY), Ok(expected), "{ended_as:?}");
        }
        assert_eq!(reopens(&invitation(2, EndedAs::Resolved), false, &POLICY), Ok(true));
        assert_eq!(reopens(&invitation(3, EndedAs::Resolved), false, &POLICY), Ok(false), "no rounds left");
        assert_eq!(
            reopens(&invitation(1, EndedAs::Resolved), true, &POLICY),
            Ok(false),
            "a later round has ended"
        );
        let off = RatingPolicy { reopen_on_unsatisfied: false, ..POLICY };
        assert_eq!(reopens(&invitation(1, EndedAs::Resolved), false, &off), Ok(false));

        let fresh = invitation(1, EndedAs::Resolved);
        let (rated, _) = fresh.rate(opinion(Verdict::Unsatisfied), false, &POLICY, now(&fresh)).unwrap();
        assert_eq!(reopens(&rated, false, &POLICY), Ok(false), "once per round");
        assert!(rated.reopened);
    }

    #[test]
    fn a_withdrawn_report_is_not_asked_whichever_came_first() {
        let fresh = invitation(1, EndedAs::Resolved);
        let after = fresh.withdraw().unwrap();
        let before = Invitation::new(fresh.id, fresh.closing.clone(), &POLICY, true, fresh.create_time);
        assert_eq!(after, before);
        assert!(!after.is_asked());
        assert_eq!(after.withdraw(), None);
        let refused = after.rate(opinion(Verdict::Satisfied), false, &POLICY, at(&fresh, 1));
        assert_eq!(refused, Err(Refusal::RatingClosed));
        let (rated, _) = fresh.rate(opinion(Verdict::Satisfied), false, &POLICY, at(&fresh, 1)).unwrap();
        assert!(rated.withdraw().unwrap().is_asked(), "an answer stays an answer");
    }

    #[test]
    fn a_contested_closing_is_not_rated_and_does_not_end() {
        let fresh = invitation(1, EndedAs::Returned);
        let contested = fresh.contest().unwrap();
        assert!(!contested.is_asked());
        assert_eq!(contested.contest(), None);
        let refused = contested.rate(opinion(Verdict::Satisfied), false, &POLICY, at(&fresh, 1));
        assert_eq!(refused, Err(Refusal::RatingClosed));
        let withdrawn = contested.withdraw().unwrap();
        assert_eq!(Some(&withdrawn), fresh.withdraw().as_ref(), "whichever came first");
        assert_eq!(withdrawn.contest(), None);
        let (rated, _) = fresh.rate(opinion(Verdict::Satisfied), false, &POLICY, at(&fresh, 1)).unwrap();
        assert!(rated.contest().unwrap().is_asked(), "an answer stays an answer");
    }

    proptest! {
        #[test]
        fn at_most_one_revision_of_a_round_reopens(
            verdicts in proptest::collection::vec(prop::sample::select(Verdict::ALL), 1..12),
            hours in proptest::collection::vec(0_u32..100, 12),
        ) {
            let mut current = invitation(1, EndedAs::Resolved);
            let mut now = current.closing.close_time;
            let (mut reopenings, mut revisions) = (0, 0);
            for (verdict, hours) in verdicts.into_iter().zip(hours) {
                now = now + Duration::from_secs(3_600) * hours;
                let Ok((next, rating)) = current.rate(opinion(verdict), false, &POLICY, now) else { continue };
                revisions += 1;
                reopenings += u32::from(rating.reopened);
                prop_assert_eq!(rating.revision, revisions);
                prop_assert_eq!(next.answer.map(|answer| answer.verdict), Some(verdict));
                prop_assert!(now < next.expire_time && now < next.answer.unwrap().first_time + POLICY.revise);
                current = next;
            }
            prop_assert!(reopenings <= 1);
            prop_assert_eq!(current.reopened, reopenings == 1);
        }
    }
}
