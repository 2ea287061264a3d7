//! Events come in: decode → use case → outcome.

use contract::common::v1 as common;
use contract::event::v1 as event;
use messaging::{DecodeError, Envelope, Handler, Outcome, Work};
use runtime::wire::parse_timestamp;
use sea_orm::DbErr;
use vocabulary::{IdError, LeafCode, MediaId, Point, PointError, ReportId};

use crate::domain::{Decision, Disposition, Matter, Snapshot};
use crate::usecases::{Change, Desk, News, apply_events};
use crate::wire;

/// What routing makes of events.
pub(crate) struct Consumer {
    pub(crate) desk: Desk,
}

impl Handler for Consumer {
    async fn handle(&self, work: &mut Work, events: &[Envelope]) -> Result<Vec<Outcome>, DbErr> {
        let mut outcomes = Vec::with_capacity(events.len());
        let mut changes = Vec::with_capacity(events.len());
        for envelope in events {
            outcomes.push(match read(envelope) {
                Ok(news) => {
                    changes.push(Change { envelope, news });
                    Outcome::Done
                }
                Err(error) => Outcome::Failed(error.to_string()),
            });
        }
        apply_events(&self.desk, work, changes).await?;
        Ok(outcomes)
    }
}

/// Why an event can never be applied.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error("routing does not listen to this type")]
    UnknownType,
    #[error("the body is about another report than the envelope")]
    OtherReport,
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{0} has an unknown value")]
    UnknownValue(&'static str),
    #[error(transparent)]
    Id(#[from] IdError),
    #[error(transparent)]
    Point(#[from] PointError),
}

fn read(envelope: &Envelope) -> Result<News, Unreadable> {
    if envelope.is::<event::ReportClassified>() {
        let body: event::ReportClassified = envelope.decode()?;
        return classified(envelope, body, false);
    }
    if envelope.is::<event::ReportReclassified>() {
        let event::ReportReclassified {
            report,
            classification,
            disposition,
            note,
            template,
            duplicate_of,
            contested,
        } = envelope.decode()?;
        let body =
            event::ReportClassified { report, classification, disposition, note, template, duplicate_of };
        return classified(envelope, body, contested);
    }
    if envelope.is::<event::ReviewRequested>() {
        let body: event::ReviewRequested = envelope.decode()?;
        return Ok(News::ReviewRequested(snapshot(envelope, body.report)?));
    }
    if envelope.is::<event::InfoRequested>() {
        let body: event::InfoRequested = envelope.decode()?;
        same_report(envelope, &body.report)?;
        return Ok(News::InfoRequested);
    }
    if envelope.is::<event::ReportWithdrawn>() {
        let body: event::ReportWithdrawn = envelope.decode()?;
        same_report(envelope, &body.report)?;
        return Ok(News::Withdrawn);
    }
    if envelope.is::<event::ReportReopened>() {
        let body: event::ReportReopened = envelope.decode()?;
        same_report(envelope, &body.report)?;
        let round = u32::try_from(body.round).ok().filter(|round| *round > 0);
        return Ok(News::Reopened(round.ok_or(Unreadable::UnknownValue("round"))?));
    }
    Err(Unreadable::UnknownType)
}

fn classified(
    envelope: &Envelope,
    body: event::ReportClassified,
    contested: bool,
) -> Result<News, Unreadable> {
    let event::ReportClassified { report, classification, disposition, note, template, .. } = body;
    let snapshot = snapshot(envelope, report)?;
    let classification = classification.ok_or(Unreadable::Missing("classification"))?;
    let urgency = wire::parse_urgency(classification.urgency());
    let access = wire::parse_access(classification.access());
    let matter = Matter {
        leaf: classification.leaf.parse::<LeafCode>()?,
        urgency: urgency.ok_or(Unreadable::UnknownValue("urgency"))?,
        access: access.ok_or(Unreadable::UnknownValue("access"))?,
    };
    let disposition = match event::Disposition::try_from(disposition) {
        Ok(event::Disposition::Route) => Disposition::Route,
        Ok(event::Disposition::Return) => Disposition::Return,
        Ok(event::Disposition::Reject) => Disposition::Reject,
        Ok(event::Disposition::Unspecified) | Err(_) => return Err(Unreadable::UnknownValue("disposition")),
    };
    // A text that this pack does not have any more leaves the choice to the leaf.
    let template = template.parse().ok();
    let (sequence, time) = (envelope.sequence, envelope.time);
    Ok(News::Classified(
        snapshot,
        Decision { sequence, time, matter, disposition, note, template, contested },
    ))
}

fn snapshot(envelope: &Envelope, report: Option<event::ReportSnapshot>) -> Result<Snapshot, Unreadable> {
    let report = report.ok_or(Unreadable::Missing("report"))?;
    same_report(envelope, &report.report)?;
    let common::Location { point, address } = report.location.ok_or(Unreadable::Missing("location"))?;
    let point = point.ok_or(Unreadable::Missing("location.point"))?;
    let create_time = parse_timestamp("create_time", report.create_time);
    Ok(Snapshot {
        code: report.code,
        text: report.text,
        point: Point::parse(point.latitude, point.longitude)?,
        address,
        media: report.media.iter().map(|name| MediaId::parse_name(name)).collect::<Result<_, _>>()?,
        create_time: create_time.map_err(|_| Unreadable::Missing("create_time"))?,
        reporter_proof: report.reporter_proof.to_vec(),
    })
}

fn same_report(envelope: &Envelope, name: &str) -> Result<(), Unreadable> {
    if ReportId::parse_name(name)? == envelope.report { Ok(()) } else { Err(Unreadable::OtherReport) }
}
