//! One running service: its database, a bus that it shares with a listener, and its RPCs on a port.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth::{Caller, DevelopmentIssuer, ReporterSeal, Role, Verifier, VerifierConfig};
use classification::{Config, SUBSCRIPTION};
use contract::Event;
use contract::classification::v1::classification_service_client::ClassificationServiceClient;
use contract::classification::v1::learning_service_client::LearningServiceClient;
use contract::classification::v1::similar_service_client::SimilarServiceClient;
use contract::classification::v1::triage_service_client::TriageServiceClient;
use contract::classification::v1::{ListReviewsRequest, Review};
use contract::common::v1::Location;
use contract::event::v1::{
    Closing, InfoProvided, InfoRequested, MediaAttached, ReportClassified, ReportHandedBack,
    ReportReclassified, ReportReopened, ReportResolved, ReportSnapshot, ReportSubmitted, ReportWithdrawn,
    ReturnContested, ReviewRequested, RouteMissing, WorkStarted,
};
use database::Database;
use engines::{Ground, is_idle};
use messaging::{Bus, Chaos, Envelope, Handler, Outbox, Outcome, RetryPolicy, Subscription, Work};
use province::Province;
use runtime::grpc::{Api, Context, GrpcConfig};
use runtime::wire::PageKey;
use runtime::{Lifecycle, Platform, Readiness};
use sea_orm::{ConnectionTrait as _, DbErr, Statement};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use settings::HumanDuration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;
use vocabulary::{Clock, EventId, ReportId, Timestamp};

use crate::pack::PACK;

/// Friday, 20 November 2026, 10:00 in Cà Mau: a working day.
pub const MORNING: Timestamp = Timestamp::from_micros(1_795_143_600_000_000);

const LISTENER: Subscription = Subscription {
    queue: "listener",
    types: &[ReportClassified::TYPE, ReviewRequested::TYPE, ReportReclassified::TYPE, InfoRequested::TYPE],
};

pub struct World {
    folder: TempDir,
    pub platform: Platform,
    pub bus: Bus,
    pub heard: Arc<Mutex<Vec<Envelope>>>,
    pub service: classification::Service,
    channel: Channel,
    issuer: DevelopmentIssuer,
    ground: Ground,
    /// The service's database, as the test looks at it.
    pub outbox: Outbox,
}

impl World {
    pub async fn new() -> Self {
        Self::with_chaos(None).await
    }

    pub async fn with_chaos(chaos: Option<Chaos>) -> Self {
        let province = PACK.province.clone();
        Self::open(Ground::on_table_bus(), province, chaos, Clock::system()).await
    }

    /// A world with another province pack.
    pub async fn of_pack(province: Arc<Province>) -> Self {
        Self::open(Ground::on_table_bus(), province, None, Clock::system()).await
    }

    /// A world whose clock stands until it is moved.
    pub async fn at(start: Timestamp) -> Self {
        Self::open(Ground::on_table_bus(), PACK.province.clone(), None, Clock::manual(start)).await
    }

    /// Moves the clock, and waits until what has become due is done.
    pub async fn pass(&self, time: Duration) {
        self.platform.clock.advance(time);
        let now = self.platform.clock.now().micros();
        eventually("nothing is due", async || {
            self.service.look_at_reviews();
            let sql = format!("SELECT count(*) AS due FROM reviews WHERE wake_time <= {now}");
            let due = Statement::from_string(self.database().backend(), sql);
            let row = self.database().read().query_one_raw(due).await.unwrap().unwrap();
            row.try_get::<i64>("", "due").unwrap() == 0
        })
        .await;
        self.until_idle().await;
    }

    /// Stops, and starts again on the same files.
    pub async fn restart(mut self) -> Self {
        self.platform.lifecycle.stop();
        self.platform.lifecycle.run_until_stopped().await;
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        let ground = std::mem::replace(&mut self.ground, Ground::on_table_bus());
        Self::on(folder, ground, self.platform.province.clone(), None, Clock::system()).await
    }

    async fn open(ground: Ground, province: Arc<Province>, chaos: Option<Chaos>, clock: Clock) -> Self {
        Self::on(tempfile::tempdir().unwrap(), ground, province, chaos, clock).await
    }

    async fn on(
        folder: TempDir,
        ground: Ground,
        province: Arc<Province>,
        chaos: Option<Chaos>,
        clock: Clock,
    ) -> Self {
        let (platform, bus) = platform(&ground, folder.path(), province, chaos, clock.clone()).await;
        let service = classification::start(config(), &platform).await.unwrap();
        let heard = listen(&ground, &folder, &platform, &bus).await;
        let issuer = DevelopmentIssuer::open(folder.path(), "https://issuer", "fieldreport", clock).unwrap();
        let channel = serve(&service, &platform, &issuer).await;
        let database =
            Database::open(ground.database().place("classification", folder.path())).await.unwrap();
        let outbox = Outbox::new(database, "classification", Clock::system());
        Self { folder, ground, platform, bus, heard, service, channel, issuer, outbox }
    }

    fn token(&self, role: Role, subject: &str) -> String {
        let agency = role.needs_agency().then(|| "vp-ubnd-tinh".parse().unwrap());
        let caller = Caller::new(role, subject.parse().unwrap(), agency).unwrap();
        self.issuer.issue(&caller, Duration::from_secs(600)).unwrap()
    }

    /// A request of somebody.
    pub fn request<T>(&self, role: Role, subject: &str, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let bearer = format!("Bearer {}", self.token(role, subject)).parse().unwrap();
        request.metadata_mut().insert("authorization", bearer);
        request
    }

    pub fn triage(&self) -> TriageServiceClient<Channel> {
        TriageServiceClient::new(self.channel.clone())
    }

    pub fn similar(&self) -> SimilarServiceClient<Channel> {
        SimilarServiceClient::new(self.channel.clone())
    }

    pub fn learning(&self) -> LearningServiceClient<Channel> {
        LearningServiceClient::new(self.channel.clone())
    }

    pub fn classifications(&self) -> ClassificationServiceClient<Channel> {
        ClassificationServiceClient::new(self.channel.clone())
    }

    /// The whole queue as a cleared officer sees it.
    pub async fn queue(&self) -> Vec<Review> {
        let request = ListReviewsRequest { page_size: 100, ..ListReviewsRequest::default() };
        let request = self.request(Role::ClearedOfficer, "officer", request);
        self.triage().list_reviews(request).await.unwrap().into_inner().reviews
    }

    /// Brings events to the service and waits until it and the listener have taken note.
    pub async fn tell(&self, events: &[Envelope]) {
        self.bus.publish(events).await.unwrap();
        self.until_idle().await;
    }

    /// Nothing waits in the service's outbox or in any queue.
    pub async fn until_idle(&self) {
        eventually("the outbox and every queue are empty", async || {
            is_idle(&self.bus, &[&self.outbox]).await
        })
        .await;
    }

    /// The service's own database, to look into.
    pub fn database(&self) -> &Database {
        self.outbox.database()
    }

    /// The events of one type that the listener has heard, in order.
    pub fn heard<E: Event>(&self) -> Vec<E> {
        let heard = self.heard.lock().unwrap();
        heard
            .iter()
            .filter(|envelope| envelope.is::<E>())
            .map(|envelope| envelope.decode().unwrap())
            .collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.platform.lifecycle.stop();
    }
}

pub fn config() -> Config {
    let second = HumanDuration(Duration::from_secs(1));
    Config { observe_interval: second, wake_interval: second }
}

pub async fn platform(
    ground: &Ground,
    folder: &Path,
    province: Arc<Province>,
    chaos: Option<Chaos>,
    clock: Clock,
) -> (Platform, Bus) {
    ground.prepare::<classification::Migrator>("classification", folder).await;
    let bus = ground.bus(folder, vec![SUBSCRIPTION, LISTENER], chaos).await;
    let platform = Platform {
        lifecycle: Lifecycle::new(Duration::from_secs(5)),
        readiness: Readiness::new(),
        clock,
        province,
        bus: bus.clone(),
        page_key: PageKey::new(&[1; 32]),
        reporters: ReporterSeal::new(&[2; 32]),
        retry: RetryPolicy::FAST,
        retention: Duration::from_secs(3_600),
        data: folder.to_owned(),
        database: ground.database(),
    };
    (platform, bus)
}

async fn serve(
    service: &classification::Service,
    platform: &Platform,
    issuer: &DevelopmentIssuer,
) -> Channel {
    let mut api = Api::new(contract::DESCRIPTORS);
    service.register(&mut api);
    let verifier = VerifierConfig {
        issuer: "https://issuer".to_owned(),
        audience: "fieldreport".to_owned(),
        keys: None,
        max_lifetime: HumanDuration(Duration::from_secs(900)),
        leeway: HumanDuration(Duration::from_secs(5)),
    };
    let context = Context {
        verifier: Verifier::load(&verifier, vec![issuer.verification_key()], platform.clock.clone()).unwrap(),
        lifecycle: platform.lifecycle.clone(),
        readiness: platform.readiness.clone(),
        clock: platform.clock.clone(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    runtime::grpc::serve(listener, api, &GrpcConfig::default(), &context).unwrap();
    Endpoint::try_from(format!("http://{address}")).unwrap().connect().await.unwrap()
}

struct Tables;

#[async_trait::async_trait]
impl MigratorTrait for Tables {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(messaging::migration::Outbox),
            Box::new(messaging::migration::Inbox),
            Box::new(messaging::migration::OutboxSent),
            Box::new(messaging::migration::Retries),
            Box::new(messaging::migration::OutboxWaiting),
        ]
    }
}

struct Listener(Arc<Mutex<Vec<Envelope>>>);

impl Handler for Listener {
    async fn handle(&self, _: &mut Work, events: &[Envelope]) -> Result<Vec<Outcome>, DbErr> {
        self.0.lock().unwrap().extend_from_slice(events);
        Ok(vec![Outcome::Done; events.len()])
    }
}

async fn listen(
    ground: &Ground,
    folder: &TempDir,
    platform: &Platform,
    bus: &Bus,
) -> Arc<Mutex<Vec<Envelope>>> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let database = ground.open::<Tables>("listener", folder.path()).await;
    let outbox = Outbox::new(database, "listener", platform.clock.clone());
    let listening = messaging::consume(
        bus.clone(),
        LISTENER.queue,
        outbox,
        Listener(heard.clone()),
        RetryPolicy::FAST,
        platform.lifecycle.stopping(),
    );
    platform.lifecycle.spawn("listener", listening);
    heard
}

pub async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    within(Duration::from_secs(20), what, condition).await;
}

/// As [`eventually`], for what takes long.
pub async fn within(time: Duration, what: &str, condition: impl AsyncFn() -> bool) {
    const LOOK: Duration = Duration::from_millis(5);
    for _ in 0..time.as_millis() / LOOK.as_millis() {
        if condition().await {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
    panic!("not within {time:?}: {what}");
}

/// The reason that a refusal gives to programs.
pub fn reason<T: std::fmt::Debug>(outcome: Result<T, Status>) -> String {
    outcome.unwrap_err().get_error_details().error_info().map_or_else(String::new, |info| info.reason.clone())
}

pub fn report(number: u128) -> ReportId {
    ReportId(Uuid::from_u128(number))
}

/// An event of another service; the same arguments give the same event.
pub fn event<E: Event>(source: &str, report: ReportId, sequence: i64, body: &E) -> Envelope {
    let id = Uuid::new_v5(&report.0, format!("{source}/{sequence}").as_bytes());
    Envelope {
        id: EventId(id),
        source: source.to_owned(),
        event_type: E::TYPE.to_owned(),
        report,
        sequence,
        time: MORNING,
        cause: None,
        traceparent: None,
        body: body.encode_to_vec().into(),
    }
}

pub fn submitted_at(report: ReportId, text: &str, at: Timestamp) -> Envelope {
    sent_from(report, text, Location::default(), at)
}

pub fn sent_from(report: ReportId, text: &str, location: Location, at: Timestamp) -> Envelope {
    let snapshot = ReportSnapshot {
        location: Some(location),
        create_time: Some(runtime::wire::timestamp(at)),
        ..snapshot(report, text)
    };
    event("intake", report, 1, &ReportSubmitted { report: Some(snapshot) })
}

/// A report whose photos had arrived before it.
pub fn sent_with(report: ReportId, text: &str, image_hashes: &[u64]) -> Envelope {
    let snapshot = ReportSnapshot { image_hashes: image_hashes.to_vec(), ..snapshot(report, text) };
    event("intake", report, 1, &ReportSubmitted { report: Some(snapshot) })
}

fn snapshot(report: ReportId, text: &str) -> ReportSnapshot {
    ReportSnapshot {
        report: report.name(),
        code: "CM-4F7K2-9QX3M".to_owned(),
        text: text.to_owned(),
        location: Some(Location::default()),
        create_time: Some(runtime::wire::timestamp(MORNING)),
        reporter_proof: vec![7; 32].into(),
        ..ReportSnapshot::default()
    }
}

pub fn submitted(report: ReportId, text: &str) -> Envelope {
    submitted_at(report, text, MORNING)
}

pub fn media_attached(report: ReportId, sequence: i64, image_hash: u64) -> Envelope {
    let media = format!("media/{}", Uuid::from_u128(u128::from(image_hash)));
    let body =
        MediaAttached { report: report.name(), media, content_type: "image/jpeg".to_owned(), image_hash };
    event("intake", report, sequence, &body)
}

pub fn withdrawn(report: ReportId) -> Envelope {
    event("intake", report, 2, &ReportWithdrawn { report: report.name(), withdraw_time: None })
}

pub fn handed_back(report: ReportId, sequence: i64, why: &str) -> Envelope {
    let body =
        ReportHandedBack { report: report.name(), reason: why.to_owned(), ..ReportHandedBack::default() };
    event("routing", report, sequence, &body)
}

pub fn route_missing(report: ReportId, sequence: i64, why: &str) -> Envelope {
    event("routing", report, sequence, &RouteMissing { report: report.name(), reason: why.to_owned() })
}

pub fn answered(report: ReportId, sequence: i64, text: &str) -> Envelope {
    let provide_time = Some(runtime::wire::timestamp(MORNING));
    let body = InfoProvided { report: report.name(), text: text.to_owned(), provide_time };
    event("intake", report, sequence, &body)
}

pub fn contested(report: ReportId, sequence: i64, why: &str) -> Envelope {
    let contest_time = Some(runtime::wire::timestamp(MORNING));
    let reason = why.to_owned();
    event(
        "intake",
        report,
        sequence,
        &ReturnContested { report: report.name(), round: 1, reason, contest_time },
    )
}

pub fn started(report: ReportId, sequence: i64) -> Envelope {
    event("routing", report, sequence, &WorkStarted { report: report.name(), ..WorkStarted::default() })
}

pub fn resolved(report: ReportId, sequence: i64, round: i32) -> Envelope {
    let closing = Some(Closing { round, ..Closing::default() });
    let body = ReportResolved { report: report.name(), closing, ..ReportResolved::default() };
    event("routing", report, sequence, &body)
}

pub fn reopened(report: ReportId, round: i32) -> Envelope {
    let body = ReportReopened { report: report.name(), round, reopen_time: None };
    event("satisfaction", report, i64::from(round), &body)
}
