//! Callers: a channel and a token, and the generated clients that send both.

use std::sync::Arc;
use std::time::Duration;

use auth::{Caller, DevelopmentIssuer, Role};
use contract::classification::v1::classification_service_client::ClassificationServiceClient;
use contract::classification::v1::learning_service_client::LearningServiceClient;
use contract::classification::v1::similar_service_client::SimilarServiceClient;
use contract::classification::v1::triage_service_client::TriageServiceClient;
use contract::intake::v1::intake_service_client::IntakeServiceClient;
use contract::intake::v1::media_service_client::MediaServiceClient;
use contract::intake::v1::{self as intake, Report};
use contract::routing::v1::directory_service_client::DirectoryServiceClient;
use contract::routing::v1::dispatch_service_client::DispatchServiceClient;
use contract::routing::v1::routing_service_client::RoutingServiceClient;
use contract::satisfaction::v1::rating_service_client::RatingServiceClient;
use contract::satisfaction::v1::score_service_client::ScoreServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use crate::{eventually, fresh_id, header, upload_of};

const LIFETIME: Duration = Duration::from_secs(3_600);

/// Puts a token on every request.
#[derive(Clone)]
pub struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// A channel that sends somebody's token.
pub type Secured = InterceptedService<Channel, Bearer>;

/// A running server and the issuer whose tokens it accepts.
#[derive(Clone)]
pub struct Api {
    channel: Channel,
    issuer: Arc<DevelopmentIssuer>,
}

impl Api {
    /// The server at `address`; connects with the first call and again after a restart.
    pub fn at(address: &str, issuer: Arc<DevelopmentIssuer>) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
        Self { channel: endpoint.connect_lazy(), issuer }
    }

    /// The bare channel, for calls without a token.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// Somebody with a role; agency roles need an agency's id, e.g. `ubnd-32002`.
    pub fn caller(&self, role: Role, subject: &str, agency: Option<&str>) -> Anyone {
        let agency = agency.map(|id| id.parse().expect("an agency's id"));
        let caller = Caller::new(role, subject.parse().expect("a subject"), agency).expect("a caller");
        let token = self.issuer.issue(&caller, LIFETIME).expect("a token");
        let bearer = Bearer(format!("Bearer {token}").parse().expect("a header"));
        Anyone { role, channel: self.channel.clone(), bearer }
    }
}

/// Somebody with a token, and what everybody may try.
#[derive(Clone)]
pub struct Anyone {
    /// Their role.
    pub role: Role,
    channel: Channel,
    bearer: Bearer,
}

macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident: $client:ident),+ $(,)?) => {
        $($(#[$doc])*
        pub fn $name(&self) -> $client<Secured> {
            $client::with_interceptor(self.channel.clone(), self.bearer.clone())
        })+
    };
}

impl Anyone {
    clients! {
        /// `IntakeService`.
        intake: IntakeServiceClient,
        /// `MediaService`.
        media: MediaServiceClient,
        /// `ClassificationService`.
        classification: ClassificationServiceClient,
        /// `TriageService`.
        triage: TriageServiceClient,
        /// `SimilarService`.
        similar: SimilarServiceClient,
        /// `LearningService`.
        learning: LearningServiceClient,
        /// `DirectoryService`.
        directory: DirectoryServiceClient,
        /// `RoutingService`.
        routing: RoutingServiceClient,
        /// `DispatchService`.
        dispatch: DispatchServiceClient,
        /// `RatingService`.
        ratings: RatingServiceClient,
        /// `ScoreService`.
        scores: ScoreServiceClient,
    }

    /// Reads a report with timeline and thread.
    pub async fn get(&self, name: &str) -> Result<Report, Status> {
        let view = intake::ReportView::Full.into();
        let request = intake::GetReportRequest { name: name.to_owned(), view };
        Ok(self.intake().get_report(request).await?.into_inner())
    }

    /// Waits until the report is as `wanted`, and answers it.
    pub async fn until(&self, name: &str, what: &str, wanted: impl Fn(&Report) -> bool) -> Report {
        eventually(&format!("{name} is {what}"), async || match self.get(name).await {
            Ok(report) if wanted(&report) => Ok(report),
            Ok(report) => Err(format!("{:?} after {:?}", report.state(), crate::kinds(&report))),
            Err(status) => Err(status.to_string()),
        })
        .await
    }

    /// Writes in a report's thread.
    pub async fn post(&self, report: &str, text: &str, internal: bool) -> Result<intake::Message, Status> {
        let message = intake::Message { text: text.to_owned(), internal, ..intake::Message::default() };
        let request = intake::PostMessageRequest {
            parent: report.to_owned(),
            message: Some(message),
            request_id: fresh_id(),
        };
        Ok(self.intake().post_message(request).await?.into_inner())
    }

    /// Sends the messages of one upload.
    pub async fn upload(&self, parts: Vec<intake::UploadMediaRequest>) -> Result<intake::Media, Status> {
        Ok(self.media().upload_media(futures::stream::iter(parts)).await?.into_inner())
    }

    /// Uploads a whole JPEG under a fresh id.
    pub async fn upload_photo(&self, jpeg: &[u8]) -> Result<intake::Media, Status> {
        self.upload(upload_of(header(&fresh_id(), "image/jpeg", jpeg), jpeg)).await
    }

    /// Downloads a whole medium: its type and its bytes.
    pub async fn download(&self, name: &str) -> Result<(String, Vec<u8>), Status> {
        let request = intake::DownloadMediaRequest { name: name.to_owned() };
        let mut stream = self.media().download_media(request).await?.into_inner();
        let (mut content_type, mut bytes) = (String::new(), Vec::new());
        while let Some(part) = stream.message().await? {
            if content_type.is_empty() {
                content_type = part.content_type;
            }
            bytes.extend_from_slice(&part.chunk);
        }
        Ok((content_type, bytes))
    }
}
