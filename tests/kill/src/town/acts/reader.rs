//! Those who only read: the public, score pages, supervisors. What they are answered is kept for the search for
//! identities.

use std::time::Duration;

use contract::intake::v1::intake_service_client::IntakeServiceClient;
use contract::intake::v1::{GetReportRequest, ListReportsRequest, ListScope, Report, ReportView};
use contract::satisfaction::v1::score_service_client::ScoreServiceClient;
use contract::satisfaction::v1::{ListScoresRequest, ScoreDimension};
use rand::RngExt as _;
use rand::rngs::StdRng;
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};

use crate::cluster::Service;
use crate::town::Town;
use crate::town::people::Person;

const PATIENCE: Duration = Duration::from_secs(3);

fn with<M>(token: MetadataValue<Ascii>, message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", token);
    request.set_timeout(PATIENCE);
    request
}

impl Town {
    /// Reads something.
    pub(super) async fn read(&self, rng: &mut StdRng) -> anyhow::Result<()> {
        match rng.random_range(0..3) {
            0 => self.read_public().await,
            1 => self.read_scores().await,
            _ => self.read_report(rng).await,
        }
    }

    async fn read_public(&self) -> anyhow::Result<()> {
        let message =
            ListReportsRequest { page_size: 50, scope: ListScope::Public.into(), ..Default::default() };
        let read = self.read_once(Service::Intake, &Person::Public, |token, channel| async move {
            Ok(IntakeServiceClient::new(channel).list_reports(with(token, message)).await?.into_inner())
        });
        if let Some(page) = read.await? {
            self.answers.keep("ListReports", &page);
        }
        Ok(())
    }

    async fn read_scores(&self) -> anyhow::Result<()> {
        let message = ListScoresRequest {
            dimension: ScoreDimension::Agency.into(),
            page_size: 100,
            ..Default::default()
        };
        let read = self.read_once(Service::Satisfaction, &Person::ScoreReader, |token, channel| async move {
            Ok(ScoreServiceClient::new(channel).list_scores(with(token, message)).await?.into_inner())
        });
        if let Some(page) = read.await? {
            self.answers.keep("ListScores", &page);
        }
        Ok(())
    }

    async fn read_report(&self, rng: &mut StdRng) -> anyhow::Result<()> {
        let Some(own) = self.memory.open().any_report(rng) else { return Ok(()) };
        let person = if rng.random_bool(0.5) { Person::Supervisor } else { Person::Public };
        if let Some(report) = self.look_at(&person, &own.report, ReportView::Full).await? {
            self.answers.keep("GetReport", &report);
        }
        Ok(())
    }

    /// One GetReport; none when nobody answers.
    pub async fn look_at(
        &self,
        person: &Person,
        report: &str,
        view: ReportView,
    ) -> anyhow::Result<Option<Report>> {
        let message = GetReportRequest { name: report.to_owned(), view: view.into() };
        self.read_once(Service::Intake, person, |token, channel| async move {
            Ok(IntakeServiceClient::new(channel).get_report(with(token, message)).await?.into_inner())
        })
        .await
    }
}
