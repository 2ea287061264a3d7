//! One report from the citizen's phone to the rated answer: everybody acts on what the system really did.

use std::ops::ControlFlow::{self, Break, Continue};

use anyhow::Context as _;
use auth::Role;
use contract::common::v1::{Access, ReportState};
use contract::intake::v1::Report;
use tonic::{Code, Status};

use super::actor::{Actor, Stage};
use super::cast::Part;
use super::citizen;
use super::photo::Album;
use super::plan::{self, Seen, Work};
use super::played::Played;
use super::secrecy;
use super::staff::{self, Agency, Staff};
use super::watch::Watch;

/// Plays one report to its end, or until it rests with somebody.
pub async fn play(stage: &Stage, staff: &Staff, part: &Part, album: &Album) -> Played {
    let mut played = Played::new(part.clone());
    if let Err(error) = run(stage, staff, album, &mut played).await {
        played.fault = Some(format!("{error:#}"));
    }
    played
}

async fn run(stage: &Stage, staff: &Staff, album: &Album, played: &mut Played) -> anyhow::Result<()> {
    let part = played.part.clone();
    let citizen = stage.person(Role::Citizen, &part.citizen)?;
    played.place = staff::locate(&citizen, citizen::location(&part)).await.context("the place is refused")?;
    played.report = send(&citizen, &part, album, played).await?;
    let name = played.report.name.clone();
    let mut journey = Journey { stage, staff, album, part, citizen, name: &name, played };
    let outcome = journey.follow().await;
    let read = journey.conclude().await;
    outcome.and(read)
}

/// Sends the report and, apart from it, its photos.
async fn send(citizen: &Actor, part: &Part, album: &Album, played: &mut Played) -> anyhow::Result<Report> {
    let media: Vec<String> = album.before.iter().map(|_| citizen.mint()).collect();
    let request = citizen::request(part, citizen.mint(), &media);
    let sent = citizen::send(citizen, request.clone()).await.context("the report is refused")?;
    let (report, acknowledged) = sent;
    played.acknowledged = Some(acknowledged);
    if part.resubmit {
        let (again, _) = citizen::send(citizen, request).await.context("the repeat is refused")?;
        played.duplicate_same = Some(again == report);
    }
    for (media_id, photo) in media.iter().zip(&album.before) {
        played.uploads.push(citizen::upload(citizen, media_id, photo).await?);
    }
    Ok(report)
}

struct Journey<'a> {
    stage: &'a Stage,
    staff: &'a Staff,
    album: &'a Album,
    part: Part,
    citizen: Actor,
    name: &'a str,
    played: &'a mut Played,
}

impl Journey<'_> {
    /// Follows the timeline; whoever has the turn acts.
    async fn follow(&mut self) -> anyhow::Result<()> {
        let mut watch = Watch::open(self.citizen.clone(), self.name).await?;
        while let Some(entry) = watch.next().await? {
            let turn = match entry.event.as_str() {
                "ReviewRequested" => self.triage().await?,
                "ReportAssigned" => self.work().await?,
                "RatingInvited" => self.rate().await?,
                _ => Continue(()),
            };
            if turn.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// A coordinator decides; what is sensitive is decided by a cleared officer.
    async fn triage(&mut self) -> anyhow::Result<ControlFlow<()>> {
        let officer = &self.staff.cleared_officer;
        let found =
            staff::find_review(officer, self.name).await.context("the triage queue cannot be read")?;
        // Decided already: the entry told of an older request.
        let Some(review) = found else { return Ok(Continue(())) };
        if self.played.hand_backs == 0 && self.played.review_reasons.is_none() {
            self.played.review_reasons = Some(review.reasons.clone());
        }
        let suggestion = review.suggestion.clone().unwrap_or_default();
        let officer = match suggestion.access() {
            Access::Restricted | Access::Quarantine => {
                let probes = secrecy::probe_waiting(self.staff, &review).await;
                self.played.secrecy.extend(probes);
                officer
            }
            Access::Ordinary | Access::Unspecified => &self.staff.coordinator,
        };
        let ruling = plan::rule(&self.part, self.played.hand_backs, &suggestion.leaf);
        match staff::decide(officer, &review, ruling).await {
            // Changed since it was read: the next entry asks again.
            Err(status) if status.code() == Code::Aborted => Ok(Continue(())),
            outcome => outcome.map(|_| Continue(())).context("the decision is refused"),
        }
    }

    /// The agency in charge does its part.
    async fn work(&mut self) -> anyhow::Result<ControlFlow<()>> {
        let report = self.read().await?;
        if !matches!(report.state(), ReportState::Assigned) {
            return Ok(Continue(()));
        }
        let agency = Agency::enter(self.stage, &report.agency)?;
        let assignment = agency.find(self.name).await?;
        self.played.rounds = assignment.round;
        let seen = Seen {
            agency: &report.agency,
            competent: &self.competent(report.urgency).await,
            round: assignment.round,
            hand_backs: self.played.hand_backs,
        };
        match plan::work(&self.part, seen) {
            Work::LeaveOpen => return Ok(Break(())),
            Work::Withdrawn => citizen::withdraw(&self.citizen, self.name).await?,
            Work::HandBack { reason } => {
                self.played.hand_backs += 1;
                agency.hand_back(assignment, reason).await?;
            }
            Work::Answer { reply, promised_days, asked } => {
                let assignment = agency.accept(assignment).await?;
                if let Some((question, answer)) = asked {
                    citizen::post(&agency.handler, self.name, &question).await?;
                    citizen::post(&self.citizen, self.name, &answer).await?;
                }
                let evidence = self.take_photo(&agency).await?;
                agency.answer(assignment, reply, evidence, promised_days).await?;
            }
        }
        Ok(Continue(()))
    }

    /// The agency that a person who knows the matter would choose.
    async fn competent(&self, urgency: i32) -> String {
        let leaf = plan::right_leaf(&self.part, self.played.hand_backs);
        staff::competent(&self.staff.coordinator, citizen::location(&self.part), leaf, urgency).await
    }

    /// The handler's photo of the place afterwards.
    async fn take_photo(&mut self, agency: &Agency) -> anyhow::Result<Vec<String>> {
        let Some(photo) = &self.album.after else { return Ok(Vec::new()) };
        let media_id = agency.handler.mint();
        self.played.uploads.push(citizen::upload(&agency.handler, &media_id, photo).await?);
        Ok(vec![format!("media/{media_id}")])
    }

    /// The citizen rates the first answer; a report that is reopened goes on.
    async fn rate(&mut self) -> anyhow::Result<ControlFlow<()>> {
        let Some(opinion) = self.part.rating.clone().filter(|_| self.played.verdict.is_none()) else {
            return Ok(Break(()));
        };
        let report = self.read().await?;
        let rating = citizen::rate(&self.citizen, &report.invitation, &opinion).await?;
        self.played.verdict = Some(opinion.verdict);
        self.played.reopened = rating.reopened;
        Ok(if rating.reopened { Continue(()) } else { Break(()) })
    }

    /// Reads how everything stands at the end.
    async fn conclude(&mut self) -> anyhow::Result<()> {
        self.played.report = self.read().await?;
        let officer = &self.staff.cleared_officer;
        let known =
            staff::classification(officer, self.name).await.context("the classification is hidden")?;
        self.played.access = known.access();
        self.played.suggestion = known.suggestion.unwrap_or_default();
        if self.played.access != Access::Ordinary || self.part.is_sensitive() {
            let probes = secrecy::probe_ended(self.staff, &self.citizen, self.name).await;
            self.played.secrecy.extend(probes);
        }
        Ok(())
    }

    async fn read(&self) -> anyhow::Result<Report> {
        let read: Result<Report, Status> = citizen::read(&self.citizen, self.name).await;
        read.context("the report cannot be read")
    }
}
