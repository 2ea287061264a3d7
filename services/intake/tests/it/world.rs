//! Intake alone on port 0; the tests play the other services by publishing their events.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use auth::{Caller, DevelopmentIssuer, ReporterSeal, Role, Verifier, VerifierConfig};
use contract::common::v1::Location;
use contract::event::v1::ReportSubmitted;
use contract::google::r#type::LatLng;
use contract::intake::v1::intake_service_client::IntakeServiceClient;
use contract::intake::v1::{CreateReportRequest, GetReportRequest, Report, ReportView, Reporter};
use contract::{DESCRIPTORS, Event as _};
use database::Database;
use engines::Ground;
use messaging::{Bus, Outbox, RetryPolicy, Subscription};
use province::Province;
use runtime::wire::PageKey;
use runtime::{Lifecycle, Platform, Readiness, grpc};
use settings::HumanDuration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tonic::Request;
use tonic::transport::Channel;
use vocabulary::Clock;

const LISTENER: Subscription = Subscription { queue: "listener", types: &[ReportSubmitted::TYPE, WITHDRAWN] };
const WITHDRAWN: &str = <contract::event::v1::ReportWithdrawn as contract::Event>::TYPE;

pub struct World {
    pub bus: Bus,
    pub lifecycle: Lifecycle,
    pub channel: Channel,
    pub client: IntakeServiceClient<Channel>,
    issuer: DevelopmentIssuer,
    /// The service's database, as the test looks at it.
    pub outbox: Outbox,
    data: TempDir,
    ground: Ground,
}

fn province() -> Arc<Province> {
    static PROVINCE: OnceLock<Arc<Province>> = OnceLock::new();
    let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/camau");
    PROVINCE.get_or_init(|| Arc::new(Province::load(&pack).unwrap())).clone()
}

impl World {
    pub async fn start() -> Self {
        Self::on(tempfile::tempdir().unwrap(), Ground::on_table_bus()).await
    }

    /// Where photos and videos lie.
    pub fn media(&self) -> PathBuf {
        self.data.path().join("media")
    }

    /// Stops, and starts again on what is there.
    pub async fn restart(self) -> Self {
        self.lifecycle.stop();
        Self::on(self.data, self.ground).await
    }

    async fn on(data: TempDir, ground: Ground) -> Self {
        let clock = Clock::system();
        let subscriptions = vec![intake::SUBSCRIPTION, LISTENER];
        ground.prepare::<intake::Migrator>(intake::NAME, data.path()).await;
        let bus = ground.bus(data.path(), subscriptions, None).await;
        let lifecycle = Lifecycle::new(Duration::from_secs(5));
        let platform = Platform {
            lifecycle: lifecycle.clone(),
            readiness: Readiness::new(),
            clock: clock.clone(),
            province: province(),
            bus: bus.clone(),
            page_key: PageKey::new(&[1; 32]),
            reporters: ReporterSeal::new(&[2; 32]),
            retry: RetryPolicy::FAST,
            retention: Duration::from_secs(3_600),
            data: data.path().to_owned(),
            database: ground.database(),
        };
        let config = intake::Config {
            media_folder: None,
            group_commit: 100,
            decoders: 1,
            upload_lifetime: HumanDuration(Duration::from_secs(3_600)),
            sweep_interval: HumanDuration(Duration::from_secs(15)),
            stuck_after: HumanDuration(Duration::from_secs(30)),
        };
        let service = intake::start(config, &[3; 32], &platform).await.unwrap();
        let issuer = DevelopmentIssuer::open(data.path(), "test", "fieldreport", clock.clone()).unwrap();
        let channel = serve(&service, &platform, &issuer).await;
        let client = IntakeServiceClient::new(channel.clone());
        let database = Database::open(ground.database().place(intake::NAME, data.path())).await.unwrap();
        let outbox = Outbox::new(database, intake::NAME, clock);
        Self { bus, lifecycle, channel, client, issuer, outbox, data, ground }
    }

    pub fn as_citizen<T>(&self, subject: &str, message: T) -> Request<T> {
        self.as_role(Role::Citizen, subject, message)
    }

    pub fn as_role<T>(&self, role: Role, subject: &str, message: T) -> Request<T> {
        let caller = Caller::new(role, subject.parse().unwrap(), None).unwrap();
        let token = self.issuer.issue(&caller, Duration::from_secs(600)).unwrap();
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        request
    }

    pub async fn read(&self, subject: &str, name: &str) -> Report {
        let message = GetReportRequest { name: name.to_owned(), view: ReportView::Full.into() };
        self.client.clone().get_report(self.as_citizen(subject, message)).await.unwrap().into_inner()
    }
}

async fn serve(service: &intake::Service, platform: &Platform, issuer: &DevelopmentIssuer) -> Channel {
    let verifier = VerifierConfig {
        issuer: "test".to_owned(),
        audience: "fieldreport".to_owned(),
        keys: None,
        max_lifetime: HumanDuration(Duration::from_secs(900)),
        leeway: HumanDuration(Duration::from_secs(60)),
    };
    let verifier =
        Verifier::load(&verifier, vec![issuer.verification_key()], platform.clock.clone()).unwrap();
    let mut api = grpc::Api::new(DESCRIPTORS);
    service.register(&mut api);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let context = grpc::Context {
        verifier,
        lifecycle: platform.lifecycle.clone(),
        readiness: platform.readiness.clone(),
        clock: platform.clock.clone(),
    };
    // Long enough for a test that calls while the process stops; no other test waits for the end.
    let drain_delay = HumanDuration(Duration::from_secs(5));
    let config = grpc::GrpcConfig { drain_delay, ..grpc::GrpcConfig::default() };
    grpc::serve(listener, api, &config, &context).unwrap();
    Channel::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap()
}

pub fn submission(text: &str, request_id: &str) -> CreateReportRequest {
    let point = LatLng { latitude: 9.1769, longitude: 105.1524 };
    CreateReportRequest {
        report: Some(Report {
            text: text.to_owned(),
            location: Some(Location { point: Some(point), address: String::new() }),
            ..Report::default()
        }),
        request_id: request_id.to_owned(),
        reporter: Some(Reporter {
            display_name: "Người thử".to_owned(), phone: "0900000001".to_owned()
        }),
        validate_only: false,
    }
}

pub async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    for _ in 0..2_000 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("not within 10 s: {what}");
}
