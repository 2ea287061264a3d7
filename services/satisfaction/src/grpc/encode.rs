//! From the domain to the contract's messages.

use contract::common::v1 as common;
use contract::satisfaction::v1 as api;
use runtime::wire;
use vocabulary::{AgencyId, Verdict};

use crate::domain::board::{Disclosed, Figures, Score};
use crate::domain::invitation::{EndedAs, Invitation, Rating};
use crate::domain::opinion::Reason;
use crate::domain::wilson::Share;

/// A count for the wire.
pub fn number(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

/// A verdict.
pub const fn verdict(verdict: Verdict) -> common::Verdict {
    match verdict {
        Verdict::Satisfied => common::Verdict::Satisfied,
        Verdict::Acceptable => common::Verdict::Acceptable,
        Verdict::Unsatisfied => common::Verdict::Unsatisfied,
    }
}

/// A rating.
pub fn rating(rating: &Rating) -> api::Rating {
    api::Rating {
        invitation: rating.invitation.name(),
        revision: number(rating.revision),
        verdict: verdict(rating.opinion.verdict).into(),
        resolved: rating.opinion.resolved,
        reasons: rating.opinion.reasons.iter().map(|one| reason(*one).into()).collect(),
        comment: rating.opinion.comment.clone(),
        create_time: Some(wire::timestamp(rating.create_time)),
        reopened: rating.reopened,
    }
}

/// An invitation with the rating in force.
pub fn invitation(invitation: &Invitation, answer: Option<&Rating>) -> api::Invitation {
    let closing = &invitation.closing;
    api::Invitation {
        name: invitation.id.name(),
        report: closing.report.name(),
        round: number(closing.round),
        ended_as: ended_as(closing.ended_as).into(),
        agency: closing.agency.name(),
        create_time: Some(wire::timestamp(invitation.create_time)),
        expire_time: Some(wire::timestamp(invitation.expire_time)),
        rating: answer.map(rating),
    }
}

/// A score. What is hidden has neither counts nor shares.
pub fn score(dimension: api::ScoreDimension, score: &Score, method_version: &str) -> api::Score {
    let bare = api::Score {
        dimension: dimension.into(),
        subject: subject(dimension, &score.subject),
        disclosure: api::Disclosure::Hidden.into(),
        method_version: method_version.to_owned(),
        ..api::Score::default()
    };
    match &score.disclosed {
        Disclosed::Hidden => bare,
        Disclosed::Unranked(figures) => {
            api::Score { disclosure: api::Disclosure::Unranked.into(), ..with_figures(bare, figures) }
        }
        Disclosed::Ranked(rank, figures) => api::Score {
            disclosure: api::Disclosure::Ranked.into(),
            rank: number(*rank),
            ..with_figures(bare, figures)
        },
    }
}

fn with_figures(bare: api::Score, figures: &Figures) -> api::Score {
    let count = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
    api::Score {
        closed: count(figures.tally.closed),
        asked: count(figures.tally.asked),
        answered: count(figures.tally.answered()),
        response_rate: figures.response_rate,
        satisfied: Some(share(figures.satisfied)),
        at_least_acceptable: Some(share(figures.at_least_acceptable)),
        shrunken_satisfied: figures.shrunken_satisfied,
        on_time: figures.on_time,
        median_hours: figures.median_hours,
        reopened: figures.reopened,
        ..bare
    }
}

fn subject(dimension: api::ScoreDimension, subject: &str) -> String {
    match (dimension, subject.parse::<AgencyId>()) {
        (api::ScoreDimension::Agency, Ok(agency)) => agency.name(),
        _ => subject.to_owned(),
    }
}

const fn share(share: Share) -> api::Share {
    api::Share { value: share.value, lower: share.lower, upper: share.upper }
}

const fn ended_as(ended_as: EndedAs) -> common::ReportState {
    match ended_as {
        EndedAs::Resolved => common::ReportState::Resolved,
        EndedAs::AnsweredDeferred => common::ReportState::AnsweredDeferred,
        EndedAs::Returned => common::ReportState::Returned,
        EndedAs::Rejected => common::ReportState::Rejected,
    }
}

const fn reason(reason: Reason) -> api::DissatisfactionReason {
    match reason {
        Reason::NotDone => api::DissatisfactionReason::NotDone,
        Reason::NotThorough => api::DissatisfactionReason::NotThorough,
        Reason::GenericAnswer => api::DissatisfactionReason::GenericAnswer,
        Reason::NoEvidence => api::DissatisfactionReason::NoEvidence,
        Reason::Attitude => api::DissatisfactionReason::Attitude,
        Reason::Slow => api::DissatisfactionReason::Slow,
    }
}
