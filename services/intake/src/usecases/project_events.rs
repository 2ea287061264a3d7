//! Brings other services' events onto the timelines, in one order whatever the order of arrival: an event waits until its
//! predecessor from the same service and its cause are there.

use std::collections::{BTreeMap, HashMap, HashSet};

use messaging::{Envelope, Outcome, Work};
use sea_orm::DbErr;
use uuid::Uuid;
use vocabulary::ReportId;

use crate::domain::report::{Answer, Report};
use crate::domain::timeline::{Entry, Happening};
use crate::events;
use crate::store::{held, media, reports, timeline};
use crate::{Intake, store};

/// Works on one batch.
pub async fn project_events(
    intake: &Intake,
    work: &mut Work,
    arrived: &[Envelope],
) -> Result<Vec<Outcome>, DbErr> {
    if arrived.is_empty() {
        return Ok(Vec::new());
    }
    database::fault_point!("intake.project.before-load");
    let ids: HashSet<Uuid> = arrived.iter().map(|event| event.report.0).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let found = reports::find_all(work.tx(), ids.clone()).await?;
    let mut reports: HashMap<ReportId, Report> =
        found.into_iter().map(|report| (report.id, report)).collect();
    let waiting = held::find_all(work.tx(), ids).await?;
    let causes =
        arrived.iter().chain(&waiting).filter_map(|event| event.cause).map(|cause| cause.0).collect();
    let told = timeline::known(work.tx(), causes).await?;

    let mut board =
        Board { intake, told, entries: Vec::new(), refused: HashMap::new(), changed: HashSet::new() };
    let mut queue: BTreeMap<(ReportId, String, i64), Envelope> = BTreeMap::new();
    for event in arrived.iter().chain(&waiting) {
        queue.insert((event.report, event.source.clone(), event.sequence), event.clone());
    }
    board.apply_all(&mut reports, &mut queue);

    let new: HashSet<Uuid> = arrived.iter().map(|event| event.id.0).collect();
    let mut hold: Vec<Envelope> = queue.into_values().filter(|event| new.contains(&event.id.0)).collect();
    hold.retain(|event| board.may_be_held(event, &reports));
    let outcomes = arrived.iter().map(|event| board.outcome(event, &reports)).collect();
    let release = waiting.iter().map(|event| event.id.0).filter(|id| board.told.contains(id)).collect();
    held::add_all(work.inserts(), &hold)?;
    held::remove_all(work.tx(), release).await?;
    database::fault_point!("intake.project.after-held");
    board.save(work, &reports).await?;
    database::fault_point!("intake.project.after-save");
    Ok(outcomes)
}

struct Board<'a> {
    intake: &'a Intake,
    /// Events that are on a timeline.
    told: HashSet<Uuid>,
    entries: Vec<Entry>,
    refused: HashMap<Uuid, String>,
    changed: HashSet<ReportId>,
}

impl Board<'_> {
    /// Applies every event that may be applied, until no further one may; what is left in `queue` waits.
    fn apply_all(
        &mut self,
        reports: &mut HashMap<ReportId, Report>,
        queue: &mut BTreeMap<(ReportId, String, i64), Envelope>,
    ) {
        loop {
            let ready =
                queue.iter().find(|(_, event)| self.is_ready(event, reports)).map(|(key, _)| key.clone());
            let Some(event) = ready.and_then(|key| queue.remove(&key)) else { return };
            if let Some(report) = reports.get_mut(&event.report) {
                self.apply(report, &event);
            }
        }
    }

    /// Events of unknown reports are ready too: they are refused at once.
    fn is_ready(&self, event: &Envelope, reports: &HashMap<ReportId, Report>) -> bool {
        let Some(report) = reports.get(&event.report) else { return true };
        let last = report.applied.get(&event.source).copied().unwrap_or(0);
        event.sequence <= last + 1 && event.cause.is_none_or(|cause| self.told.contains(&cause.0))
    }

    fn apply(&mut self, report: &mut Report, event: &Envelope) {
        let _entered = event.span(crate::NAME).entered();
        let (change, text) = match events::project(event, report, &self.intake.province) {
            Ok(projected) => projected,
            Err(error) => {
                self.refused.insert(event.id.0, error.to_string());
                return;
            }
        };
        let happening = Happening { event: event.id, kind: event.short_type().to_owned(), text };
        let entry = report.record(happening, change, event.time);
        report.applied.insert(event.source.clone(), event.sequence);
        tracing::debug!(sequence = entry.sequence, "on the timeline");
        self.told.insert(event.id.0);
        self.changed.insert(report.id);
        self.entries.push(entry);
    }

    /// Only what can be told later is held: an event that nobody can read is refused, and parked, at once.
    fn may_be_held(&mut self, event: &Envelope, reports: &HashMap<ReportId, Report>) -> bool {
        let Some(report) = reports.get(&event.report) else { return false };
        match events::project(event, report, &self.intake.province) {
            Ok(_) => true,
            Err(error) => {
                self.refused.insert(event.id.0, error.to_string());
                false
            }
        }
    }

    fn outcome(&self, event: &Envelope, reports: &HashMap<ReportId, Report>) -> Outcome {
        if !reports.contains_key(&event.report) {
            return Outcome::Failed("the report is not known here".to_owned());
        }
        match self.refused.get(&event.id.0) {
            Some(reason) => Outcome::Failed(reason.clone()),
            None => Outcome::Done,
        }
    }

    async fn save(self, work: &mut Work, reports: &HashMap<ReportId, Report>) -> Result<(), DbErr> {
        if self.changed.is_empty() {
            return Ok(());
        }
        let changed: Vec<&Report> = self.changed.iter().filter_map(|id| reports.get(id)).collect();
        reports::update_all(work.tx(), changed.iter().copied()).await?;
        timeline::add_all(work.inserts(), &self.entries)?;
        let links: Vec<media::Link> = changed.iter().flat_map(|report| evidence(report)).collect();
        media::link_all(work.inserts(), &links)?;
        let (watchers, changed) = (self.intake.watchers.clone(), self.changed);
        work.after_commit(move || watchers.wake(changed.into_iter()));
        Ok(())
    }
}

/// Photos of the place afterwards belong to the report from now on.
fn evidence(report: &Report) -> Vec<store::media::Link> {
    let shown = report.answer.iter().flat_map(|answer: &Answer| &answer.evidence);
    (0..)
        .zip(shown)
        .map(|(position, medium)| media::Link { media: *medium, report: report.id, position, evidence: true })
        .collect()
}
