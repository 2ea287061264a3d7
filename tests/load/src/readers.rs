//! People who look: reports with their timelines, lists, queues, scores.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use auth::Role;
use contract::classification::v1::{ListReviewsRequest, ListReviewsResponse};
use contract::intake::v1::{
    GetReportRequest, ListReportsRequest, ListReportsResponse, ListScope, Report, ReportView,
};
use contract::routing::v1::{ListAssignmentsRequest, ListAssignmentsResponse};
use contract::satisfaction::v1::{
    GetScoreRequest, ListScoresRequest, ListScoresResponse, Score, ScoreDimension,
};
use prost_types::Timestamp;
use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::agencies::granted;
use crate::cast::{Cast, Pass};
use crate::driver::{Ask, Driver};
use crate::operation::Operation;
use crate::reply::Reply;
use crate::seed::Plan;

/// What a console or an app shows at once.
const PAGE: i32 = 20;
/// Lengths of the periods of scores, in days.
const PERIODS: [i64; 4] = [30, 90, 365, 730];
const DAY: i64 = 86_400;

/// All of them. Cheap to clone.
#[derive(Clone)]
pub struct Readers {
    cast: Cast,
    driver: Driver,
    /// Which reports the databases were filled with.
    seeded: Option<Plan>,
    /// Where each reader left off.
    places: Arc<Mutex<HashMap<String, String>>>,
}

impl Readers {
    /// They ask through `driver`, for seeded reports if there are any, else for those that this run has sent.
    pub fn new(cast: Cast, driver: Driver, seeded: Option<Plan>) -> Self {
        Self { cast, driver, seeded, places: Arc::default() }
    }

    /// Reads something; false if there is nothing to be read.
    pub async fn read(&self, operation: Operation, number: u64, due: Instant) -> anyhow::Result<bool> {
        let mut rng = self.cast.rng(4, number);
        match operation {
            Operation::ListOwn => self.list_own(&mut rng, due).await?,
            Operation::ListPublic => self.list_public(&mut rng, due).await?,
            Operation::Queue => self.queue(&mut rng, due).await?,
            Operation::Reviews => self.reviews(due).await?,
            Operation::Score => self.score(&mut rng, due).await?,
            Operation::Scores => self.scores(&mut rng, due).await?,
            _ => return self.get_report(&mut rng, due).await,
        }
        Ok(true)
    }

    async fn get_report(&self, rng: &mut StdRng, due: Instant) -> anyhow::Result<bool> {
        let Some((name, sender)) = self.any_report(rng) else { return Ok(false) };
        let message = GetReportRequest { name, view: ReportView::Full.into() };
        self.ask::<Report>(self.cast.citizen(sender), Operation::GetReport, &message, due).await?;
        Ok(true)
    }

    fn any_report(&self, rng: &mut StdRng) -> Option<(String, usize)> {
        if let Some(plan) = &self.seeded {
            let number = rng.random_range(0..plan.reports);
            return Some((plan.report(number).name(), plan.sender(number)));
        }
        self.driver.recorder().look(|measured| {
            let known = &measured.acknowledged;
            let chosen = known.get(rng.random_range(0..known.len().max(1)))?;
            Some((chosen.name.clone(), chosen.sender))
        })
    }

    async fn list_own(&self, rng: &mut StdRng, due: Instant) -> anyhow::Result<()> {
        let citizen = rng.random_range(0..self.cast.citizens());
        let key = format!("own {citizen}");
        let message = ListReportsRequest {
            page_size: PAGE,
            scope: ListScope::Own.into(),
            page_token: self.place(&key),
            ..ListReportsRequest::default()
        };
        let pass = self.cast.citizen(citizen);
        let page = self.ask::<ListReportsResponse>(pass, Operation::ListOwn, &message, due).await?;
        self.remember(key, page.map(|page| page.next_page_token));
        Ok(())
    }

    /// The newest ones, those of a commune, or those of a field.
    async fn list_public(&self, rng: &mut StdRng, due: Instant) -> anyhow::Result<()> {
        let (commune_code, field) = match rng.random_range(0..3) {
            0 => (String::new(), String::new()),
            1 => (self.cast.commune(rng), String::new()),
            _ => (String::new(), self.cast.field(rng)),
        };
        let key = format!("public {commune_code} {field}");
        let message = ListReportsRequest {
            page_size: PAGE,
            page_token: self.place(&key),
            scope: ListScope::Public.into(),
            states: Vec::new(),
            commune_code,
            field,
        };
        let pass = self.cast.staff(Role::Public, None)?;
        let page = self.ask::<ListReportsResponse>(&pass, Operation::ListPublic, &message, due).await?;
        self.remember(key, page.map(|page| page.next_page_token));
        Ok(())
    }

    /// Of one committee, sometimes with what has ended, sometimes of all agencies.
    async fn queue(&self, rng: &mut StdRng, due: Instant) -> anyhow::Result<()> {
        let (kind, include_ended) = (rng.random_range(0..4), rng.random_bool(0.25));
        let committee = if kind == 0 { None } else { self.cast.committee(rng) };
        let role = if committee.is_none() { Role::Supervisor } else { Role::AgencyHandler };
        let key = format!("queue {committee:?} {include_ended}");
        let message = ListAssignmentsRequest {
            page_size: PAGE,
            page_token: self.place(&key),
            agency: String::new(),
            include_ended,
        };
        let pass = self.cast.staff(role, committee)?;
        let page = self.ask::<ListAssignmentsResponse>(&pass, Operation::Queue, &message, due).await?;
        self.remember(key, page.map(|page| page.next_page_token));
        Ok(())
    }

    async fn reviews(&self, due: Instant) -> anyhow::Result<()> {
        let key = "reviews".to_owned();
        let message =
            ListReviewsRequest { page_size: PAGE, page_token: self.place(&key), ..Default::default() };
        let pass = self.cast.staff(Role::Coordinator, None)?;
        let page = self.ask::<ListReviewsResponse>(&pass, Operation::Reviews, &message, due).await?;
        self.remember(key, page.map(|page| page.next_page_token));
        Ok(())
    }

    async fn score(&self, rng: &mut StdRng, due: Instant) -> anyhow::Result<()> {
        let (start_time, end_time) = self.period(rng);
        let (dimension, subject) = match rng.random_range(0..4) {
            0 => (
                ScoreDimension::Agency,
                self.cast.committee(rng).map(ToString::to_string).unwrap_or_default(),
            ),
            1 => (ScoreDimension::Field, self.cast.field(rng)),
            2 => (ScoreDimension::Commune, self.cast.commune(rng)),
            _ => (ScoreDimension::Province, "province".to_owned()),
        };
        let message = GetScoreRequest { dimension: dimension.into(), subject, start_time, end_time };
        let pass = self.cast.staff(Role::ScoreConsumer, None)?;
        self.ask::<Score>(&pass, Operation::Score, &message, due).await?;
        Ok(())
    }

    async fn scores(&self, rng: &mut StdRng, due: Instant) -> anyhow::Result<()> {
        let (start_time, end_time) = self.period(rng);
        let dimension = match rng.random_range(0..3) {
            0 => ScoreDimension::Agency,
            1 => ScoreDimension::Field,
            _ => ScoreDimension::Commune,
        };
        let message = ListScoresRequest {
            dimension: dimension.into(),
            start_time,
            end_time,
            page_size: PAGE,
            page_token: String::new(),
        };
        let pass = self.cast.staff(Role::ScoreConsumer, None)?;
        self.ask::<ListScoresResponse>(&pass, Operation::Scores, &message, due).await?;
        Ok(())
    }

    /// Ends on one of the last 60 days, so that not every question is one that was just answered.
    fn period(&self, rng: &mut StdRng) -> (Option<Timestamp>, Option<Timestamp>) {
        let length = PERIODS[rng.random_range(0..PERIODS.len())];
        let end = self.driver.clock().now().parts().0 - rng.random_range(0..60) * DAY;
        let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
        (at(end - length * DAY), at(end))
    }

    async fn ask<M: Reply>(
        &self,
        pass: &Pass,
        operation: Operation,
        message: &impl prost::Message,
        due: Instant,
    ) -> anyhow::Result<Option<M>> {
        granted(self.driver.call(Ask { pass, operation, request_id: "", due }, message).await)
    }

    fn places(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, key: &str) -> String {
        self.places().remove(key).unwrap_or_default()
    }

    /// After the last page, and after a refusal, reading begins anew.
    fn remember(&self, key: String, next: Option<String>) {
        if let Some(token) = next.filter(|token| !token.is_empty()) {
            self.places().insert(key, token);
        }
    }
}
