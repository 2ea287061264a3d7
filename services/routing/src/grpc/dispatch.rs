//! The agencies' queue and what they do with it.

use auth::{Caller, Role};
use contract::common::v1 as common;
use contract::routing::v1 as api;
use contract::routing::v1::dispatch_service_server::DispatchService;
use database::requests::Request as Repeatable;
use prost::Message;
use province::Policies;
use runtime::grpc::caller;
use runtime::wire::{parse_timestamp, scope};
use tonic::{Request, Response, Status};
use vocabulary::{AgencyId, AssignmentId, MediaId, Problem, Timestamp};

use super::{encode, parse};
use crate::Service;
use crate::domain::{Assignment, Case, Draft, UnfitReply};
use crate::error::Error;
use crate::usecases::{self, Command, List};

const PAGE: u32 = 20;
const LARGEST_PAGE: u32 = 100;
/// Longest reason of a hand-back, in code points.
const HAND_BACK_REASON_LIMIT: usize = 1_000;

/// Who works on an assignment, each within the bounds of [`usecases::authorise`].
const WORKERS: &[Role] = &[Role::AgencyHandler, Role::AgencyLeader, Role::Coordinator, Role::ClearedOfficer];
/// Who makes a reply public.
const APPROVERS: &[Role] = &[Role::AgencyLeader, Role::Supervisor, Role::ClearedOfficer];

pub(super) struct Dispatch {
    pub(super) service: Service,
}

impl Dispatch {
    /// The assignment that a request names, if the caller may work on it; asked before anything else is looked at.
    async fn authorise(&self, caller: &Caller, roles: &[Role], name: &str) -> Result<AssignmentId, Error> {
        caller.require(roles)?;
        let assignment = AssignmentId::parse_name(name).map_err(|_| Problem::denied())?;
        usecases::authorise(&self.service.desk, caller, roles, assignment).await?;
        Ok(assignment)
    }

    fn command(
        &self,
        caller: &Caller,
        assignment: AssignmentId,
        method: &str,
        message: &impl Message,
        (request_id, etag): (&str, &str),
    ) -> Result<Command, Problem> {
        let request_id = parse::request_id(request_id)?;
        let caller = self.service.platform.reporters.caller(caller);
        let request = Repeatable::new(&caller, request_id, method, &message.encode_to_vec());
        Ok(Command { assignment, version: parse::etag(etag)?, request })
    }

    /// Encodes the reply that is stored for replays.
    fn reply(&self) -> impl FnOnce(&Case, &Assignment, Timestamp) -> Vec<u8> + Send + 'static {
        let province = std::sync::Arc::clone(&self.service.desk.province);
        move |case, assignment, now| encode::assignment(&province, case, assignment, now).encode_to_vec()
    }

    /// Runs a command to its end, whatever becomes of the caller.
    async fn finish(
        &self,
        command: impl Future<Output = Result<Vec<u8>, Error>> + Send + 'static,
    ) -> Result<Response<api::Assignment>, Status> {
        let bytes = self.service.platform.lifecycle.shielded(command).await?;
        let reply = api::Assignment::decode(bytes.as_slice());
        let reply = reply.map_err(|_| Error::from(Problem::internal("stored reply")))?;
        Ok(Response::new(reply))
    }
}

#[tonic::async_trait]
impl DispatchService for Dispatch {
    async fn list_assignments(
        &self,
        request: Request<api::ListAssignmentsRequest>,
    ) -> Result<Response<api::ListAssignmentsResponse>, Status> {
        let caller = caller(&request)?;
        let message = request.into_inner();
        let page = self.list(&caller, message).await?;
        Ok(Response::new(page))
    }

    async fn accept_assignment(
        &self,
        request: Request<api::AcceptAssignmentRequest>,
    ) -> Result<Response<api::Assignment>, Status> {
        let caller = caller(&request)?;
        let message = request.into_inner();
        let assignment = self.authorise(&caller, WORKERS, &message.name).await?;
        let keys = (message.request_id.as_str(), message.etag.as_str());
        let command =
            self.command(&caller, assignment, "AcceptAssignment", &message, keys).map_err(Error::from)?;
        let (desk, reply) = (self.service.desk.clone(), self.reply());
        self.finish(async move { usecases::accept_assignment(&desk, command, reply).await }).await
    }

    async fn hand_back_assignment(
        &self,
        request: Request<api::HandBackAssignmentRequest>,
    ) -> Result<Response<api::Assignment>, Status> {
        let caller = caller(&request)?;
        let message = request.into_inner();
        let assignment = self.authorise(&caller, WORKERS, &message.name).await?;
        let keys = (message.request_id.as_str(), message.etag.as_str());
        let command =
            self.command(&caller, assignment, "HandBackAssignment", &message, keys).map_err(Error::from)?;
        let reason =
            parse::required_text("reason", "REASON_REQUIRED", &message.reason, HAND_BACK_REASON_LIMIT)
                .map_err(Error::from)?;
        let (desk, reply) = (self.service.desk.clone(), self.reply());
        self.finish(async move { usecases::hand_back_assignment(&desk, command, reason, reply).await }).await
    }

    async fn submit_resolution(
        &self,
        request: Request<api::SubmitResolutionRequest>,
    ) -> Result<Response<api::Assignment>, Status> {
        let caller = caller(&request)?;
        let message = request.into_inner();
        let assignment = self.authorise(&caller, WORKERS, &message.name).await?;
        let keys = (message.request_id.as_str(), message.etag.as_str());
        let command =
            self.command(&caller, assignment, "SubmitResolution", &message, keys).map_err(Error::from)?;
        let policies = &self.service.desk.province.policies;
        let draft = draft(policies, message.resolution.unwrap_or_default()).map_err(Error::from)?;
        let resolution = draft.check(policies).map_err(|unfit| Error::from(unfit_reply(unfit)))?;
        let (desk, reply) = (self.service.desk.clone(), self.reply());
        self.finish(async move { usecases::submit_resolution(&desk, command, resolution, reply).await }).await
    }

    async fn approve_resolution(
        &self,
        request: Request<api::ApproveResolutionRequest>,
    ) -> Result<Response<api::Assignment>, Status> {
        let caller = caller(&request)?;
        let message = request.into_inner();
        let assignment = self.authorise(&caller, APPROVERS, &message.name).await?;
        let keys = (message.request_id.as_str(), message.etag.as_str());
        let command =
            self.command(&caller, assignment, "ApproveResolution", &message, keys).map_err(Error::from)?;
        let (desk, reply) = (self.service.desk.clone(), self.reply());
        self.finish(async move { usecases::approve_resolution(&desk, command, reply).await }).await
    }
}

impl Dispatch {
    async fn list(
        &self,
        caller: &Caller,
        message: api::ListAssignmentsRequest,
    ) -> Result<api::ListAssignmentsResponse, Error> {
        let agency = match message.agency.as_str() {
            "" => None,
            name => Some(AgencyId::parse_name(name).map_err(|_| Problem::denied())?),
        };
        let filter = List { agency, include_ended: message.include_ended }.filter(caller)?;
        let size = parse::page_size(message.page_size, PAGE, LARGEST_PAGE)?;
        let platform = &self.service.platform;
        let scope = scope(&[
            b"assignments",
            &platform.reporters.caller(caller),
            filter.agency.as_ref().map_or("", |agency| agency.as_str()).as_bytes(),
            &[u8::from(filter.include_ended), u8::from(filter.include_sealed)],
        ]);
        let cursor = platform.page_key.decode(&scope, &message.page_token, database::Cursor::from_bytes)?;
        let page = usecases::list_assignments(&self.service.desk, &filter, cursor, size).await?;
        let now = self.service.desk.clock.now();
        let province = &self.service.desk.province;
        let encoded = page
            .assignments
            .iter()
            .map(|(assignment, case)| encode::assignment(province, case, assignment, now));
        let next = page.next.map(|last| platform.page_key.encode(&scope, &last.to_bytes()));
        Ok(api::ListAssignmentsResponse {
            assignments: encoded.collect(),
            next_page_token: next.unwrap_or_default(),
        })
    }
}

fn draft(policies: &Policies, resolution: api::Resolution) -> Result<Draft, Problem> {
    let outcome = common::Outcome::try_from(resolution.outcome)
        .map_err(|_| parse::enum_unknown("resolution.outcome"))?;
    let media = |name: &String| MediaId::parse_name(name).map_err(|error| media_invalid(error.to_string()));
    let promised = match resolution.promised_time {
        None => None,
        given => Some(parse_timestamp("resolution.promised_time", given)?),
    };
    let longest = policies.text.maximum_code_points;
    Ok(Draft {
        outcome: crate::wire::parse_outcome(outcome),
        reply: parse::required_text("resolution.reply", "REPLY_REQUIRED", &resolution.reply, longest)?,
        evidence: resolution.evidence.iter().map(media).collect::<Result<_, _>>()?,
        promised,
    })
}

fn media_invalid(description: String) -> Problem {
    Problem::invalid("resolution.evidence", "MEDIA_INVALID", description, "Ảnh kèm theo không hợp lệ.")
}

fn unfit_reply(unfit: UnfitReply) -> Problem {
    match unfit {
        UnfitReply::NoOutcome => Problem::invalid(
            "resolution.outcome",
            "OUTCOME_REQUIRED",
            "says what was done and is required",
            "Xin chọn kết quả xử lý.",
        ),
        UnfitReply::TooMuchEvidence { limit } => media_invalid(format!("must be at most {limit} media")),
        UnfitReply::NoPromise => Problem::invalid(
            "resolution.promised_time",
            "PROMISED_TIME_REQUIRED",
            "a planned outcome needs the date by which it is done",
            "Xin nhập ngày dự kiến hoàn thành.",
        ),
    }
}
