//! `RatingService`: the reporter's own invitations and ratings.

use std::collections::BTreeSet;

use auth::{Caller, Role};
use contract::common::v1 as common;
use contract::satisfaction::v1 as api;
use contract::satisfaction::v1::rating_service_server::RatingService;
use database::requests;
use prost::Message as _;
use runtime::grpc;
use tonic::{Request, Response, Status};
use vocabulary::{InvitationId, Problem, RequestId, Verdict};

use super::encode;
use crate::Service;
use crate::domain::opinion::{Opinion, Reason};
use crate::error::Error;
use crate::usecases::get_invitation::{find_own, get_invitation};
use crate::usecases::submit_rating::{SubmitRating, submit_rating};

const REPORTERS: &[Role] = &[Role::Citizen, Role::Assistant];

#[tonic::async_trait]
impl RatingService for Service {
    #[tracing::instrument(skip_all)]
    async fn get_invitation(
        &self,
        request: Request<api::GetInvitationRequest>,
    ) -> Result<Response<api::Invitation>, Status> {
        let caller = grpc::caller(&request)?;
        let id = own_name(&caller, &request.get_ref().name)?;
        let database = self.outbox.database();
        let (invitation, rating) = get_invitation(database, &self.platform.reporters, &caller, id).await?;
        Ok(Response::new(encode::invitation(&invitation, rating.as_ref())))
    }

    #[tracing::instrument(skip_all)]
    async fn submit_rating(
        &self,
        request: Request<api::SubmitRatingRequest>,
    ) -> Result<Response<api::Rating>, Status> {
        let caller = grpc::caller(&request)?;
        let request = request.into_inner();
        let invitation = own_name(&caller, &request.invitation)?;
        find_own(self.outbox.database(), &self.platform.reporters, &caller, invitation).await?;
        let command = SubmitRating {
            invitation,
            request: self.known_request(&caller, &request)?,
            opinion: opinion(&request).map_err(Error::Refused)?,
        };
        let work = submit_rating(self.outbox.clone(), self.platform.province.clone(), command);
        let reply = self.platform.lifecycle.shielded(work).await?;
        let rating = api::Rating::decode(reply.as_slice())
            .map_err(|_| Error::Refused(Problem::internal("a stored answer is unreadable")))?;
        Ok(Response::new(rating))
    }
}

impl Service {
    fn known_request(
        &self,
        caller: &Caller,
        request: &api::SubmitRatingRequest,
    ) -> Result<requests::Request, Error> {
        let id = RequestId::parse(&request.request_id).map_err(|error| {
            Problem::invalid(
                "request_id",
                "REQUEST_ID_INVALID",
                error.to_string(),
                "Mã yêu cầu không hợp lệ.",
            )
        })?;
        let namespace = self.platform.reporters.caller(caller);
        Ok(requests::Request::new(&namespace, id, "SubmitRating", &request.encode_to_vec()))
    }
}

/// A name that is none is answered as one that belongs to somebody else.
fn own_name(caller: &Caller, name: &str) -> Result<InvitationId, Error> {
    caller.require(REPORTERS)?;
    Ok(InvitationId::parse_name(name).map_err(|_| Problem::denied())?)
}

fn opinion(request: &api::SubmitRatingRequest) -> Result<Opinion, Problem> {
    let verdict = match common::Verdict::try_from(request.verdict) {
        Ok(common::Verdict::Satisfied) => Verdict::Satisfied,
        Ok(common::Verdict::Acceptable) => Verdict::Acceptable,
        Ok(common::Verdict::Unsatisfied) => Verdict::Unsatisfied,
        Ok(common::Verdict::Unspecified) | Err(_) => {
            return Err(Problem::invalid(
                "verdict",
                "VERDICT_REQUIRED",
                "must be SATISFIED, ACCEPTABLE or UNSATISFIED",
                "Vui lòng chọn mức độ hài lòng.",
            ));
        }
    };
    let reasons: BTreeSet<Reason> =
        request.reasons.iter().map(|value| reason(*value)).collect::<Result<_, _>>()?;
    Opinion::parse(verdict, request.resolved, reasons, &request.comment)
}

fn reason(value: i32) -> Result<Reason, Problem> {
    use api::DissatisfactionReason as Wire;
    match Wire::try_from(value) {
        Ok(Wire::NotDone) => Ok(Reason::NotDone),
        Ok(Wire::NotThorough) => Ok(Reason::NotThorough),
        Ok(Wire::GenericAnswer) => Ok(Reason::GenericAnswer),
        Ok(Wire::NoEvidence) => Ok(Reason::NoEvidence),
        Ok(Wire::Attitude) => Ok(Reason::Attitude),
        Ok(Wire::Slow) => Ok(Reason::Slow),
        Ok(Wire::Unspecified) | Err(_) => Err(Problem::invalid(
            "reasons",
            "REASON_UNKNOWN",
            format!("{value} is no reason of DissatisfactionReason"),
            "Lý do không hợp lệ.",
        )),
    }
}
