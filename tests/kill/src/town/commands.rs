//! Every command of the API: what it is called in the ledger, which service takes it, how it is sent.

use contract::classification::v1::triage_service_client::TriageServiceClient;
use contract::classification::v1::{DecideReviewRequest, Review};
use contract::intake::v1::intake_service_client::IntakeServiceClient;
use contract::intake::v1::{
    CreateReportRequest, Message as Post, PostMessageRequest, Report, WithdrawReportRequest,
};
use contract::routing::v1::dispatch_service_client::DispatchServiceClient;
use contract::routing::v1::{
    AcceptAssignmentRequest, ApproveResolutionRequest, Assignment, HandBackAssignmentRequest,
    SubmitResolutionRequest,
};
use contract::satisfaction::v1::rating_service_client::RatingServiceClient;
use contract::satisfaction::v1::{Rating, SubmitRatingRequest};
use prost::Message;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

use crate::cluster::Service;

/// A request that changes something and carries a `request_id`.
pub trait Command: Message + Clone + 'static {
    /// What answers it.
    type Reply: Reply;
    /// What the ledger calls it.
    const KIND: &'static str;
    /// Who takes it.
    const SERVICE: Service;
    /// The request's id.
    fn request_id(&self) -> &str;
    /// Sends it once.
    fn send(request: Request<Self>, to: Channel) -> impl Future<Output = Result<Self::Reply, Status>> + Send;
}

/// The answer of a command.
pub trait Reply: Message + Clone {
    /// The name of what it is about.
    fn subject(&self) -> &str;
}

macro_rules! replies {
    ($($reply:ty => $field:ident),+ $(,)?) => {
        $(impl Reply for $reply {
            fn subject(&self) -> &str {
                &self.$field
            }
        })+
    };
}

replies! {
    Report => name,
    Post => name,
    Review => name,
    Assignment => name,
    Rating => invitation,
}

macro_rules! commands {
    ($($request:ty => $reply:ty, $kind:literal, $service:ident, $client:ident.$method:ident;)+) => {
        $(impl Command for $request {
            type Reply = $reply;
            const KIND: &'static str = $kind;
            const SERVICE: Service = Service::$service;

            fn request_id(&self) -> &str {
                &self.request_id
            }

            async fn send(request: Request<Self>, to: Channel) -> Result<$reply, Status> {
                $client::new(to).$method(request).await.map(Response::into_inner)
            }
        })+
    };
}

commands! {
    CreateReportRequest => Report, "create", Intake, IntakeServiceClient.create_report;
    WithdrawReportRequest => Report, "withdraw", Intake, IntakeServiceClient.withdraw_report;
    PostMessageRequest => Post, "post", Intake, IntakeServiceClient.post_message;
    DecideReviewRequest => Review, "decide", Classification, TriageServiceClient.decide_review;
    AcceptAssignmentRequest => Assignment, "accept", Routing, DispatchServiceClient.accept_assignment;
    HandBackAssignmentRequest => Assignment, "hand_back", Routing, DispatchServiceClient.hand_back_assignment;
    SubmitResolutionRequest => Assignment, "submit", Routing, DispatchServiceClient.submit_resolution;
    ApproveResolutionRequest => Assignment, "approve", Routing, DispatchServiceClient.approve_resolution;
    SubmitRatingRequest => Rating, "rate", Satisfaction, RatingServiceClient.submit_rating;
}
