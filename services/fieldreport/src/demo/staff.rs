//! Coordinators, cleared officers and agencies at their queues.

use std::time::Duration;

use anyhow::Context as _;
use auth::Role;
use contract::classification::v1::decide_review_request::Decision;
use contract::classification::v1::{
    ChangeLeaf, Classification, Confirm, DecideReviewRequest, GetClassificationRequest, ListReviewsRequest,
    Reject, ReturnToCitizen, Review,
};
use contract::common::v1::Location;
use contract::routing::v1::{
    AcceptAssignmentRequest, ApproveResolutionRequest, Assignment, ExplainRouteRequest,
    HandBackAssignmentRequest, ListAssignmentsRequest, LocatePointRequest, LocatePointResponse, Resolution,
    SubmitResolutionRequest,
};
use tonic::Status;

use super::actor::{Actor, Stage};
use super::cast::Reply;
use super::plan::Ruling;

const DAY: Duration = Duration::from_secs(86_400);

/// The people at the province's centre, each with a token of their own.
#[derive(Clone)]
pub struct Staff {
    /// Sorts what is doubtful.
    pub coordinator: Actor,
    /// Reads what nobody else may.
    pub cleared_officer: Actor,
    /// Anybody.
    pub public: Actor,
}

impl Staff {
    /// Everybody is at their desk.
    pub fn gather(stage: &Stage) -> anyhow::Result<Self> {
        Ok(Self {
            coordinator: stage.person(Role::Coordinator, "coordinator-1")?,
            cleared_officer: stage.person(Role::ClearedOfficer, "cleared-officer-1")?,
            public: stage.person(Role::Public, "public-page")?,
        })
    }
}

/// The open review of a report in somebody's queue.
pub async fn find_review(reader: &Actor, report: &str) -> Result<Option<Review>, Status> {
    let mut page_token = String::new();
    loop {
        let request = ListReviewsRequest { page_size: 100, page_token, ..Default::default() };
        let page = reader.call(request, async |request| reader.triage().list_reviews(request).await).await?;
        if let Some(review) = page.reviews.into_iter().find(|review| review.report == report) {
            return Ok(Some(review));
        }
        if page.next_page_token.is_empty() {
            return Ok(None);
        }
        page_token = page.next_page_token;
    }
}

/// Decides a review.
pub async fn decide(officer: &Actor, review: &Review, ruling: Ruling) -> Result<Review, Status> {
    let decision = match ruling {
        Ruling::Confirm => Decision::Confirm(Confirm {}),
        Ruling::ChangeLeaf(leaf) => Decision::ChangeLeaf(ChangeLeaf { leaf, urgency: 0 }),
        Ruling::Return { leaf, note } => {
            Decision::ReturnToCitizen(ReturnToCitizen { leaf, note, template: String::new() })
        }
        Ruling::Reject { note } => Decision::Reject(Reject { note, template: String::new() }),
    };
    let request = DecideReviewRequest {
        name: review.name.clone(),
        decision: Some(decision),
        request_id: officer.mint(),
        etag: review.etag.clone(),
    };
    officer.call(request, async |request| officer.triage().decide_review(request).await).await
}

/// How a report was classified.
pub async fn classification(officer: &Actor, report: &str) -> Result<Classification, Status> {
    let request = GetClassificationRequest { name: format!("{report}/classification") };
    officer.call(request, async |request| officer.classification().get_classification(request).await).await
}

/// Where a point lies.
pub async fn locate(reader: &Actor, location: Location) -> Result<LocatePointResponse, Status> {
    let request = LocatePointRequest { location: Some(location) };
    reader.call(request, async |request| reader.directory().locate_point(request).await).await
}

/// The agency that is competent for a leaf at a place, `agencies/{id}`; empty if a person must find it, or if the leaf is
/// none that agencies answer.
pub async fn competent(reader: &Actor, location: Location, leaf: &str, urgency: i32) -> String {
    let request =
        ExplainRouteRequest { location: Some(location), leaf: leaf.to_owned(), urgency, arrival_time: None };
    let route = reader.call(request, async |request| reader.routing().explain_route(request).await).await;
    route.map(|route| route.agency).unwrap_or_default()
}

/// The handler and the leader of an agency.
pub struct Agency {
    /// Works.
    pub handler: Actor,
    /// Approves.
    leader: Actor,
}

impl Agency {
    /// The people of an agency, named as in `agencies/{id}`.
    pub fn enter(stage: &Stage, name: &str) -> anyhow::Result<Self> {
        let handler = stage.of_agency(Role::AgencyHandler, name)?;
        Ok(Self { handler, leader: stage.of_agency(Role::AgencyLeader, name)? })
    }

    /// Finds a report's open assignment in the agency's own queue.
    pub async fn find(&self, report: &str) -> anyhow::Result<Assignment> {
        let mut page_token = String::new();
        loop {
            let request = ListAssignmentsRequest { page_size: 100, page_token, ..Default::default() };
            let rpc = async |request| self.handler.dispatch().list_assignments(request).await;
            let page = self.handler.call(request, rpc).await.context("the agency's queue cannot be read")?;
            if let Some(found) = page.assignments.into_iter().find(|assignment| assignment.report == report) {
                return Ok(found);
            }
            anyhow::ensure!(!page.next_page_token.is_empty(), "the report is not in its agency's queue");
            page_token = page.next_page_token;
        }
    }

    /// Starts to work.
    pub async fn accept(&self, assignment: Assignment) -> anyhow::Result<Assignment> {
        let (name, etag) = (assignment.name, assignment.etag);
        let request = AcceptAssignmentRequest { name, request_id: self.handler.mint(), etag };
        let rpc = async |request| self.handler.dispatch().accept_assignment(request).await;
        self.handler.call(request, rpc).await.context("the agency cannot accept")
    }

    /// Gives the report back to the coordinator.
    pub async fn hand_back(&self, assignment: Assignment, reason: String) -> anyhow::Result<Assignment> {
        let (name, etag) = (assignment.name, assignment.etag);
        let request = HandBackAssignmentRequest { name, reason, request_id: self.handler.mint(), etag };
        let rpc = async |request| self.handler.dispatch().hand_back_assignment(request).await;
        self.handler.call(request, rpc).await.context("the agency cannot hand back")
    }

    /// Answers, and the leader approves.
    pub async fn answer(
        &self,
        assignment: Assignment,
        reply: Reply,
        evidence: Vec<String>,
        promised_days: Option<u32>,
    ) -> anyhow::Result<Assignment> {
        let promise = |days| self.handler.clock.now() + DAY * days;
        let promised_time = promised_days.map(|days| runtime::wire::timestamp(promise(days)));
        let resolution =
            Resolution { outcome: reply.outcome.into(), reply: reply.reply, evidence, promised_time };
        let request = SubmitResolutionRequest {
            name: assignment.name,
            resolution: Some(resolution),
            request_id: self.handler.mint(),
            etag: assignment.etag,
        };
        let rpc = async |request| self.handler.dispatch().submit_resolution(request).await;
        let written = self.handler.call(request, rpc).await.context("the reply is refused")?;
        let (name, etag) = (written.name, written.etag);
        let request = ApproveResolutionRequest { name, request_id: self.leader.mint(), etag };
        let rpc = async |request| self.leader.dispatch().approve_resolution(request).await;
        self.leader.call(request, rpc).await.context("the reply cannot be approved")
    }
}
