//! `TriageService`.

use auth::{Caller, Role};
use contract::classification::v1::decide_review_request::Decision as WireDecision;
use contract::classification::v1::triage_service_server::TriageService;
use contract::classification::v1::{DecideReviewRequest, ListReviewsRequest, ListReviewsResponse, Review};
use database::requests::Request as Recorded;
use prost::Message as _;
use runtime::Lifecycle;
use runtime::grpc::caller;
use runtime::wire::page_size;
use tonic::{Request, Response, Status};
use vocabulary::{Problem, RequestId, ReviewId, Scope, Text};

use crate::domain::assessment::Decision;
use crate::domain::rules::LeafRule;
use crate::error::Error;
use crate::machine::Machine;
use crate::usecases::{self, DecideReview, Desk, Page};
use crate::{messages, words};

const TRIAGE: [Role; 2] = [Role::Coordinator, Role::ClearedOfficer];
const PAGE_DEFAULT: u32 = 20;
const PAGE_MAXIMUM: u32 = 100;

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
        let caller = caller(&request)?;
        let page = parse_list(&caller, request.into_inner()).map_err(|problem| runtime::status(&problem))?;
        Ok(Response::new(usecases::list_reviews(&self.desk, &caller, page).await?))
    }

    async fn decide_review(&self, request: Request<DecideReviewRequest>) -> Result<Response<Review>, Status> {
        let caller = caller(&request)?;
        let command = self.parse_decide(caller, request.into_inner());
        let command = command.map_err(|problem| runtime::status(&problem))?;
        let decided = usecases::decide_review(self.desk.clone(), command);
        Ok(Response::new(self.lifecycle.shielded::<Review, Error>(decided).await?))
    }
}

fn parse_list(caller: &Caller, request: ListReviewsRequest) -> Result<Page, Problem> {
    caller.require(&TRIAGE)?;
    let size = page_size(request.page_size, PAGE_DEFAULT, PAGE_MAXIMUM)?;
    Ok(Page { size, token: request.page_token })
}

impl Triage {
    fn parse_decide(&self, caller: Caller, request: DecideReviewRequest) -> Result<DecideReview, Problem> {
        caller.require(&TRIAGE)?;
        let content = request.encode_to_vec();
        let id = RequestId::parse(&request.request_id).map_err(|error| {
            Problem::invalid(
                "request_id",
                "REQUEST_ID_INVALID",
                format!("must be {}", error.expected),
                "Mã yêu cầu không hợp lệ.",
            )
        })?;
        let decision = request.decision.ok_or_else(|| {
            Problem::invalid(
                "decision",
                "DECISION_MISSING",
                "one of confirm, change_leaf, return_to_citizen and reject is required",
                "Xin chọn một quyết định.",
            )
        })?;
        let maximum = self.desk.province.policies.text.maximum_code_points;
        let decision = parse_decision(decision, &self.desk.machine, maximum)?;
        // A name that is none names nothing that exists.
        let review = ReviewId::parse_name(&request.name).map_err(|_| Problem::denied())?;
        let version = messages::parse_etag(&request.etag);
        let request = Recorded::new(&self.desk.seal.caller(&caller), id, "DecideReview", &content);
        Ok(DecideReview { caller, review, decision, version, request })
    }
}

fn parse_decision(decision: WireDecision, machine: &Machine, maximum: usize) -> Result<Decision, Problem> {
    match decision {
        WireDecision::Confirm(_) => Ok(Decision::Confirm),
        WireDecision::ChangeLeaf(change) => {
            let leaf = parse_leaf(machine, "change_leaf.leaf", &change.leaf, Scope::In)?;
            let urgency = words::parse_urgency(change.urgency).map_err(|_| {
                Problem::invalid(
                    "change_leaf.urgency",
                    "ENUM_UNKNOWN",
                    "is no urgency that this version knows",
                    "Mức độ khẩn cấp không hợp lệ.",
                )
            })?;
            Ok(Decision::ChangeLeaf { leaf, urgency })
        }
        WireDecision::ReturnToCitizen(back) => {
            let leaf = parse_leaf(machine, "return_to_citizen.leaf", &back.leaf, Scope::Out)?;
            let note = Text::parse_optional("return_to_citizen.note", &back.note, maximum)?;
            Ok(Decision::Return { leaf, note: note.map(String::from).unwrap_or_default() })
        }
        WireDecision::Reject(reject) => {
            let note = Text::parse_optional("reject.note", &reject.note, maximum)?.ok_or_else(|| {
                Problem::invalid(
                    "reject.note",
                    "NOTE_REQUIRED",
                    "must tell the citizen why",
                    "Xin nêu lý do không tiếp nhận.",
                )
            })?;
            Ok(Decision::Reject { note: note.into() })
        }
    }
}

fn parse_leaf(machine: &Machine, field: &str, code: &str, scope: Scope) -> Result<LeafRule, Problem> {
    let leaf = machine.find_leaf(code).filter(|leaf| leaf.scope == scope);
    leaf.cloned().ok_or_else(|| {
        let kind = match scope {
            Scope::In => "a leaf in scope",
            Scope::Out => "a leaf of out_of_scope",
        };
        Problem::invalid(
            field,
            "LEAF_UNKNOWN",
            format!("must be {kind} of the province's taxonomy"),
            "Lĩnh vực không hợp lệ.",
        )
    })
}
