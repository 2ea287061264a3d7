//! A whole routing service on port 0, with a probe on the bus that keeps what routing tells.

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use auth::{Caller, DevelopmentIssuer, ReporterSeal, Role, Verifier, VerifierConfig};
use contract::Event;
use contract::common::v1 as common;
use contract::event::v1 as event;
use contract::google::r#type::LatLng;
use contract::routing::v1 as api;
use contract::routing::v1::directory_service_client::DirectoryServiceClient;
use contract::routing::v1::dispatch_service_client::DispatchServiceClient;
use contract::routing::v1::routing_service_client::RoutingServiceClient;
use database::Database;
use engines::{Ground, is_idle};
use messaging::{Bus, Chaos, Envelope, Handler, Outbox, Outcome, RetryPolicy, Subscription, Work, consume};
use province::Province;
use runtime::wire::{PageKey, timestamp};
use runtime::{Lifecycle, Platform, Readiness, grpc};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use settings::HumanDuration;
use tempfile::TempDir;
use time::macros::datetime;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;
use vocabulary::{AgencyId, Clock, EventId, ReportId, Timestamp};

/// Wednesday 18 November 2026, 08:00 in the province.
pub fn morning() -> Timestamp {
    Timestamp::from_datetime(datetime!(2026-11-18 08:00 +7))
}

/// In the middle of the city.
pub const CITY: (f64, f64) = (9.1769, 105.1524);
/// Another province.
pub const ELSEWHERE: (f64, f64) = (10.7769, 106.7009);

pub fn province() -> Arc<Province> {
    static PROVINCE: OnceLock<Arc<Province>> = OnceLock::new();
    let load = || {
        let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/camau");
        Arc::new(Province::load(&pack).expect("a good pack"))
    };
    Arc::clone(PROVINCE.get_or_init(load))
}

const PROBE: Subscription = Subscription { queue: "probe", types: contract::EVENT_TYPES };

struct ProbeSchema;

#[async_trait::async_trait]
impl MigratorTrait for ProbeSchema {
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

struct Probe(Arc<Mutex<Vec<Envelope>>>);

impl Handler for Probe {
    async fn handle(&self, _: &mut Work, events: &[Envelope]) -> Result<Vec<Outcome>, sea_orm::DbErr> {
        let told = events.iter().filter(|event| event.source == "routing").cloned();
        self.0.lock().expect("no panic").extend(told);
        Ok(events.iter().map(|_| Outcome::Done).collect())
    }
}

pub struct World {
    pub clock: Clock,
    pub bus: Bus,
    pub service: routing::Service,
    pub lifecycle: Lifecycle,
    told: Arc<Mutex<Vec<Envelope>>>,
    issuer: DevelopmentIssuer,
    channel: Channel,
    _data: TempDir,
    /// The service's database, as the test looks at it.
    pub outbox: Outbox,
    _ground: Ground,
}

impl World {
    pub async fn start() -> Self {
        Self::with_chaos(None).await
    }

    pub async fn with_chaos(chaos: Option<Chaos>) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let clock = Clock::manual(morning());
        let subscriptions = vec![routing::SUBSCRIPTION, PROBE];
        let ground = Ground::on_table_bus();
        ground.prepare::<routing::Migrator>(routing::NAME, data.path()).await;
        let bus = ground.bus(data.path(), subscriptions, chaos).await;
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
        let told = Arc::new(Mutex::new(Vec::new()));
        let probe_database = ground.open::<ProbeSchema>("probe", data.path()).await;
        let probe_outbox = Outbox::new(probe_database, "probe", clock.clone());
        let probe = Probe(Arc::clone(&told));
        let watch =
            consume(bus.clone(), "probe", probe_outbox, probe, RetryPolicy::FAST, lifecycle.stopping());
        lifecycle.spawn("probe", watch);
        let service = routing::start(config(), &platform).await.expect("a service");
        let issuer =
            DevelopmentIssuer::open(data.path(), "test", "fieldreport", clock.clone()).expect("an issuer");
        let channel = serve(&service, &platform, &issuer).await;
        let place = platform.database.place(routing::NAME, &platform.data);
        let database = Database::open(place).await.expect("a database");
        let outbox = Outbox::new(database, routing::NAME, clock.clone());
        Self { clock, bus, service, lifecycle, told, issuer, channel, _data: data, outbox, _ground: ground }
    }

    pub fn dispatch(&self) -> DispatchServiceClient<Channel> {
        DispatchServiceClient::new(self.channel.clone())
    }

    pub fn directory(&self) -> DirectoryServiceClient<Channel> {
        DirectoryServiceClient::new(self.channel.clone())
    }

    pub fn routes(&self) -> RoutingServiceClient<Channel> {
        RoutingServiceClient::new(self.channel.clone())
    }

    /// A request with the token of somebody.
    pub fn as_role<T>(&self, role: Role, agency: Option<&str>, message: T) -> Request<T> {
        let agency: Option<AgencyId> =
            agency.map(|id| id.trim_start_matches("agencies/").parse().expect("an id"));
        let subject = format!("{role}-1").parse().expect("a subject");
        let caller = Caller::new(role, subject, agency).expect("a caller");
        let token = self.issuer.issue(&caller, Duration::from_secs(300)).expect("a token");
        let mut request = Request::new(message);
        let bearer = format!("Bearer {token}").parse().expect("ASCII");
        request.metadata_mut().insert("authorization", bearer);
        request
    }

    /// What routing has told so far, as `E`s, in order.
    pub fn told<E: Event>(&self) -> Vec<E> {
        let told = self.told.lock().expect("no panic");
        told.iter().filter(|event| event.is::<E>()).map(|event| event.decode().expect("an event")).collect()
    }

    /// Every event that routing has told, as it came.
    pub fn all_told(&self) -> Vec<Envelope> {
        self.told.lock().expect("no panic").clone()
    }

    /// Waits until routing has told `count` `E`s, and answers the last one.
    pub async fn wait_for<E: Event>(&self, count: usize) -> E {
        self.until(&format!("{count} {}", E::TYPE), async || self.told::<E>().len() >= count).await;
        let mut told = self.told::<E>();
        assert_eq!(told.len(), count, "{}", E::TYPE);
        told.pop().expect("one")
    }

    /// Publishes and waits until everything that follows has come to rest.
    pub async fn publish(&self, events: &[Envelope]) {
        self.bus.publish(events).await.expect("published");
        self.rest().await;
    }

    /// Waits until no queue and no outbox has anything left.
    pub async fn rest(&self) {
        self.until("rest", async || is_idle(&self.bus, &[&self.outbox]).await).await;
    }

    pub async fn until(&self, what: &str, condition: impl AsyncFn() -> bool) {
        for _ in 0..2_000 {
            if condition().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let told: Vec<_> = self.all_told().iter().map(|event| event.short_type().to_owned()).collect();
        let parked = self.outbox.parked().await.expect("parked");
        panic!("waited in vain for {what}; told {told:?}; parked {parked:?}");
    }

    /// The one assignment of the report in a list of everything open.
    pub async fn assignment_of(&self, report: ReportId) -> api::Assignment {
        let message = api::ListAssignmentsRequest { page_size: 100, ..Default::default() };
        let request = self.as_role(Role::ClearedOfficer, None, message);
        let page = self.dispatch().list_assignments(request).await.expect("a page").into_inner();
        let mut of_report = page.assignments.into_iter().filter(|found| found.report == report.name());
        let assignment = of_report.next().expect("an assignment");
        assert!(of_report.next().is_none(), "two open assignments");
        assignment
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.lifecycle.stop();
    }
}

fn config() -> routing::Config {
    #[derive(serde::Deserialize)]
    struct Whole {
        routing: routing::Config,
    }
    toml::from_str::<Whole>(routing::DEFAULTS).expect("good defaults").routing
}

async fn serve(service: &routing::Service, platform: &Platform, issuer: &DevelopmentIssuer) -> Channel {
    let limits = VerifierConfig {
        issuer: "test".into(),
        audience: "fieldreport".into(),
        keys: None,
        max_lifetime: HumanDuration(Duration::from_secs(900)),
        leeway: HumanDuration(Duration::from_secs(30)),
    };
    let keys = vec![issuer.verification_key()];
    let verifier = Verifier::load(&limits, keys, platform.clock.clone()).expect("a verifier");
    let mut api = grpc::Api::new(contract::DESCRIPTORS);
    service.register(&mut api);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let context = grpc::Context {
        verifier,
        lifecycle: platform.lifecycle.clone(),
        readiness: platform.readiness.clone(),
        clock: platform.clock.clone(),
    };
    grpc::serve(listener, api, &grpc::GrpcConfig::default(), &context).expect("a server");
    Channel::from_shared(format!("http://{address}")).expect("an address").connect().await.expect("a channel")
}

/// A report of a test: number `n`, at a place, about a leaf.
#[derive(Debug, Clone)]
pub struct Report {
    pub id: ReportId,
    pub point: (f64, f64),
}

impl Report {
    pub fn new(n: u128) -> Self {
        Self { id: ReportId(Uuid::from_u128(0x1000 + n)), point: CITY }
    }

    pub fn at(n: u128, point: (f64, f64)) -> Self {
        Self { point, ..Self::new(n) }
    }

    fn snapshot(&self) -> event::ReportSnapshot {
        let (latitude, longitude) = self.point;
        event::ReportSnapshot {
            report: self.id.name(),
            code: "CM-TEST1-TEST1".into(),
            text: "Đường hư trước chợ".into(),
            location: Some(common::Location {
                point: Some(LatLng { latitude, longitude }),
                address: "trước chợ".into(),
            }),
            create_time: Some(timestamp(morning())),
            reporter_proof: vec![7; 32].into(),
            ..Default::default()
        }
    }

    fn envelope<E: Event>(&self, source: &str, sequence: i64, body: &E) -> Envelope {
        let id = EventId(Uuid::from_u128(
            (self.id.0.as_u128() << 32) + (u128::from(source.as_bytes()[0]) << 16) + sequence as u128,
        ));
        Envelope {
            id,
            source: source.into(),
            event_type: E::TYPE.into(),
            report: self.id,
            sequence,
            time: morning(),
            cause: None,
            traceparent: None,
            body: body.encode_to_vec().into(),
        }
    }

    fn classification(leaf: &str, access: common::Access) -> event::Classification {
        let scope = if leaf.starts_with("out_of_scope") { common::Scope::Out } else { common::Scope::In };
        event::Classification {
            leaf: leaf.into(),
            scope: scope.into(),
            urgency: common::Urgency::Normal.into(),
            access: access.into(),
            confidence: 0.9,
            ..Default::default()
        }
    }

    pub fn classified(&self, sequence: i64, leaf: &str, disposition: event::Disposition) -> Envelope {
        self.classified_as(sequence, leaf, disposition, common::Access::Ordinary, "")
    }

    pub fn classified_as(
        &self,
        sequence: i64,
        leaf: &str,
        disposition: event::Disposition,
        access: common::Access,
        note: &str,
    ) -> Envelope {
        let body = event::ReportClassified {
            report: Some(self.snapshot()),
            classification: Some(Self::classification(leaf, access)),
            disposition: disposition.into(),
            note: note.into(),
            ..event::ReportClassified::default()
        };
        self.envelope("classification", sequence, &body)
    }

    pub fn reclassified(&self, sequence: i64, leaf: &str, disposition: event::Disposition) -> Envelope {
        self.reclassified_as(sequence, leaf, disposition, common::Access::Ordinary)
    }

    pub fn reclassified_as(
        &self,
        sequence: i64,
        leaf: &str,
        disposition: event::Disposition,
        access: common::Access,
    ) -> Envelope {
        let body = event::ReportReclassified {
            report: Some(self.snapshot()),
            classification: Some(Self::classification(leaf, access)),
            disposition: disposition.into(),
            note: String::new(),
            ..event::ReportReclassified::default()
        };
        self.envelope("classification", sequence, &body)
    }

    pub fn review_requested(&self, sequence: i64) -> Envelope {
        let body = event::ReviewRequested { report: Some(self.snapshot()), ..Default::default() };
        self.envelope("classification", sequence, &body)
    }

    pub fn info_requested(&self, sequence: i64) -> Envelope {
        let body = event::InfoRequested { report: self.id.name(), ..Default::default() };
        self.envelope("classification", sequence, &body)
    }

    pub fn withdrawn(&self) -> Envelope {
        let withdraw_time = Some(timestamp(morning()));
        self.envelope("intake", 2, &event::ReportWithdrawn { report: self.id.name(), withdraw_time })
    }

    pub fn reopened(&self, round: i32) -> Envelope {
        let reopen_time = Some(timestamp(morning()));
        let body = event::ReportReopened { report: self.id.name(), round, reopen_time };
        self.envelope("satisfaction", i64::from(round), &body)
    }
}

/// Fresh request ids that repeat from run to run.
pub fn request_id(n: u128) -> String {
    Uuid::from_u128(0x4000_8000_0000_0000_0000 + n).to_string()
}

/// Code and `ErrorInfo.reason` of a refusal.
pub fn reason(status: &Status) -> (tonic::Code, String) {
    let reason = status.get_error_details().error_info().map(|info| info.reason.clone());
    (status.code(), reason.unwrap_or_default())
}

/// The messages of an agency's work, with their keys.
pub mod ask {
    use super::{api, request_id};

    pub fn accept(assignment: &api::Assignment, n: u128) -> api::AcceptAssignmentRequest {
        let (name, etag) = (assignment.name.clone(), assignment.etag.clone());
        api::AcceptAssignmentRequest { name, request_id: request_id(n), etag }
    }

    pub fn hand_back(assignment: &api::Assignment, n: u128) -> api::HandBackAssignmentRequest {
        let (name, etag) = (assignment.name.clone(), assignment.etag.clone());
        let reason = "Không thuộc thẩm quyền".into();
        api::HandBackAssignmentRequest { name, reason, request_id: request_id(n), etag }
    }

    pub fn submit(
        assignment: &api::Assignment,
        n: u128,
        resolution: api::Resolution,
    ) -> api::SubmitResolutionRequest {
        let (name, etag) = (assignment.name.clone(), assignment.etag.clone());
        api::SubmitResolutionRequest { name, resolution: Some(resolution), request_id: request_id(n), etag }
    }

    pub fn approve(assignment: &api::Assignment, n: u128) -> api::ApproveResolutionRequest {
        let (name, etag) = (assignment.name.clone(), assignment.etag.clone());
        api::ApproveResolutionRequest { name, request_id: request_id(n), etag }
    }
}
