//! What this service tells the others, and what it reads in their events.

use contract::common::v1 as common;
use contract::event::v1 as event;
use contract::event::v1::{
    RatingInvited, RatingSubmitted, ReportClosed, ReportDeferred, ReportRejected, ReportReopened,
    ReportResolved, ReportReturned, ReportWithdrawn, ReturnContested,
};
use messaging::Envelope;
use province::{Province, RatingPolicy};
use runtime::wire;
use vocabulary::{Access, AgencyId, CommuneCode, IdError, Problem, Timestamp};

use crate::domain::invitation::{Closing, EndedAs, Invitation, Rating};
use crate::grpc::encode;

/// What an event says about a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A round has ended.
    Closed(Box<Closing>),
    /// The reporter took it back.
    Withdrawn,
    /// The reporter contests the closing of this round.
    Contested(u32),
}

/// Why an event says nothing that could be understood; no repetition helps.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// Of a type that this service does not listen to, or with a broken body.
    #[error(transparent)]
    Body(#[from] messaging::DecodeError),
    /// A fact is missing.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// An id is none.
    #[error(transparent)]
    Id(#[from] IdError),
    /// A time is none.
    #[error(transparent)]
    Time(#[from] Problem),
}

/// Reads an event of the subscription.
pub fn read(envelope: &Envelope, province: &Province) -> Result<News, Unreadable> {
    if envelope.is::<ReportWithdrawn>() {
        envelope.decode::<ReportWithdrawn>()?;
        return Ok(News::Withdrawn);
    }
    if envelope.is::<ReturnContested>() {
        return Ok(News::Contested(round(envelope.decode::<ReturnContested>()?.round)?));
    }
    let (ended_as, facts) = if envelope.is::<ReportReturned>() {
        (EndedAs::Returned, of_returned(envelope.decode()?))
    } else if envelope.is::<ReportRejected>() {
        (EndedAs::Rejected, of_rejected(envelope.decode()?))
    } else if envelope.is::<ReportDeferred>() {
        let facts = envelope.decode::<ReportDeferred>()?.closing;
        (EndedAs::AnsweredDeferred, facts.ok_or(Unreadable::Missing("closing"))?)
    } else {
        let facts = envelope.decode::<ReportResolved>()?.closing;
        (EndedAs::Resolved, facts.ok_or(Unreadable::Missing("closing"))?)
    };
    Ok(News::Closed(Box::new(closing(envelope, ended_as, facts, province)?)))
}

fn of_returned(returned: ReportReturned) -> event::Closing {
    event::Closing {
        round: returned.round,
        agency: returned.agency,
        leaf: returned.leaf,
        access: returned.access,
        commune_code: returned.commune_code,
        close_time: returned.return_time,
        respond_due_time: None,
        held: None,
        reporter_proof: returned.reporter_proof,
    }
}

fn of_rejected(rejected: ReportRejected) -> event::Closing {
    event::Closing {
        round: rejected.round,
        agency: rejected.agency,
        leaf: rejected.leaf,
        access: rejected.access,
        commune_code: rejected.commune_code,
        close_time: rejected.reject_time,
        respond_due_time: None,
        held: None,
        reporter_proof: rejected.reporter_proof,
    }
}

fn closing(
    envelope: &Envelope,
    ended_as: EndedAs,
    facts: event::Closing,
    province: &Province,
) -> Result<Closing, Unreadable> {
    let close_time = wire::parse_timestamp("close_time", facts.close_time)?;
    let commune = |code: &str| code.parse::<CommuneCode>();
    let held = facts.held.map(|held| wire::parse_duration("held", Some(held))).transpose()?;
    Ok(Closing {
        report: envelope.report,
        round: round(facts.round)?,
        ended_as,
        agency: AgencyId::parse_name(&facts.agency)?,
        leaf: facts.leaf.parse()?,
        commune: Some(facts.commune_code.as_str())
            .filter(|code| !code.is_empty())
            .map(commune)
            .transpose()?,
        access: access(facts.access)?,
        close_time,
        close_day: province.local_date(close_time),
        respond_due_time: facts
            .respond_due_time
            .map(|due| wire::parse_timestamp("respond_due_time", Some(due)))
            .transpose()?,
        // As precise as the table keeps it, so that a repeated event equals what is stored.
        held: held.map(|held| {
            std::time::Duration::from_micros(u64::try_from(held.as_micros()).unwrap_or(u64::MAX))
        }),
        reporter_proof: facts
            .reporter_proof
            .as_ref()
            .try_into()
            .map_err(|_| Unreadable::Missing("reporter_proof"))?,
    })
}

fn round(value: i32) -> Result<u32, Unreadable> {
    u32::try_from(value).ok().filter(|round| *round > 0).ok_or(Unreadable::Missing("round"))
}

fn access(value: i32) -> Result<Access, Unreadable> {
    match common::Access::try_from(value) {
        Ok(common::Access::Ordinary) => Ok(Access::Ordinary),
        Ok(common::Access::Restricted) => Ok(Access::Restricted),
        Ok(common::Access::Quarantine) => Ok(Access::Quarantine),
        Ok(common::Access::Unspecified) | Err(_) => Err(Unreadable::Missing("access")),
    }
}

/// The reporter is asked.
pub fn rating_invited(invitation: &Invitation) -> RatingInvited {
    RatingInvited {
        report: invitation.closing.report.name(),
        invitation: invitation.id.name(),
        round: encode::number(invitation.closing.round),
        expire_time: Some(wire::timestamp(invitation.expire_time)),
    }
}

/// The reporter has answered.
pub fn rating_submitted(invitation: &Invitation, rating: &Rating, policy: &RatingPolicy) -> RatingSubmitted {
    RatingSubmitted {
        report: invitation.closing.report.name(),
        invitation: invitation.id.name(),
        round: encode::number(invitation.closing.round),
        revision: encode::number(rating.revision),
        verdict: encode::verdict(rating.opinion.verdict).into(),
        resolved: rating.opinion.resolved,
        revise_until_time: invitation.revise_until(policy).map(wire::timestamp),
    }
}

/// The reporter sends the report back.
pub fn report_reopened(invitation: &Invitation, now: Timestamp) -> ReportReopened {
    ReportReopened {
        report: invitation.closing.report.name(),
        round: encode::number(invitation.closing.round),
        reopen_time: Some(wire::timestamp(now)),
    }
}

/// The rating window is over.
pub fn report_closed(invitation: &Invitation, now: Timestamp) -> ReportClosed {
    ReportClosed {
        report: invitation.closing.report.name(),
        round: encode::number(invitation.closing.round),
        close_time: Some(wire::timestamp(now)),
    }
}
