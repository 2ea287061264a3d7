//! Follows what the other services tell of reports: classifies new ones, opens reviews, drops those of withdrawn ones.

use std::collections::{BTreeMap, BTreeSet};

use contract::event::v1::ReportSnapshot;
use messaging::Work;
use sea_orm::DbErr;
use tracing::Span;
use vocabulary::{EventId, ReportId, ReviewId, Timestamp, Urgency};

use super::Desk;
use crate::domain::review::{Announcement, Case, Objection, Opening};
use crate::store::{self, Dossier, Papers};
use crate::{events, machine::Opinion};

/// What happened to a report.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// It is durable; its first clock is due at the time given.
    Submitted(ReportSnapshot, Timestamp),
    /// Routing objects to its classification.
    Objected(Objection),
    /// Its reporter took it back.
    Withdrawn,
}

/// An event that concerns this service.
#[derive(Debug, Clone)]
pub struct Fact {
    /// The event's id.
    pub event: EventId,
    /// The report.
    pub report: ReportId,
    /// Number among its source's events about the report.
    pub sequence: i64,
    /// What happened.
    pub happening: Happening,
    /// The trace in which to work on it.
    pub span: Span,
}

/// Works on a batch of facts, with a constant number of statements.
pub async fn follow_reports(desk: &Desk, work: &mut Work, facts: Vec<Fact>) -> Result<(), DbErr> {
    let reports: BTreeSet<ReportId> = facts.iter().map(|fact| fact.report).collect();
    if reports.is_empty() {
        return Ok(());
    }
    database::fault_point!("classification.follow.before-load");
    let mut dossiers = store::load(work.tx(), &reports).await?;
    let cases = dossiers.iter().map(|(report, dossier)| (*report, dossier.case.clone()));
    let mut before: BTreeMap<ReportId, Case> = cases.collect();
    let now = desk.outbox.clock().now();
    for fact in facts {
        if let Some(dossier) = dossiers.get_mut(&fact.report) {
            work.set_cause(Some(fact.event));
            let span = fact.span.clone();
            span.in_scope(|| follow(desk, work, now, dossier, fact));
        }
    }
    work.set_cause(None);
    let changes: Vec<(Case, Dossier)> = dossiers
        .into_iter()
        .filter_map(|(report, dossier)| Some((before.remove(&report)?, dossier)))
        .collect();
    store::update(work.tx(), &changes).await?;
    database::fault_point!("classification.follow.after-save");
    Ok(())
}

fn follow(desk: &Desk, work: &mut Work, now: Timestamp, dossier: &mut Dossier, fact: Fact) {
    let opening = |due_time| Opening {
        review: ReviewId(desk.outbox.clock().mint()),
        due_time,
        now,
        outside_leaf: desk.machine.outside_leaf(),
    };
    let announcements: Vec<Announcement> = match fact.happening {
        Happening::Submitted(..) if dossier.case.classified.is_some() => Vec::new(),
        Happening::Submitted(snapshot, due_time) => {
            let Opinion { proposal, doubts, suggestion } = desk.machine.read(&snapshot.text);
            let route = if doubts.is_empty() { "automatic" } else { "review" };
            work.after_commit(move || {
                metrics::counter!("classified_total", "route" => route).increment(1);
            });
            // Danger to life is due when it arrives: it stands at the head of the queue, whatever the clock says.
            let arrived =
                runtime::wire::parse_timestamp("create_time", snapshot.create_time).unwrap_or(due_time);
            let due_time = if proposal.urgency == Urgency::Emergency { arrived } else { due_time };
            dossier.papers = Some(Papers { snapshot, suggestion });
            dossier.case.submit(proposal, doubts, opening(due_time))
        }
        Happening::Objected(objection) => {
            // Before the report has arrived nothing is opened, whatever the time.
            let due_time = dossier.papers.as_ref().and_then(|papers| desk.due_time(&papers.snapshot).ok());
            let opening = opening(due_time.unwrap_or(now));
            dossier.case.object(fact.sequence, objection, opening).into_iter().collect()
        }
        Happening::Withdrawn => {
            dossier.case.withdraw();
            Vec::new()
        }
    };
    for announcement in announcements {
        events::publish(work, now, desk.machine.pack_version(), dossier, announcement);
    }
}
