//! Event adapter: envelope → fact → use case → outcome.

use contract::Event as _;
use contract::event::v1::{
    InfoProvided, MediaAttached, RedriveRequested, ReportHandedBack, ReportReopened, ReportResolved,
    ReportSubmitted, ReportWithdrawn, ReturnContested, RouteMissing, WorkStarted,
};
use messaging::{Envelope, Handler, Outcome, Subscription, Work};
use runtime::wire::parse_timestamp;
use sea_orm::DbErr;

use crate::domain::case::Objection;
use crate::domain::doubts::ReviewReason;
use crate::domain::similar::PhotoHash;
use crate::store::Turn;
use crate::usecases::{Desk, Fact, Happening, follow_reports};

/// What this service listens to.
pub const SUBSCRIPTION: Subscription = Subscription {
    queue: "classification",
    types: &[
        ReportSubmitted::TYPE,
        ReportHandedBack::TYPE,
        RouteMissing::TYPE,
        MediaAttached::TYPE,
        InfoProvided::TYPE,
        ReturnContested::TYPE,
        ReportWithdrawn::TYPE,
        WorkStarted::TYPE,
        ReportResolved::TYPE,
        ReportReopened::TYPE,
        RedriveRequested::TYPE,
    ],
};

pub(crate) struct Consumer {
    pub(crate) desk: Desk,
}

impl Handler for Consumer {
    async fn handle(&self, work: &mut Work, events: &[Envelope]) -> Result<Vec<Outcome>, DbErr> {
        let mut facts = Vec::with_capacity(events.len());
        let mut outcomes = Vec::with_capacity(events.len());
        for event in events {
            match parse(&self.desk, event) {
                Ok(None) => outcomes.push(Outcome::Done),
                Ok(Some(happening)) => {
                    facts.push(Fact {
                        event: event.id,
                        report: event.report,
                        sequence: event.sequence,
                        happening,
                        span: event.span("classification"),
                    });
                    outcomes.push(Outcome::Done);
                }
                Err(why) => outcomes.push(Outcome::Failed(why)),
            }
        }
        let early = follow_reports(&self.desk, work, facts).await?;
        let outcome = |(event, outcome): (&Envelope, Outcome)| match early.contains(&event.id) {
            true => Outcome::Failed("the report is not known here yet".to_owned()),
            false => outcome,
        };
        Ok(events.iter().zip(outcomes).map(outcome).collect())
    }
}

/// What an event says to us, if anything, or why it cannot be understood.
fn parse(desk: &Desk, event: &Envelope) -> Result<Option<Happening>, String> {
    let broken = |error: messaging::DecodeError| error.to_string();
    match event.event_type.as_str() {
        ReportSubmitted::TYPE => {
            let submitted: ReportSubmitted = event.decode().map_err(broken)?;
            let snapshot = submitted.report.ok_or("the event carries no report")?;
            if snapshot.report != event.report.name() {
                return Err("the event is about another report than its envelope".to_owned());
            }
            let due_time = desk.due_time(&snapshot).map_err(|problem| problem.to_string())?;
            Ok(Some(Happening::Submitted(Box::new(snapshot), due_time)))
        }
        ReportHandedBack::TYPE => {
            let handed_back: ReportHandedBack = event.decode().map_err(broken)?;
            // The agency of last resort decides what the coordinators could not.
            let open = !handed_back.last_resort;
            Ok(open.then_some(Happening::Objected(Objection::HandedBack(handed_back.reason))))
        }
        RouteMissing::TYPE => {
            let missing: RouteMissing = event.decode().map_err(broken)?;
            let objection = match missing.reason.parse() {
                Ok(ReviewReason::OutsideProvince) => Objection::OutsideProvince,
                Ok(ReviewReason::NoMatrixRow) => Objection::NoMatrixRow,
                _ => return Err(format!("routing gives the unknown reason {:?}", missing.reason)),
            };
            Ok(Some(Happening::Objected(objection)))
        }
        MediaAttached::TYPE => {
            let attached: MediaAttached = event.decode().map_err(broken)?;
            Ok(PhotoHash::of(attached.image_hash).map(Happening::Pictured))
        }
        InfoProvided::TYPE => {
            let provided: InfoProvided = event.decode().map_err(broken)?;
            let at = parse_timestamp("provide_time", provided.provide_time);
            Ok(Some(Happening::Answered(provided.text, at.map_err(|problem| problem.to_string())?)))
        }
        ReturnContested::TYPE => {
            let contested: ReturnContested = event.decode().map_err(broken)?;
            Ok(Some(Happening::Contested(contested.reason)))
        }
        WorkStarted::TYPE => {
            event.decode::<WorkStarted>().map_err(broken)?;
            Ok(Some(Happening::Accepted))
        }
        ReportResolved::TYPE => {
            let resolved: ReportResolved = event.decode().map_err(broken)?;
            let closing = resolved.closing.ok_or("the event carries no closing")?;
            Ok(Some(Happening::Turned(Turn::Closed(closing.round))))
        }
        ReportReopened::TYPE => {
            let reopened: ReportReopened = event.decode().map_err(broken)?;
            Ok(Some(Happening::Turned(Turn::Reopened(reopened.round))))
        }
        ReportWithdrawn::TYPE => {
            event.decode::<ReportWithdrawn>().map_err(broken)?;
            Ok(Some(Happening::Withdrawn))
        }
        other => Err(format!("{other} is not bound to this queue")),
    }
}
