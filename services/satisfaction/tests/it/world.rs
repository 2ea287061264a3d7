//! One world per test: routing that speaks, satisfaction that is tested, a listener that hears what it says.

use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use auth::{Caller, DevelopmentIssuer, ReporterSeal, Role, Verifier, VerifierConfig};
use contract::Event;
use contract::event::v1 as event;
use contract::satisfaction::v1::rating_service_client::RatingServiceClient;
use contract::satisfaction::v1::score_service_client::ScoreServiceClient;
use database::Database;
use engines::{Ground, is_idle};
use messaging::{Bus, Chaos, Envelope, Handler, Outbox, Outcome, RetryPolicy, Subscription, Work};
use province::Province;
use runtime::grpc::{Api, Context, GrpcConfig};
use runtime::wire::PageKey;
use runtime::{Lifecycle, Platform, Readiness};
use satisfaction::{Config, Service};
use sea_orm::{ConnectionTrait as _, DbErr, Statement};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use settings::HumanDuration;
use tonic::Code;
use tonic::transport::Channel;
use tonic_types::StatusExt as _;
use uuid::Uuid;
use vocabulary::{Clock, ReportId, Timestamp};

/// 2026-11-16T03:00:00Z, a Monday morning in the province.
pub const START: Timestamp = Timestamp::from_micros(1_794_798_000_000_000);
pub const HOUR: Duration = Duration::from_secs(3_600);
pub const DAY: Duration = Duration::from_secs(86_400);

const HEARD: Subscription = Subscription {
    queue: "listener",
    types: &[
        event::RatingInvited::TYPE,
        event::RatingSubmitted::TYPE,
        event::ReportReopened::TYPE,
        event::ReportClosed::TYPE,
    ],
};

static PROVINCE: LazyLock<Arc<Province>> = LazyLock::new(|| {
    let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/camau");
    Arc::new(Province::load(&pack).unwrap_or_else(|mistakes| panic!("{mistakes:#?}")))
});

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

pub struct World {
    pub clock: Clock,
    pub bus: Bus,
    pub service: Service,
    pub ratings: RatingServiceClient<Channel>,
    pub scores: ScoreServiceClient<Channel>,
    pub seal: ReporterSeal,
    pub platform: Platform,
    routing: Outbox,
    issuer: DevelopmentIssuer,
    heard: Arc<Mutex<Vec<Envelope>>>,
    /// The service's database, as the test looks at it.
    pub outbox: Outbox,
    _folder: tempfile::TempDir,
    _ground: Ground,
}

impl World {
    pub async fn new() -> Self {
        Self::with(None, Duration::ZERO).await
    }

    pub async fn with(chaos: Option<Chaos>, score_age: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(START);
        let subscriptions = vec![satisfaction::SUBSCRIPTION, HEARD];
        let ground = Ground::on_table_bus();
        ground.prepare::<satisfaction::Migrator>(satisfaction::NAME, folder.path()).await;
        let bus = ground.bus(folder.path(), subscriptions, chaos).await;
        let seal = ReporterSeal::new(&[3; 32]);
        let platform = Platform {
            lifecycle: Lifecycle::new(Duration::from_secs(5)),
            readiness: Readiness::new(),
            clock: clock.clone(),
            province: PROVINCE.clone(),
            bus: bus.clone(),
            page_key: PageKey::new(&[5; 32]),
            reporters: seal.clone(),
            retry: RetryPolicy::FAST,
            retention: Duration::from_secs(3_600),
            data: folder.path().to_path_buf(),
            database: ground.database(),
        };
        let config = Config {
            close_every: HumanDuration(Duration::from_millis(10)),
            score_age: HumanDuration(score_age),
        };
        let service = satisfaction::start(config, &platform).await.unwrap();
        let issuer =
            DevelopmentIssuer::open(folder.path(), "https://issuer", "fieldreport", clock.clone()).unwrap();
        let channel = serve(&service, &platform, &issuer).await;
        let routing = outbox(&ground, folder.path(), "routing", &clock).await;
        let heard = Arc::new(Mutex::new(Vec::new()));
        let stop = platform.lifecycle.stopping();
        platform.lifecycle.spawn(
            "routing relay",
            messaging::relay(routing.clone(), bus.clone(), platform.retention, stop.clone()),
        );
        let place = ground.database().place(satisfaction::NAME, folder.path());
        let database = Database::open(place).await.unwrap();
        let looked_at = Outbox::new(database, satisfaction::NAME, clock.clone());
        let listener = Listener(heard.clone());
        let own = outbox(&ground, folder.path(), "listener", &clock).await;
        let listening = messaging::consume(bus.clone(), "listener", own, listener, RetryPolicy::FAST, stop);
        platform.lifecycle.spawn("listener", listening);
        Self {
            ratings: RatingServiceClient::new(channel.clone()),
            scores: ScoreServiceClient::new(channel),
            clock,
            bus,
            service,
            seal,
            platform,
            routing,
            issuer,
            heard,
            outbox: looked_at,
            _folder: folder,
            _ground: ground,
        }
    }

    /// Routing says something about a report.
    pub async fn say<E: Event>(&self, report: u128, said: &E) {
        self.say_all(&[(report, said)]).await;
    }

    /// Routing says much in one transaction.
    pub async fn say_all<E: Event>(&self, said: &[(u128, &E)]) {
        let mut work = self.routing.begin().await.unwrap();
        for (report, said) in said {
            work.publish(id(*report), self.clock.now(), *said);
        }
        work.commit().await.unwrap();
    }

    /// Says it and waits until everything that follows has happened.
    pub async fn tell<E: Event>(&self, report: u128, said: &E) {
        self.say(report, said).await;
        self.until_idle().await;
    }

    pub async fn until_idle(&self) {
        eventually("every outbox and every queue is empty", async || {
            is_idle(&self.bus, &[&self.routing, &self.outbox]).await
        })
        .await;
    }

    /// What satisfaction has said of one kind, oldest first.
    pub fn heard<E: Event>(&self) -> Vec<E> {
        let heard = self.heard.lock().unwrap();
        heard
            .iter()
            .filter(|envelope| envelope.is::<E>())
            .map(|envelope| envelope.decode().unwrap())
            .collect()
    }

    pub fn envelopes(&self) -> Vec<Envelope> {
        self.heard.lock().unwrap().clone()
    }

    /// Waits for that many events of one kind.
    pub async fn hear<E: Event>(&self, count: usize) -> Vec<E> {
        eventually(E::TYPE, async || self.heard::<E>().len() >= count).await;
        self.heard()
    }

    /// The invitation of a report's round, once it is made.
    pub async fn invitation(&self, report: u128, round: i32) -> String {
        let name = id(report).name();
        let found = || {
            let invited = self.heard::<event::RatingInvited>();
            invited.into_iter().find(|invited| invited.report == name && invited.round == round)
        };
        eventually("an invitation", async || found().is_some()).await;
        found().unwrap().invitation
    }

    /// The rows that a query finds in the service's database, each as text.
    pub async fn rows(&self, sql: &str) -> Vec<String> {
        let database = self.outbox.database();
        let statement = Statement::from_string(database.backend(), sql);
        let rows = database.read().query_all_raw(statement).await.unwrap();
        let text = |row: &sea_orm::QueryResult, index: usize| {
            // SQLite has one kind of number, PostgreSQL says which it is.
            let wide = || row.try_get_by_index::<i64>(index).map(|number| number.to_string());
            let narrow = || row.try_get_by_index::<i32>(index).map(|number| number.to_string());
            let truth = || row.try_get_by_index::<bool>(index).map(|truth| i32::from(truth).to_string());
            let text = || row.try_get_by_index::<String>(index);
            wide().or_else(|_| narrow()).or_else(|_| truth()).or_else(|_| text()).unwrap()
        };
        let columns = |row: &sea_orm::QueryResult| row.column_names().len();
        rows.iter()
            .map(|row| (0..columns(row)).map(|index| text(row, index)).collect::<Vec<_>>().join(" "))
            .collect()
    }

    /// A request with the token of a caller.
    pub fn call<T>(&self, role: Role, subject: &str, message: T) -> tonic::Request<T> {
        let agency = role.needs_agency().then(|| "ubnd-32002".parse().unwrap());
        let caller = Caller::new(role, subject.parse().unwrap(), agency).unwrap();
        let token = self.issuer.issue(&caller, Duration::from_secs(300)).unwrap();
        let mut request = tonic::Request::new(message);
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        request
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.platform.lifecycle.stop();
    }
}

async fn serve(service: &Service, platform: &Platform, issuer: &DevelopmentIssuer) -> Channel {
    let verifier = VerifierConfig {
        issuer: "https://issuer".to_owned(),
        audience: "fieldreport".to_owned(),
        keys: None,
        max_lifetime: HumanDuration(Duration::from_secs(900)),
        leeway: HumanDuration(Duration::from_secs(60)),
    };
    let verifier =
        Verifier::load(&verifier, vec![issuer.verification_key()], platform.clock.clone()).unwrap();
    let mut api = Api::new(contract::DESCRIPTORS);
    service.register(&mut api);
    let context = Context {
        verifier,
        lifecycle: platform.lifecycle.clone(),
        readiness: platform.readiness.clone(),
        clock: platform.clock.clone(),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    runtime::grpc::serve(listener, api, &GrpcConfig::default(), &context).unwrap();
    Channel::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap()
}

async fn outbox(ground: &Ground, folder: &Path, name: &'static str, clock: &Clock) -> Outbox {
    Outbox::new(ground.open::<Tables>(name, folder).await, name, clock.clone())
}

struct Listener(Arc<Mutex<Vec<Envelope>>>);

impl Handler for Listener {
    async fn handle(&self, _: &mut Work, events: &[Envelope]) -> Result<Vec<Outcome>, DbErr> {
        self.0.lock().unwrap().extend(events.iter().cloned());
        Ok(vec![Outcome::Done; events.len()])
    }
}

pub fn id(report: u128) -> ReportId {
    ReportId(Uuid::from_u128(report))
}

/// Polls until the condition holds.
pub async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    for _ in 0..4_000 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("not within 20 s: {what}");
}

/// Code and reason of a refusal.
pub fn refusal<T: std::fmt::Debug>(answer: Result<T, tonic::Status>) -> (Code, String) {
    let status = answer.unwrap_err();
    let reason = status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default();
    (status.code(), reason)
}
