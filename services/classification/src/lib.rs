//! Classification: which field a report belongs to, how urgent it is, and whether a person must look.
//!
//! Machines propose, people decide: what the policy is sure of goes to routing at once, everything else waits in the
//! coordinators' queue. Every suggestion and every decision is kept; decisions are the labels of the next training.

mod consumer;
pub mod domain;
mod error;
mod events;
mod grpc;
mod jobs;
mod lessons;
mod machine;
mod messages;
mod store;
mod training;
mod usecases;
mod words;

use std::sync::Arc;

use contract::classification::v1::classification_service_server::ClassificationServiceServer;
use contract::classification::v1::learning_service_server::LearningServiceServer;
use contract::classification::v1::similar_service_server::SimilarServiceServer;
use contract::classification::v1::triage_service_server::TriageServiceServer;
use database::OpenError;
use messaging::Outbox;
use runtime::grpc::{Api, CONTROL_MESSAGE_LIMIT, ENCODE_LIMIT};
use runtime::{Condition, Lifecycle, Platform};
use serde::Deserialize;
use settings::HumanDuration;
use tokio::sync::Notify;

use crate::consumer::Consumer;
use crate::grpc::{Classifications, Learning, Similar, Triage};
use crate::machine::MachineInForce;
use crate::usecases::Desk;

pub use consumer::SUBSCRIPTION;
pub use error::Error;
pub use lessons::{Lessons, LessonsError, read_examples};
pub use machine::{Machine, MachineError, Opinion};
pub use store::known_reports;
pub use store::migrations::Migrator;
pub use usecases::{put_back, take_back, trained_models};

/// The service's name: its events' source, its database file, its owner in the readiness.
pub const NAME: &str = "classification";

/// Every key with its default and meaning.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

/// Section `[classification]` of the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How often the gauges of waiting reviews are set.
    pub observe_interval: HumanDuration,
    /// How often is looked for decisions that take effect and for answers that are overdue.
    pub wake_interval: HumanDuration,
}

impl Config {
    /// Refuses values that the service cannot work with, in one line.
    pub fn validate(&self) -> Result<(), String> {
        settings::positive("classification.observe_interval", self.observe_interval)?;
        settings::positive("classification.wake_interval", self.wake_interval)
    }
}

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its database.
    #[error("classification cannot use its database")]
    Database(#[from] OpenError),
    /// Its model.
    #[error(transparent)]
    Machine(#[from] MachineError),
}

/// The running service.
#[derive(Clone)]
pub struct Service {
    desk: Desk,
    lifecycle: Lifecycle,
    ready: Condition,
    wake: Arc<Notify>,
}

/// Starts the service: database → schema → model → consumer, relay and jobs → ready.
pub async fn start(config: Config, platform: &Platform) -> Result<Service, StartError> {
    let ready = platform.readiness.condition(NAME, "database");
    let database = platform.open_database::<Migrator>(NAME).await?;
    let machine = MachineInForce::new(Machine::load(&platform.province)?);
    let outbox = Outbox::new(database, NAME, platform.clock.clone());
    let desk = Desk {
        outbox: outbox.clone(),
        machine,
        province: platform.province.clone(),
        page_key: platform.page_key.clone(),
        seal: platform.reporters.clone(),
        train: Arc::new(Notify::new()),
    };
    let lifecycle = platform.lifecycle.clone();
    let (bus, stop) = (&platform.bus, lifecycle.stopping());
    let consumer = Consumer { desk: desk.clone() };
    let consuming = messaging::consume(
        bus.clone(),
        SUBSCRIPTION.queue,
        outbox.clone(),
        consumer,
        platform.retry,
        stop.clone(),
    );
    lifecycle.spawn("classification consumer", consuming);
    lifecycle.spawn(
        "classification relay",
        messaging::relay(outbox.clone(), bus.clone(), platform.retention, stop.clone()),
    );
    let observing = jobs::observe_reviews(outbox, config.observe_interval.get(), stop);
    lifecycle.spawn("classification gauges", observing);
    let wake = Arc::new(Notify::new());
    let stop = lifecycle.stopping();
    let watching = jobs::watch_reviews(desk.clone(), config.wake_interval.get(), wake.clone(), stop);
    lifecycle.spawn("classification reviews", watching);
    let learning = jobs::watch_models(desk.clone(), config.observe_interval.get(), lifecycle.stopping());
    lifecycle.spawn("classification models", learning);
    ready.set(true);
    Ok(Service { desk, lifecycle, ready, wake })
}

impl Service {
    /// Asks the database, and tells the readiness whether it answers.
    pub async fn check(&self) {
        self.ready.set(self.desk.outbox.observe().await.is_ok());
    }

    /// Looks for what has become due now, not only at the next interval. For tests that move the clock.
    pub fn look_at_reviews(&self) {
        self.wake.notify_one();
    }

    /// Offers the service's RPCs.
    pub fn register(&self, api: &mut Api) {
        let classifications = Classifications { desk: self.desk.clone() };
        let triage = Triage { desk: self.desk.clone(), lifecycle: self.lifecycle.clone() };
        api.add(
            NAME,
            ClassificationServiceServer::new(classifications)
                .max_decoding_message_size(CONTROL_MESSAGE_LIMIT)
                .max_encoding_message_size(ENCODE_LIMIT),
        );
        let learning = Learning { desk: self.desk.clone(), lifecycle: self.lifecycle.clone() };
        api.add(
            NAME,
            LearningServiceServer::new(learning)
                .max_decoding_message_size(CONTROL_MESSAGE_LIMIT)
                .max_encoding_message_size(ENCODE_LIMIT),
        );
        let similar = Similar { desk: self.desk.clone() };
        api.add(
            NAME,
            SimilarServiceServer::new(similar)
                .max_decoding_message_size(CONTROL_MESSAGE_LIMIT)
                .max_encoding_message_size(ENCODE_LIMIT),
        );
        api.add(
            NAME,
            TriageServiceServer::new(triage)
                .max_decoding_message_size(CONTROL_MESSAGE_LIMIT)
                .max_encoding_message_size(ENCODE_LIMIT),
        );
    }
}
