//! A whole system in this process, on a folder of its own, with the real province pack.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, OnceLock};

use auth::{DevelopmentIssuer, Role};
use engines::Ground;
use fieldreport::config::{self, Config};
use fieldreport::system::System;
use province::Province;
use runtime::{Ending, Lifecycle, Platform};
use telemetry::Telemetry;
use tempfile::TempDir;
use vocabulary::Clock;

use crate::{Agency, Anyone, Api, Citizen, Stores, Triage};

/// The province pack that ships.
pub fn pack() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/camau")
}

/// The province, loaded once per process.
pub fn province() -> Arc<Province> {
    static PROVINCE: LazyLock<Arc<Province>> =
        LazyLock::new(|| Arc::new(Province::load(&pack()).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))));
    PROVINCE.clone()
}

/// The same on the engines of `ground`.
pub fn config_on(ground: &Ground, data: &Path, settings: &[(&str, &str)]) -> Config {
    let (database, bus, prefix) = (ground.database_url(), ground.bus_url(), ground.bus_prefix());
    let engines = [
        ("database.url", database.as_str()),
        ("database.max_connections", "6"),
        // A busy machine is slow, not broken.
        ("database.pool_wait", "10s"),
        ("bus.url", &bus),
        ("bus.prefix", &prefix),
    ];
    config_of(data, &[&engines, settings].concat())
}

/// The defaults, a free port, this data folder, and `settings` on top.
pub fn config_of(data: &Path, settings: &[(&str, &str)]) -> Config {
    let data = data.display().to_string();
    let pack = pack().display().to_string();
    let own = [
        ("data", data.as_str()),
        ("province", &pack),
        ("grpc.address", "127.0.0.1:0"),
        ("telemetry.log_level", "warn"),
    ];
    let overrides: Vec<(String, String)> =
        own.iter().chain(settings).map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    settings::load(&config::defaults(), None, std::iter::empty(), &overrides).expect("a configuration")
}

/// Telemetry starts once per process, whatever the number of worlds in it.
fn telemetry(config: &Config) -> Telemetry {
    static TELEMETRY: OnceLock<Telemetry> = OnceLock::new();
    TELEMETRY.get_or_init(|| telemetry::start(&config.telemetry).expect("telemetry")).clone()
}

/// A system, the people who use it, and what must hold when the test is over.
pub struct World {
    folder: TempDir,
    /// Where its engines are; none: in the folder.
    _ground: Option<Ground>,
    config: Config,
    clock: Clock,
    running: Option<Running>,
}

struct Running {
    system: System,
    api: Api,
    stores: Stores,
}

impl World {
    /// A fresh system with the defaults and the machine's clock.
    pub async fn start() -> Self {
        Self::with(&[], Clock::system()).await
    }

    /// A fresh system with other settings or a clock of the test's own, on the engines of the environment.
    pub async fn with(settings: &[(&str, &str)], clock: Clock) -> Self {
        let (folder, ground) = (tempfile::tempdir().expect("a folder"), Ground::new());
        let config = config_on(&ground, folder.path(), settings);
        let data = folder.path();
        ground.prepare::<intake::Migrator>(intake::NAME, data).await;
        ground.prepare::<classification::Migrator>(classification::NAME, data).await;
        ground.prepare::<routing::Migrator>(routing::NAME, data).await;
        ground.prepare::<satisfaction::Migrator>(satisfaction::NAME, data).await;
        let mut world = Self { folder, _ground: Some(ground), config, clock, running: None };
        world.resume().await;
        world
    }

    /// A system in embedded mode on what lies in `folder`.
    pub async fn on(folder: TempDir, settings: &[(&str, &str)], clock: Clock) -> Self {
        let config = config_of(folder.path(), settings);
        let mut world = Self { folder, _ground: None, config, clock, running: None };
        world.resume().await;
        world
    }

    /// Whether its engines are the in-process ones.
    pub fn is_embedded(&self) -> bool {
        self.config.is_embedded()
    }

    /// Its configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Stops the system as a signal would; answers how it ended.
    pub async fn stop(&mut self) -> Ending {
        let running = self.running.take().expect("a running system");
        running.system.platform.lifecycle.stop();
        running.system.run().await
    }

    /// Starts the stopped system again, on the same folder and the same port.
    pub async fn resume(&mut self) {
        let telemetry = telemetry(&self.config);
        let lifecycle = Lifecycle::new(self.config.grace.get());
        let started =
            System::start(self.config.clone(), province(), telemetry, lifecycle, self.clock.clone());
        let started = Box::pin(started).await;
        let system = started.unwrap_or_else(|error| panic!("the system does not start: {error:?}"));
        self.config.grpc.address = system.address;
        let issuer = system.issuer.clone().expect("the development issuer");
        let api = Api::at(&system.address.to_string(), issuer);
        let stores = Stores::open(&self.config).await;
        self.running = Some(Running { system, api, stores });
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("a running system")
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    /// The clock that everything runs by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What the services share.
    pub fn platform(&self) -> &Platform {
        &self.running().system.platform
    }

    /// The makers of tokens and channels.
    pub fn api(&self) -> &Api {
        &self.running().api
    }

    /// The databases, looked at from outside.
    pub fn stores(&self) -> &Stores {
        &self.running().stores
    }

    /// The issuer of tokens.
    pub fn issuer(&self) -> Arc<DevelopmentIssuer> {
        self.running().system.issuer.clone().expect("the development issuer")
    }

    /// Somebody with this role; agency roles work for `agency`.
    pub fn anyone(&self, role: Role, subject: &str, agency: Option<&str>) -> Anyone {
        self.api().caller(role, subject, agency)
    }

    /// Somebody who reports.
    pub fn citizen(&self, subject: &str) -> Citizen {
        Citizen(self.anyone(Role::Citizen, subject, None))
    }

    /// A coordinator.
    pub fn coordinator(&self) -> Triage {
        Triage(self.anyone(Role::Coordinator, "coordinator-1", None))
    }

    /// An officer who may read denunciations.
    pub fn cleared_officer(&self) -> Triage {
        Triage(self.anyone(Role::ClearedOfficer, "officer-1", None))
    }

    /// A handler of an agency, given as `agencies/{id}`.
    pub fn handler(&self, agency: &str) -> Agency {
        Agency(self.anyone(Role::AgencyHandler, "handler-1", agency.strip_prefix("agencies/")))
    }

    /// A leader of an agency, given as `agencies/{id}`.
    pub fn leader(&self, agency: &str) -> Agency {
        Agency(self.anyone(Role::AgencyLeader, "leader-1", agency.strip_prefix("agencies/")))
    }

    /// One who watches over all agencies.
    pub fn supervisor(&self) -> Agency {
        Agency(self.anyone(Role::Supervisor, "supervisor-1", None))
    }

    /// Waits until no event is on its way.
    pub async fn until_idle(&self) {
        self.running().stores.until_idle().await;
    }

    /// Ends the test: everything settles, nothing was given up, every timeline is whole, the system stops cleanly.
    pub async fn finish(mut self) {
        let stores = &self.running().stores;
        stores.until_idle().await;
        let parked = stores.parked().await;
        assert!(parked.is_empty(), "events were given up: {parked:?}");
        stores.prove_timelines().await;
        assert_eq!(self.stop().await, Ending::Clean);
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.system.platform.lifecycle.stop();
            // A test that forgot to finish would never notice what was given up.
            assert!(std::thread::panicking(), "every world ends with `finish`");
        }
    }
}
