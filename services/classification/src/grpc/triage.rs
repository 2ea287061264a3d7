//! `TriageService`.

use std::collections::BTreeSet;

use auth::{Caller, Role};
use contract::classification::v1::triage_service_server::TriageService;
use contract::classification::v1::{
    BatchDecideReviewsRequest, BatchDecideReviewsResponse, BatchUndoDecisionsRequest,
    BatchUndoDecisionsResponse, ClaimReviewRequest, DecideReviewRequest, GetReviewRequest,
    ListReturnTemplatesRequest, ListReturnTemplatesResponse, ListReviewsRequest, ListReviewsResponse,
    ReleaseReviewRequest, Review, ReviewState as WireState, UndoDecisionRequest,
};
use prost::Message as _;
use runtime::Lifecycle;
use runtime::grpc::caller;
use runtime::wire::page_size;
use tonic::{Request, Response, Status};
use vocabulary::{Problem, ReviewId};

use super::decision::parse_decide;
use super::{encode, recorded, unknown_enum};
use crate::domain::review::ReviewState;
use crate::error::Error;
use crate::usecases::{self, BatchItem, ClaimReview, Desk, Page};

const TRIAGE: [Role; 2] = [Role::Coordinator, Role::ClearedOfficer];
const PAGE_DEFAULT: u32 = 20;
const PAGE_MAXIMUM: u32 = 100;
const BATCH_MAXIMUM: usize = 100;

pub(crate) struct Triage {
    pub(crate) desk: Desk,
    pub(crate) lifecycle: Lifecycle,
}

#[tonic::async_trait]
impl TriageService for Triage {
    async fn list_reviews(
        &self,
        request: Request<ListReviewsRequest>,
    ) -> Result<Response<ListReviewsResponse>, Status> {
        let caller = authorise(&request)?;
        let page = parse_list(request.into_inner()).map_err(Error::from)?;
        Ok(Response::new(usecases::list_reviews(&self.desk, &caller, page).await?))
    }

    async fn get_review(&self, request: Request<GetReviewRequest>) -> Result<Response<Review>, Status> {
        let caller = authorise(&request)?;
        let review = parse_review(&request.get_ref().name).map_err(Error::from)?;
        Ok(Response::new(usecases::get_review(&self.desk, &caller, review).await?))
    }

    async fn claim_review(&self, request: Request<ClaimReviewRequest>) -> Result<Response<Review>, Status> {
        let caller = authorise(&request)?;
        let ClaimReviewRequest { name, request_id } = request.into_inner();
        let command = self.parse_claim(caller, &name, &request_id, "ClaimReview")?;
        let claimed = usecases::claim_review(self.desk.clone(), command);
        Ok(Response::new(self.lifecycle.shielded::<Review, Error>(claimed).await?))
    }

    async fn release_review(
        &self,
        request: Request<ReleaseReviewRequest>,
    ) -> Result<Response<Review>, Status> {
        let caller = authorise(&request)?;
        let ReleaseReviewRequest { name, request_id } = request.into_inner();
        let command = self.parse_claim(caller, &name, &request_id, "ReleaseReview")?;
        let released = usecases::release_review(self.desk.clone(), command);
        Ok(Response::new(self.lifecycle.shielded::<Review, Error>(released).await?))
    }

    async fn decide_review(&self, request: Request<DecideReviewRequest>) -> Result<Response<Review>, Status> {
        let caller = authorise(&request)?;
        let request = request.into_inner();
        let content = request.encode_to_vec();
        let recorded = recorded(&self.desk, &caller, &request.request_id, "DecideReview", &content)?;
        let item = parse_decide(&self.desk, request).map_err(Error::from)?;
        let decided = usecases::decide_review(self.desk.clone(), caller, item, recorded);
        Ok(Response::new(self.lifecycle.shielded::<Review, Error>(decided).await?))
    }

    async fn batch_decide_reviews(
        &self,
        request: Request<BatchDecideReviewsRequest>,
    ) -> Result<Response<BatchDecideReviewsResponse>, Status> {
        let caller = authorise(&request)?;
        let request = request.into_inner();
        let content = request.encode_to_vec();
        let recorded = recorded(&self.desk, &caller, &request.request_id, "BatchDecideReviews", &content)?;
        require_batch("requests", request.requests.iter().map(|one| one.name.as_str()))
            .map_err(Error::from)?;
        let item = |one: DecideReviewRequest| BatchItem {
            name: one.name.clone(),
            item: parse_decide(&self.desk, one),
        };
        let items = request.requests.into_iter().map(item).collect();
        let decided = usecases::decide_batch(self.desk.clone(), caller, items, recorded);
        let reply = self.lifecycle.shielded::<BatchDecideReviewsResponse, Error>(decided).await?;
        Ok(Response::new(reply))
    }

    async fn undo_decision(&self, request: Request<UndoDecisionRequest>) -> Result<Response<Review>, Status> {
        let caller = authorise(&request)?;
        let UndoDecisionRequest { name, request_id } = request.into_inner();
        let recorded = recorded(&self.desk, &caller, &request_id, "UndoDecision", name.as_bytes())?;
        let review = parse_review(&name).map_err(Error::from)?;
        let undone = usecases::undo_decision(self.desk.clone(), caller, review, recorded);
        Ok(Response::new(self.lifecycle.shielded::<Review, Error>(undone).await?))
    }

    async fn batch_undo_decisions(
        &self,
        request: Request<BatchUndoDecisionsRequest>,
    ) -> Result<Response<BatchUndoDecisionsResponse>, Status> {
        let caller = authorise(&request)?;
        let request = request.into_inner();
        let content = request.encode_to_vec();
        let recorded = recorded(&self.desk, &caller, &request.request_id, "BatchUndoDecisions", &content)?;
        require_batch("names", request.names.iter().map(String::as_str)).map_err(Error::from)?;
        let items = request.names.into_iter().map(|name| BatchItem { item: parse_review(&name), name });
        let undone = usecases::undo_batch(self.desk.clone(), caller, items.collect(), recorded);
        let reply = self.lifecycle.shielded::<BatchUndoDecisionsResponse, Error>(undone).await?;
        Ok(Response::new(reply))
    }

    async fn list_return_templates(
        &self,
        request: Request<ListReturnTemplatesRequest>,
    ) -> Result<Response<ListReturnTemplatesResponse>, Status> {
        authorise(&request)?;
        let templates = encode::return_templates(&self.desk.province.templates);
        Ok(Response::new(ListReturnTemplatesResponse { templates }))
    }
}

impl Triage {
    fn parse_claim(
        &self,
        caller: Caller,
        name: &str,
        request_id: &str,
        method: &str,
    ) -> Result<ClaimReview, Error> {
        let request = recorded(&self.desk, &caller, request_id, method, name.as_bytes())?;
        Ok(ClaimReview { caller, review: parse_review(name)?, request })
    }
}

fn authorise<T>(request: &Request<T>) -> Result<Caller, Status> {
    let caller = caller(request)?;
    caller.require(&TRIAGE).map_err(Error::from)?;
    Ok(caller)
}

fn parse_list(request: ListReviewsRequest) -> Result<Page, Problem> {
    let size = page_size(request.page_size, PAGE_DEFAULT, PAGE_MAXIMUM)?;
    let state = match WireState::try_from(request.state) {
        Ok(WireState::Unspecified | WireState::Open) => ReviewState::Open,
        Ok(WireState::Asked) => ReviewState::Asked,
        Ok(WireState::Pending) => ReviewState::Pending,
        Ok(WireState::Decided | WireState::Dropped) | Err(_) => return Err(unknown_enum("state")),
    };
    Ok(Page { size, token: request.page_token, state, unclaimed: request.unclaimed, sealed: request.sealed })
}

/// A name that is none names nothing that exists.
pub(super) fn parse_review(name: &str) -> Result<ReviewId, Problem> {
    ReviewId::parse_name(name).map_err(|_| Problem::denied())
}

fn require_batch<'a>(field: &str, names: impl ExactSizeIterator<Item = &'a str>) -> Result<(), Problem> {
    let count = names.len();
    let different = names.collect::<BTreeSet<_>>().len();
    if different == count && (1..=BATCH_MAXIMUM).contains(&count) {
        return Ok(());
    }
    Err(Problem::invalid(
        field,
        "BATCH_INVALID",
        format!("must be 1 to {BATCH_MAXIMUM}, each review once"),
        "Danh sách phải có từ 1 đến 100 phản ánh, không lặp lại.",
    ))
}
