//! Follows what the other services tell of reports: classifies new ones, opens reviews, drops those of withdrawn ones.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contract::event::v1::ReportSnapshot;
use messaging::Work;
use sea_orm::DbErr;
use tracing::Span;
use vocabulary::{EventId, ReportId, ReviewId, Timestamp, Urgency};

use super::Desk;
use super::announce::announce;
use crate::domain::agreement::{Proposals, is_sampled};
use crate::domain::assessment::Assessment;
use crate::domain::case::{Announcement, Case, Objection, Opening, Reading};
use crate::domain::labels::Mark;
use crate::domain::similar::PhotoHash;
use crate::machine::{Machine, Opinion};
use crate::store::{self, Answer, Dossier, NewMark, Papers, Sample, Turn};

/// What happened to a report.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// It is durable; its first clock is due at the time given.
    Submitted(Box<ReportSnapshot>, Timestamp),
    /// A photo of it has arrived, perhaps before the report.
    Pictured(PhotoHash),
    /// Routing objects to its classification.
    Objected(Objection),
    /// Its reporter says that it should not have been returned.
    Contested(String),
    /// Its reporter has answered a question, at the time given.
    Answered(String, Timestamp),
    /// An agency has accepted it.
    Accepted,
    /// Its matter was settled, or what was settled was not enough.
    Turned(Turn),
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

/// Works on a batch of facts, with a constant number of statements. Answers the events that came too early: what they are
/// about is not known yet, and nothing was done for them.
pub async fn follow_reports(
    desk: &Desk,
    work: &mut Work,
    facts: Vec<Fact>,
) -> Result<BTreeSet<EventId>, DbErr> {
    let reports: BTreeSet<ReportId> = facts.iter().map(|fact| fact.report).collect();
    let mut early = BTreeSet::new();
    if reports.is_empty() {
        return Ok(early);
    }
    database::fault_point!("classification.follow.before-load");
    let mut dossiers = store::load(work.tx(), &reports).await?;
    let cases = dossiers.iter().map(|(report, dossier)| (*report, dossier.case.clone()));
    let mut before: BTreeMap<ReportId, Case> = cases.collect();
    let mut follower = Follower::new(desk);
    for fact in facts {
        let Some(dossier) = dossiers.get_mut(&fact.report) else { continue };
        work.set_cause(Some(fact.event));
        let (event, span) = (fact.event, fact.span.clone());
        if span.in_scope(|| follower.follow(work, dossier, fact)).is_none() {
            early.insert(event);
        }
    }
    work.set_cause(None);
    let Follower { now, answers, photos, turns, proposals, samples, marks, .. } = follower;
    let changes: Vec<(Case, Dossier)> = dossiers
        .into_iter()
        .filter_map(|(report, dossier)| Some((before.remove(&report)?, dossier)))
        .collect();
    store::update(work.inserts(), &changes)?;
    store::insert_answers(work.tx(), &answers).await?;
    store::insert_photos(work.tx(), &photos).await?;
    store::note_turns(work.tx(), &turns).await?;
    store::insert_samples(work.tx(), &samples).await?;
    store::add_proposals(work.tx(), desk.province.local_date(now).to_julian_day(), &proposals).await?;
    store::mark_last(work.tx(), marks).await?;
    database::fault_point!("classification.follow.after-save");
    Ok(early)
}

struct Follower<'a> {
    desk: &'a Desk,
    machine: Arc<Machine>,
    now: Timestamp,
    answers: Vec<(ReportId, Answer)>,
    photos: BTreeSet<(ReportId, PhotoHash)>,
    turns: BTreeMap<Turn, Vec<ReportId>>,
    proposals: Proposals,
    samples: Vec<Sample>,
    marks: Vec<(ReportId, NewMark)>,
}

impl<'a> Follower<'a> {
    fn new(desk: &'a Desk) -> Self {
        let (machine, now) = (desk.machine(), desk.now());
        Self {
            desk,
            machine,
            now,
            answers: Vec::new(),
            photos: BTreeSet::new(),
            turns: BTreeMap::new(),
            proposals: Proposals::new(),
            samples: Vec::new(),
            marks: Vec::new(),
        }
    }

    /// None when the fact comes too early.
    fn follow(&mut self, work: &mut Work, dossier: &mut Dossier, fact: Fact) -> Option<()> {
        let announcements: Vec<Announcement> = match fact.happening {
            Happening::Submitted(..) if dossier.case.classified.is_some() => Vec::new(),
            Happening::Submitted(snapshot, due_time) => self.submit(work, dossier, *snapshot, due_time),
            Happening::Pictured(photo) => {
                self.photos.insert((fact.report, photo));
                Vec::new()
            }
            Happening::Objected(objection) => {
                if matches!(objection, Objection::HandedBack(_)) {
                    self.mark(fact.report, Mark::HandedBack);
                }
                // Before the report has arrived nothing is opened, whatever the time.
                let papers = dossier.papers.as_ref();
                let due_time = papers.and_then(|papers| self.desk.due_time(&papers.snapshot).ok());
                let opening = self.opening(due_time.unwrap_or(self.now));
                dossier.case.object(fact.sequence, objection, opening).into_iter().collect()
            }
            Happening::Contested(why) => {
                dossier.papers.as_ref()?;
                let opening = self.opening(self.desk.due_from(self.now));
                dossier.case.contest(why, opening).into_iter().collect()
            }
            Happening::Answered(text, at) => self.answer(dossier, fact.sequence, text, at)?,
            Happening::Accepted => {
                dossier.papers.as_ref()?;
                self.mark(fact.report, Mark::AgencyAccepted);
                Vec::new()
            }
            Happening::Turned(turn) => {
                dossier.papers.as_ref()?;
                self.turns.entry(turn).or_default().push(fact.report);
                Vec::new()
            }
            Happening::Withdrawn => {
                dossier.case.withdraw();
                Vec::new()
            }
        };
        for announcement in announcements {
            // Nobody decides here: there is no label to keep.
            announce(self.desk, work, self.now, dossier, &announcement);
        }
        Some(())
    }

    fn opening(&self, due_time: Timestamp) -> Opening<'_> {
        let review = ReviewId(self.desk.outbox.clock().mint());
        Opening { review, due_time, now: self.now, outside_leaf: self.machine.outside_leaf() }
    }

    /// An agency has said something of the last decision about the report.
    fn mark(&mut self, report: ReportId, mark: Mark) {
        let id = self.desk.outbox.clock().mint();
        let new = NewMark { id, mark, person: None, reason: String::new(), time: self.now };
        self.marks.push((report, new));
    }

    /// Counts what the machine proposes, and keeps a share of what it is sure of for people who have not seen it.
    fn watch(&mut self, report: ReportId, proposal: &Assessment, sure: bool) {
        let leaf = proposal.leaf.clone();
        *self.proposals.entry(leaf.clone()).or_default() += 1;
        if sure && is_sampled(report.0, self.desk.province.policies.learning.double_label_share) {
            let id = self.desk.outbox.clock().mint();
            self.samples.push(Sample { id, report, leaf, time: self.now });
        }
    }

    fn submit(
        &mut self,
        work: &mut Work,
        dossier: &mut Dossier,
        snapshot: ReportSnapshot,
        due_time: Timestamp,
    ) -> Vec<Announcement> {
        let Opinion { proposal, doubts, suggestion } = self.machine.read(&snapshot.text);
        let photos = snapshot.image_hashes.iter().filter_map(|hash| PhotoHash::of(*hash));
        self.photos.extend(photos.map(|photo| (dossier.case.report, photo)));
        self.watch(dossier.case.report, &proposal, doubts.is_empty());
        let route = if doubts.is_empty() { "automatic" } else { "review" };
        work.after_commit(move || {
            metrics::counter!("classified_total", "route" => route).increment(1);
        });
        // Danger to life is due when it arrives: it stands at the head of the queue, whatever the clock says.
        let arrived = runtime::wire::parse_timestamp("create_time", snapshot.create_time).unwrap_or(due_time);
        let due_time = if proposal.urgency == Urgency::Emergency { arrived } else { due_time };
        dossier.papers = Some(Papers { snapshot, first_suggestion: suggestion, answers: Vec::new() });
        dossier.case.submit(Reading { proposal, doubts }, self.opening(due_time))
    }

    fn answer(
        &mut self,
        dossier: &mut Dossier,
        sequence: i64,
        text: String,
        provide_time: Timestamp,
    ) -> Option<Vec<Announcement>> {
        let papers = dossier.papers.as_mut()?;
        let Opinion { proposal, doubts, suggestion } =
            self.machine.read(&format!("{}\n\n{text}", papers.text()));
        let answer = Answer { sequence, text, suggestion, provide_time };
        papers.answers.push(answer.clone());
        self.answers.push((dossier.case.report, answer));
        let opening = self.opening(self.desk.due_from(self.now));
        Some(dossier.case.hear_answer(Reading { proposal, doubts }, opening).into_iter().collect())
    }
}
