//! Citizens: report, add, take back, rate.

use std::time::Duration;

use contract::common::v1::{ReportState, Verdict};
use contract::intake::v1::{
    CreateReportRequest, Message, PostMessageRequest, ReportView, WithdrawReportRequest,
};
use contract::satisfaction::v1::{DissatisfactionReason, SubmitRatingRequest};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;

use crate::town::ask::digest;
use crate::town::memory::Own;
use crate::town::people::Person;
use crate::town::{Town, fresh_id};

/// Share of reports that announce photos or a film.
const WITH_MEDIA: f64 = 0.12;
/// Share of ratings that are given twice at once.
const DOUBLE_TAP: f64 = 0.15;
const LOOK: Duration = Duration::from_millis(50);

impl Town {
    /// A report that announces these media, and what the ledger says of it.
    pub fn draft(
        &self,
        citizen: usize,
        media: Vec<String>,
        rng: &mut StdRng,
    ) -> (CreateReportRequest, serde_json::Value) {
        let request_id = fresh_id(rng);
        let mark = format!("{citizen}-{}", rng.random::<u32>());
        let mut report = self.script.report(&mark, rng);
        report.media = media.iter().map(|id| format!("media/{id}")).collect();
        let point = report.location.as_ref().and_then(|location| location.point).unwrap_or_default();
        let details = json!({
            "text": digest(report.text.as_bytes()),
            "latitude": point.latitude,
            "longitude": point.longitude,
            "media": media,
            "consent": report.publication_consent,
        });
        let reporter = rng.random_bool(0.9).then(|| self.people.canary().reporter(citizen));
        let request =
            CreateReportRequest { report: Some(report), request_id, reporter, validate_only: false };
        (request, details)
    }

    /// Sends a report. Media are announced with it and travel before or after it.
    pub(super) async fn create(&self, citizen: usize, rng: &mut StdRng) -> anyhow::Result<()> {
        let count = if rng.random_bool(WITH_MEDIA) { rng.random_range(1..=2) } else { 0 };
        let media: Vec<String> = (0..count).map(|_| fresh_id(rng)).collect();
        let (request, details) = self.draft(citizen, media.clone(), rng);
        let before = rng.random_bool(0.3);
        if before {
            self.upload_all(citizen, &media, rng).await?;
        }
        let created = self.ask(&Person::Citizen(citizen), request, details, rng).await?.answer();
        if let Some(report) = created {
            self.memory.open().created(Own { report: report.name, citizen });
        }
        if !before {
            self.upload_all(citizen, &media, rng).await?;
        }
        Ok(())
    }

    /// Sends one report and follows it until somebody has it; answers how long that took after it was acknowledged, if it
    /// was and took no longer than `limit`.
    pub async fn one_report_to_its_owner(&self, limit: Duration) -> anyhow::Result<Option<Duration>> {
        let mut rng = StdRng::seed_from_u64(self.clock.now().micros().unsigned_abs());
        let person = Person::Citizen(0);
        let (request, details) = self.draft(0, Vec::new(), &mut rng);
        let Some(report) = self.ask(&person, request, details, &mut rng).await?.answer() else {
            return Ok(None);
        };
        let begun = tokio::time::Instant::now();
        while begun.elapsed() < limit {
            let seen = self.look_at(&person, &report.name, ReportView::Basic).await?;
            if seen.is_some_and(|report| report.state() != ReportState::Submitted) {
                return Ok(Some(begun.elapsed()));
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(None)
    }

    /// Something more about a report, and what the ledger says of it.
    pub fn addition(&self, report: &str, rng: &mut StdRng) -> (PostMessageRequest, serde_json::Value) {
        let text = format!("Bổ sung: vị trí gần cột mốc số {}.", rng.random_range(1..1_000));
        let details = json!({ "report": report, "text": digest(text.as_bytes()) });
        let message = Message { text, ..Message::default() };
        let parent = report.to_owned();
        (PostMessageRequest { parent, message: Some(message), request_id: fresh_id(rng) }, details)
    }

    /// Writes in the thread of an own report.
    pub(super) async fn post(&self, rng: &mut StdRng) -> anyhow::Result<()> {
        let Some(own) = self.memory.open().any_report(rng) else { return Ok(()) };
        let (request, details) = self.addition(&own.report, rng);
        drop(self.ask(&Person::Citizen(own.citizen), request, details, rng).await?);
        Ok(())
    }

    /// Takes an own report back.
    pub(super) async fn withdraw(&self, rng: &mut StdRng) -> anyhow::Result<()> {
        let Some(own) = self.memory.open().any_report(rng) else { return Ok(()) };
        let details = json!({ "report": own.report });
        let request = WithdrawReportRequest { name: own.report, request_id: fresh_id(rng) };
        drop(self.ask(&Person::Citizen(own.citizen), request, details, rng).await?);
        Ok(())
    }

    /// Rates an answer, once the invitation to do so has come.
    pub(super) async fn rate(&self, rng: &mut StdRng) -> anyhow::Result<()> {
        let Some(own) = self.memory.open().answered.pop_front() else { return Ok(()) };
        let person = Person::Citizen(own.citizen);
        let invitation = self
            .look_at(&person, &own.report, ReportView::Basic)
            .await?
            .map(|report| report.invitation)
            .unwrap_or_default();
        if invitation.is_empty() {
            self.memory.open().answered.push_back(own);
            return Ok(());
        }
        let rated = if rng.random_bool(DOUBLE_TAP) {
            // Two requests of their own, not one sent twice: both count, one after the other.
            let mut other = StdRng::seed_from_u64(rng.random());
            let (first, second) = futures::future::join(
                self.rate_once(&own, &invitation, rng),
                self.rate_once(&own, &invitation, &mut other),
            )
            .await;
            first? | second?
        } else {
            self.rate_once(&own, &invitation, rng).await?
        };
        // Some change their mind.
        if rated && rng.random_bool(0.3) {
            self.memory.open().answered.push_back(own);
        }
        Ok(())
    }

    /// Answers whether the rating was taken.
    async fn rate_once(&self, own: &Own, invitation: &str, rng: &mut StdRng) -> anyhow::Result<bool> {
        let verdicts = [Verdict::Satisfied, Verdict::Acceptable, Verdict::Unsatisfied];
        let verdict = verdicts.choose(rng).copied().unwrap_or(Verdict::Satisfied);
        let unsatisfied = verdict == Verdict::Unsatisfied;
        let details =
            json!({ "report": own.report, "invitation": invitation, "verdict": verdict.as_str_name() });
        let request = SubmitRatingRequest {
            invitation: invitation.to_owned(),
            resolved: !unsatisfied,
            verdict: verdict.into(),
            reasons: if unsatisfied { vec![DissatisfactionReason::NotDone.into()] } else { Vec::new() },
            comment: String::new(),
            request_id: fresh_id(rng),
        };
        Ok(self.ask(&Person::Citizen(own.citizen), request, details, rng).await?.answer().is_some())
    }
}
