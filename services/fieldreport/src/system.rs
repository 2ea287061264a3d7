//! The assembly of embedded mode: four services, one bus, one gRPC port, in one process.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use auth::{DevelopmentIssuer, ReporterSeal, Verifier};
use database::Database;
use messaging::{Bus, Chaos, RetryPolicy, Subscription};
use province::Province;
use runtime::grpc::{self, Api};
use runtime::wire::PageKey;
use runtime::{Condition, Ending, Lifecycle, Platform, Readiness};
use telemetry::Telemetry;
use tokio::net::TcpListener;
use vocabulary::Clock;

use crate::config::Config;
use crate::data_folder::DataFolder;

/// Every queue that exists and what it gets.
pub const SUBSCRIPTIONS: [Subscription; 4] =
    [intake::SUBSCRIPTION, classification::SUBSCRIPTION, routing::SUBSCRIPTION, satisfaction::SUBSCRIPTION];

/// The bus's file in the data folder.
pub const BUS: &str = "bus.db";

const WATCH: Duration = Duration::from_secs(2);

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
    _data: DataFolder,
}

impl System {
    /// Starts everything, in the fixed order: data folder → port → keys → bus → services → API. Ready when it returns. Where
    /// folder or port belong to somebody else nothing is begun; if a later step fails, what was begun has ended.
    pub async fn start(
        config: Config,
        province: Arc<Province>,
        telemetry: Telemetry,
        lifecycle: Lifecycle,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let data = DataFolder::take(&config.data)?;
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

type Assembled = (Option<SocketAddr>, Option<Arc<DevelopmentIssuer>>, Platform);

async fn assemble(
    config: Config,
    listener: TcpListener,
    province: Arc<Province>,
    telemetry: Telemetry,
    lifecycle: Lifecycle,
    clock: Clock,
) -> anyhow::Result<Assembled> {
    let key = |name: &str| auth::secret(&config.data.join(name), &clock);
    let (identity_key, reporter_key, page_key) =
        (key("identity.key")?, key("reporter.key")?, key("page.key")?);
    let (verifier, issuer) = authentication(&config, &clock)?;
    let chaos = (config.bus.duplicate > 0.0)
        .then_some(Chaos { seed: config.bus.chaos_seed, duplicate: config.bus.duplicate });
    let bus = Bus::open(&config.data.join(BUS), SUBSCRIPTIONS.to_vec(), clock.clone(), chaos).await?;
    let readiness = Readiness::new();
    let platform = Platform {
        lifecycle: lifecycle.clone(),
        readiness: readiness.clone(),
        clock: clock.clone(),
        province,
        bus,
        page_key: PageKey::new(&page_key),
        reporters: ReporterSeal::new(&reporter_key),
        retry: RetryPolicy::STANDARD,
        data: config.data.clone(),
        migrate: true,
    };

    let mut api = Api::new(contract::DESCRIPTORS);
    let services = Services {
        intake: intake::start(config.intake, &identity_key, &platform).await?,
        classification: classification::start(config.classification, &platform).await?,
        routing: routing::start(config.routing, &platform).await?,
        satisfaction: satisfaction::start(config.satisfaction, &platform).await?,
    };
    services.register(&mut api);
    let bus_ready = readiness.condition("bus", "database");
    bus_ready.set(true);
    lifecycle.spawn("watch", watch(services, bus_ready, platform.clone()));
    let internal_address =
        runtime::internal::serve(config.internal_address, telemetry, &lifecycle, readiness.clone())
            .await
            .context("the internal port cannot be opened")?;
    let context = grpc::Context { verifier, lifecycle, readiness, clock };
    grpc::serve(listener, api, &config.grpc, &context)?;
    Ok((internal_address, issuer, platform))
}

struct Services {
    intake: intake::Service,
    classification: classification::Service,
    routing: routing::Service,
    satisfaction: satisfaction::Service,
}

impl Services {
    fn register(&self, api: &mut Api) {
        self.intake.register(api);
        self.classification.register(api);
        self.routing.register(api);
        self.satisfaction.register(api);
    }

    async fn check(&self) {
        tokio::join!(
            self.intake.check(),
            self.classification.check(),
            self.routing.check(),
            self.satisfaction.check()
        );
    }
}

/// Brings every database of a data folder to the schema of this binary.
pub async fn migrate(data: &Path) -> anyhow::Result<()> {
    let data = DataFolder::take(data)?;
    let open = async |name: &str| Database::open(&data.path().join(format!("{name}.db"))).await;
    open(intake::NAME).await?.migrate::<intake::Migrator>().await?;
    open(classification::NAME).await?.migrate::<classification::Migrator>().await?;
    open(routing::NAME).await?.migrate::<routing::Migrator>().await?;
    open(satisfaction::NAME).await?.migrate::<satisfaction::Migrator>().await?;
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

/// Tells, again and again, what waits in the queues and whether the bus and every service's database answer.
async fn watch(services: Services, bus_ready: Condition, platform: Platform) -> Result<(), Infallible> {
    let (bus, stopping) = (&platform.bus, platform.lifecycle.stopping());
    while !stopping.is_cancelled() {
        let (queues, ()) = tokio::join!(bus.observe(), services.check());
        bus_ready.set(queues.is_ok());
        if let Err(error) = queues {
            tracing::warn!(error = %error, "the queues cannot be counted");
        }
        let unmet = platform.readiness.unmet();
        if !unmet.is_empty() {
            tracing::warn!(unmet = unmet.join(", "), "not ready");
        }
        tokio::select! {
            () = stopping.cancelled() => {}
            () = tokio::time::sleep(WATCH) => {}
        }
    }
    Ok(())
}
