//! Routing: which agency is competent for a report, how long it has, and what it does with it.
//!
//! A classified report is placed in its commune, the competence matrix names the agency, the clocks of the regulation
//! run. The agency accepts, hands back, answers; its leader approves. What is out of scope goes back to the citizen.

mod consumer;
pub mod domain;
mod error;
mod events;
mod grpc;
mod jobs;
mod store;
mod usecases;
mod wire;

use std::sync::Arc;

use contract::Event as _;
use contract::event::v1 as event;
use database::OpenError;
use messaging::{Outbox, Subscription, consume, relay};
use runtime::{Condition, Platform};
use serde::Deserialize;
use settings::HumanDuration;
use tokio::sync::Notify;

use usecases::Desk;

pub use store::{Migrator, known_reports};

/// The service's name: of its queue, its database file, its events' source.
pub const NAME: &str = "routing";

/// What can be set; every key with its default stands in `config.default.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How often clocks that run down are looked for.
    pub deadline_interval: HumanDuration,
    /// How many clocks are told about in one transaction.
    pub deadline_batch: u64,
}

impl Config {
    /// Refuses values that routing cannot work with, in one line.
    pub fn validate(&self) -> Result<(), String> {
        settings::positive("routing.deadline_interval", self.deadline_interval)?;
        settings::within("routing.deadline_batch", self.deadline_batch, 1..=1_000)
    }
}

/// The defaults of [`Config`], as the section `[routing]` of the whole configuration.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

/// The events that routing listens to.
pub const SUBSCRIPTION: Subscription = Subscription {
    queue: NAME,
    types: &[
        event::ReportClassified::TYPE,
        event::ReportReclassified::TYPE,
        event::ReviewRequested::TYPE,
        event::InfoRequested::TYPE,
        event::ReportWithdrawn::TYPE,
        event::ReportReopened::TYPE,
        event::RedriveRequested::TYPE,
    ],
};

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its database.
    #[error("routing cannot use its database")]
    Database(#[from] OpenError),
}

/// The running service.
#[derive(Clone)]
pub struct Service {
    desk: Desk,
    platform: Platform,
    wake: Arc<Notify>,
    ready: Condition,
}

/// Opens the database and starts consumer, relay and jobs on the platform's lifecycle.
pub async fn start(config: Config, platform: &Platform) -> Result<Service, StartError> {
    let ready = platform.readiness.condition(NAME, "database");
    let database = platform.open_database::<store::Migrator>(NAME).await?;
    let outbox = Outbox::new(database.clone(), NAME, platform.clock.clone());
    let desk = Desk {
        database,
        outbox: outbox.clone(),
        clock: platform.clock.clone(),
        province: Arc::clone(&platform.province),
    };
    let wake = Arc::new(Notify::new());
    let (life, bus) = (&platform.lifecycle, &platform.bus);
    let handler = consumer::Consumer { desk: desk.clone() };
    let consumer = consume(bus.clone(), NAME, outbox.clone(), handler, platform.retry, life.stopping());
    life.spawn("routing consumer", consumer);
    life.spawn("routing relay", relay(outbox, bus.clone(), platform.retention, life.stopping()));
    let watch = jobs::watch_deadlines(
        desk.clone(),
        config.deadline_interval.get(),
        config.deadline_batch.max(1),
        Arc::clone(&wake),
        life.stopping(),
    );
    life.spawn("routing deadlines", watch);
    ready.set(true);
    Ok(Service { desk, platform: platform.clone(), wake, ready })
}

impl Service {
    /// Asks the database, and tells the readiness whether it answers.
    pub async fn check(&self) {
        self.ready.set(self.desk.outbox.observe().await.is_ok());
    }

    /// Adds the gRPC services of routing.
    pub fn register(&self, api: &mut runtime::grpc::Api) {
        grpc::register(self, api);
    }

    /// Looks for clocks that run down now, not only at the next interval. For tests that move the clock.
    pub fn look_at_clocks(&self) {
        self.wake.notify_one();
    }
}
