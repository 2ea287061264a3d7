//! Somebody who calls the API over the network, with a token of their own.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use auth::{Caller, DevelopmentIssuer, Role};
use contract::classification::v1::classification_service_client::ClassificationServiceClient;
use contract::classification::v1::triage_service_client::TriageServiceClient;
use contract::intake::v1::intake_service_client::IntakeServiceClient;
use contract::intake::v1::media_service_client::MediaServiceClient;
use contract::routing::v1::directory_service_client::DirectoryServiceClient;
use contract::routing::v1::dispatch_service_client::DispatchServiceClient;
use contract::routing::v1::routing_service_client::RoutingServiceClient;
use contract::satisfaction::v1::rating_service_client::RatingServiceClient;
use contract::satisfaction::v1::score_service_client::ScoreServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};
use vocabulary::{AgencyId, Clock};

/// How long a token of the demonstration lives.
const TOKEN: Duration = Duration::from_secs(3600);
/// How often a call is repeated while the server says UNAVAILABLE.
const REPEATS: u32 = 6;
/// First pause before a repeat; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(25);

/// Where the actors meet: one connection to the system, and the issuer of their tokens.
#[derive(Clone)]
pub struct Stage {
    channel: Channel,
    issuer: Arc<DevelopmentIssuer>,
    /// Now, and fresh ids for requests and photos.
    pub clock: Clock,
}

impl Stage {
    /// Connects.
    pub async fn open(
        address: std::net::SocketAddr,
        issuer: Arc<DevelopmentIssuer>,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let endpoint = Channel::from_shared(format!("http://{address}"))?.tcp_nodelay(true);
        let channel = endpoint.connect().await.with_context(|| format!("nobody answers on {address}"))?;
        Ok(Self { channel, issuer, clock })
    }

    /// Somebody without an agency.
    pub fn person(&self, role: Role, subject: &str) -> anyhow::Result<Actor> {
        self.actor(role, subject, None)
    }

    /// Somebody of an agency, named as in `agencies/{id}`.
    pub fn of_agency(&self, role: Role, agency: &str) -> anyhow::Result<Actor> {
        let agency = AgencyId::parse_name(agency)?;
        let subject = format!("{}.{role}", agency.as_str());
        self.actor(role, &subject, Some(agency))
    }

    fn actor(&self, role: Role, subject: &str, agency: Option<AgencyId>) -> anyhow::Result<Actor> {
        let token = self.issuer.issue(&Caller::new(role, subject.parse()?, agency)?, TOKEN)?;
        let bearer = format!("Bearer {token}").parse()?;
        Ok(Actor { channel: self.channel.clone(), bearer, clock: self.clock.clone() })
    }
}

/// Somebody who calls the API.
#[derive(Clone)]
pub struct Actor {
    channel: Channel,
    bearer: MetadataValue<Ascii>,
    /// Now, and fresh ids.
    pub clock: Clock,
}

macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident: $client:ident;)+) => {
        $($(#[$doc])* pub fn $name(&self) -> $client<Channel> {
            $client::new(self.channel.clone())
        })+
    };
}

impl Actor {
    clients! {
        /// Reports.
        intake: IntakeServiceClient;
        /// Photos.
        media: MediaServiceClient;
        /// What reports are about.
        classification: ClassificationServiceClient;
        /// The coordinators' queue.
        triage: TriageServiceClient;
        /// Places.
        directory: DirectoryServiceClient;
        /// Who is competent.
        routing: RoutingServiceClient;
        /// The agencies' queue.
        dispatch: DispatchServiceClient;
        /// Ratings.
        rating: RatingServiceClient;
        /// Scores.
        scores: ScoreServiceClient;
    }

    /// A fresh id for a request or a photo.
    pub fn mint(&self) -> String {
        self.clock.mint().to_string()
    }

    /// A message with this actor's token.
    pub fn request<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", self.bearer.clone());
        request
    }

    /// Calls, and repeats while the system says that it is briefly not available. Every mutating request carries an id,
    /// so that a repeat has no second effect.
    pub async fn call<M: Clone, R>(
        &self,
        message: M,
        rpc: impl AsyncFn(Request<M>) -> Result<Response<R>, Status>,
    ) -> Result<R, Status> {
        let mut pause = PAUSE;
        for _ in 0..REPEATS {
            match rpc(self.request(message.clone())).await {
                Err(status) if status.code() == Code::Unavailable => tokio::time::sleep(pause).await,
                outcome => return outcome.map(Response::into_inner),
            }
            pause *= 2;
        }
        rpc(self.request(message)).await.map(Response::into_inner)
    }
}
