//! The assembly: any set of the four services, the bus and one gRPC port in one process.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use auth::{DevelopmentIssuer, ReporterSeal, Verifier};
use database::Database;
use messaging::{Bus, Chaos, Outbox, RetryPolicy, Subscription, Trouble};
use province::Province;
use runtime::grpc::{self, Api};
use runtime::wire::PageKey;
use runtime::{Condition, Ending, Lifecycle, Platform, Readiness};
use telemetry::Telemetry;
use tokio::net::TcpListener;
use vocabulary::Clock;

use crate::config::{Config, Name};
use crate::data_folder::DataFolder;

/// Every queue that exists and what it gets.
pub const SUBSCRIPTIONS: [Subscription; 4] =
    [intake::SUBSCRIPTION, classification::SUBSCRIPTION, routing::SUBSCRIPTION, satisfaction::SUBSCRIPTION];

/// The in-process bus's file in the data folder.
const BUS: &str = "bus.db";

const WATCH: Duration = Duration::from_secs(2);
/// How long a broker that does not answer may keep a service from being ready, which does not need it.
const FIRST_ANSWER: Duration = Duration::from_secs(2);

/// A running system.
pub struct System {
    /// Where callers connect.
    pub address: SocketAddr,
    /// The operator's port, if there is one.
    pub internal_address: Option<SocketAddr>,
    /// Makes tokens, if the development issuer is on.
    pub issuer: Option<Arc<DevelopmentIssuer>>,
    /// What the services share.
    pub platform: Platform,
    _data: Option<DataFolder>,
}

impl System {
    /// Starts everything, in the fixed order: data folder → ports → keys → bus → services → API. Ready when it returns. Where
    /// folder or port belong to somebody else nothing is begun; if a later step fails, what was begun has ended.
    pub async fn start(
        config: Config,
        province: Arc<Province>,
        telemetry: Telemetry,
        lifecycle: Lifecycle,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let data = folder(&config)?;
        let listener = TcpListener::bind(config.grpc.address)
            .await
            .with_context(|| format!("nothing can listen on {}", config.grpc.address))?;
        let address = listener.local_addr()?;
        match assemble(config, listener, province, telemetry, lifecycle.clone(), clock).await {
            Ok((internal_address, issuer, platform)) => {
                Ok(Self { address, internal_address, issuer, platform, _data: data })
            }
            Err(error) => {
                lifecycle.stop();
                lifecycle.run_until_stopped().await;
                Err(error)
            }
        }
    }

    /// Runs until a signal or [`Lifecycle::stop`], then stops everything in order.
    pub async fn run(self) -> Ending {
        self.platform.lifecycle.run_until_stopped().await
    }
}

/// One process owns a folder with databases in it; a folder of keys and media alone is shared by all processes.
fn folder(config: &Config) -> anyhow::Result<Option<DataFolder>> {
    if config.is_embedded() {
        return DataFolder::take(&config.data).map(Some);
    }
    std::fs::create_dir_all(&config.data)
        .with_context(|| format!("the data folder {} cannot be made", config.data.display()))?;
    Ok(None)
}

type Assembled = (Option<SocketAddr>, Option<Arc<DevelopmentIssuer>>, Platform);

async fn assemble(
    config: Config,
    listener: TcpListener,
    province: Arc<Province>,
    telemetry: Telemetry,
    lifecycle: Lifecycle,
    clock: Clock,
) -> anyhow::Result<Assembled> {
    let readiness = Readiness::new();
    let started = readiness.condition("system", "start");
    let internal_address =
        runtime::internal::serve(config.internal_address, telemetry, &lifecycle, readiness.clone())
            .await
            .context("the internal port cannot be opened")?;
    let key = |name: &str| auth::secret(&config.data.join(name), &clock);
    let (identity_key, reporter_key, page_key) =
        (key("identity.key")?, key("reporter.key")?, key("page.key")?);
    let (verifier, issuer) = authentication(&config, &clock)?;
    let platform = Platform {
        lifecycle: lifecycle.clone(),
        readiness: readiness.clone(),
        clock: clock.clone(),
        province,
        bus: open_bus(&config).await?,
        page_key: PageKey::new(&page_key),
        reporters: ReporterSeal::new(&reporter_key),
        retry: RetryPolicy::STANDARD,
        retention: config.bus.retention.get(),
        data: config.data.clone(),
        database: config.database.clone(),
    };

    let mut api = Api::new(contract::DESCRIPTORS);
    let mut services = Vec::new();
    for name in Name::ALL.into_iter().filter(|name| config.services.contains(name)) {
        let service = match name {
            Name::Intake => {
                Service::Intake(intake::start(config.intake.clone(), &identity_key, &platform).await?)
            }
            Name::Classification => Service::Classification(
                classification::start(config.classification.clone(), &platform).await?,
            ),
            Name::Routing => Service::Routing(routing::start(config.routing.clone(), &platform).await?),
            Name::Satisfaction => {
                Service::Satisfaction(satisfaction::start(config.satisfaction.clone(), &platform).await?)
            }
        };
        service.register(&mut api);
        services.push(service);
    }
    let topology = readiness.condition("bus", "topology");
    lifecycle.spawn("watch", watch(services, topology, platform.clone()));
    let context = grpc::Context { verifier, lifecycle, readiness, clock };
    grpc::serve(listener, api, &config.grpc, &context)?;
    started.set(true);
    Ok((internal_address, issuer, platform))
}

/// The bus of this configuration, with every queue that exists.
pub async fn open_bus(config: &Config) -> anyhow::Result<Bus> {
    if let Some(rabbit) = config.bus.rabbit().map_err(anyhow::Error::msg)? {
        return Ok(Bus::rabbit(rabbit, SUBSCRIPTIONS.to_vec()));
    }
    let chaos = (config.bus.duplicate > 0.0)
        .then_some(Chaos { seed: config.bus.chaos_seed, duplicate: config.bus.duplicate });
    Ok(Bus::open(&config.data.join(BUS), SUBSCRIPTIONS.to_vec(), chaos).await?)
}

/// The outbox of each of the configured services, for operators. Where the data folder belongs to a process, it must not run.
pub async fn open_outboxes(config: &Config) -> anyhow::Result<Vec<Outbox>> {
    let mut outboxes = Vec::new();
    for name in &config.services {
        let database = Database::open(config.database.place(name.as_str(), &config.data)).await?;
        match name {
            Name::Intake => database.require_current::<intake::Migrator>().await?,
            Name::Classification => database.require_current::<classification::Migrator>().await?,
            Name::Routing => database.require_current::<routing::Migrator>().await?,
            Name::Satisfaction => database.require_current::<satisfaction::Migrator>().await?,
        }
        outboxes.push(Outbox::new(database, name.as_str(), Clock::system()));
    }
    Ok(outboxes)
}

enum Service {
    Intake(intake::Service),
    Classification(classification::Service),
    Routing(routing::Service),
    Satisfaction(satisfaction::Service),
}

impl Service {
    fn register(&self, api: &mut Api) {
        match self {
            Self::Intake(service) => service.register(api),
            Self::Classification(service) => service.register(api),
            Self::Routing(service) => service.register(api),
            Self::Satisfaction(service) => service.register(api),
        }
    }

    async fn check(&self) {
        match self {
            Self::Intake(service) => service.check().await,
            Self::Classification(service) => service.check().await,
            Self::Routing(service) => service.check().await,
            Self::Satisfaction(service) => service.check().await,
        }
    }
}

/// Brings the databases of the configured services to the schema of this binary: the only thing that changes the schema of
/// a server.
pub async fn migrate(config: &Config) -> anyhow::Result<()> {
    let _data = folder(config)?;
    for name in &config.services {
        let database = Database::open(config.database.migration_place(name.as_str(), &config.data)).await?;
        match name {
            Name::Intake => database.migrate::<intake::Migrator>().await?,
            Name::Classification => database.migrate::<classification::Migrator>().await?,
            Name::Routing => database.migrate::<routing::Migrator>().await?,
            Name::Satisfaction => database.migrate::<satisfaction::Migrator>().await?,
        }
        database.close().await?;
    }
    Ok(())
}

fn authentication(
    config: &Config,
    clock: &Clock,
) -> anyhow::Result<(Verifier, Option<Arc<DevelopmentIssuer>>)> {
    let settings = &config.auth;
    let issuer = match settings.development_issuer {
        true => Some(Arc::new(DevelopmentIssuer::open(
            &config.data,
            &settings.issuer,
            &settings.audience,
            clock.clone(),
        )?)),
        false => None,
    };
    let extra = issuer.iter().map(|issuer| issuer.verification_key()).collect();
    Ok((Verifier::load(&settings.verifier(), extra, clock.clone())?, issuer))
}

/// Tells, again and again, what waits, whether every service's database answers, and what is wrong with the bus.
///
/// A broker that is down makes nobody unready: reports are taken, decisions are made, and what is to be told waits in the
/// databases. A broker that is not as it must be does: nothing will help but an operator.
async fn watch(services: Vec<Service>, topology: Condition, platform: Platform) -> Result<(), Infallible> {
    let stopping = platform.lifecycle.stopping();
    let mut told = None;
    drop(tokio::time::timeout(FIRST_ANSWER, platform.bus.tried()).await);
    while !stopping.is_cancelled() {
        let trouble = platform.bus.trouble().await;
        topology.set(!matches!(trouble, Some(Trouble::Misconfigured(_))));
        metrics::gauge!("bus_up").set(if trouble.is_none() { 1.0 } else { 0.0 });
        if trouble != told {
            match &trouble {
                None => tracing::info!("the bus works"),
                Some(Trouble::Unreachable(why)) => {
                    tracing::warn!(why, "the bus is out of reach; events wait in the databases");
                }
                Some(Trouble::Misconfigured(why)) => {
                    tracing::error!(why, "the bus is not as it must be; not ready");
                }
            }
            told = trouble;
        }
        for service in &services {
            service.check().await;
        }
        if platform.bus.is_in_process() {
            observe_queues(&platform.bus).await;
        }
        let unmet = platform.readiness.unmet();
        if !unmet.is_empty() {
            tracing::warn!(unmet = unmet.join(", "), "not ready");
        }
        tokio::select! {
            () = stopping.cancelled() => {}
            () = platform.bus.changed() => {}
            () = tokio::time::sleep(WATCH) => {}
        }
    }
    Ok(())
}

/// The broker's own metrics tell the depth of its queues; the in-process bus has none.
async fn observe_queues(bus: &Bus) {
    for queue in bus.queues() {
        match bus.depth(queue).await {
            Ok(waiting) => metrics::gauge!("queue_waiting", "queue" => queue).set(waiting as f64),
            Err(error) => tracing::warn!(error = %error, "the queues cannot be counted"),
        }
    }
}
