//! Asks everyone whose report ended how satisfied they are, sends back what was not enough, and turns the answers into
//! scores that tell how sure they are and nothing about single people.

mod consumer;
mod domain;
mod error;
mod events;
mod grpc;
mod jobs;
mod store;
mod usecases;

use contract::Event as _;
use contract::event::v1::{
    RedriveRequested, ReportDeferred, ReportRejected, ReportResolved, ReportReturned, ReportWithdrawn,
    ReturnContested,
};
use contract::satisfaction::v1::rating_service_server::RatingServiceServer;
use contract::satisfaction::v1::score_service_server::ScoreServiceServer;
use database::OpenError;
use messaging::{Outbox, Subscription};
use runtime::grpc::{Api, CONTROL_MESSAGE_LIMIT, ENCODE_LIMIT};
use runtime::{Condition, Platform};
use serde::Deserialize;
use settings::HumanDuration;

pub use crate::error::Error;

use crate::consumer::Consumer;
pub use crate::store::migrations::Migrator;
pub use crate::store::reconciliation::invited_reports;
use crate::usecases::audit_facts::audit_facts;
use crate::usecases::read_scores::Scoreboards;

/// The service's name: source of its events, owner of its conditions, name of its database file.
pub const NAME: &str = "satisfaction";

/// What this service listens to.
pub const SUBSCRIPTION: Subscription = Subscription {
    queue: NAME,
    types: &[
        ReportResolved::TYPE,
        ReportDeferred::TYPE,
        ReportReturned::TYPE,
        ReportRejected::TYPE,
        ReportWithdrawn::TYPE,
        ReturnContested::TYPE,
        RedriveRequested::TYPE,
    ],
};

/// Every key with its default and meaning.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

/// The section `[satisfaction]`; the keys are described in `config.default.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How often rating windows that have ended are looked for.
    pub close_every: HumanDuration,
    /// How old a score may be; 0 computes every one anew.
    pub score_age: HumanDuration,
}

impl Config {
    /// Refuses values that the service cannot work with, in one line.
    pub fn validate(&self) -> Result<(), String> {
        settings::positive("satisfaction.close_every", self.close_every)
    }
}

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its database cannot be used.
    #[error("the satisfaction service has no database")]
    Database(#[from] OpenError),
}

/// The running service. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    outbox: Outbox,
    scoreboards: Scoreboards,
    platform: Platform,
    ready: Condition,
}

/// Opens the database and starts the consumer, the relay and the jobs.
pub async fn start(config: Config, platform: &Platform) -> Result<Service, StartError> {
    let ready = platform.readiness.condition(NAME, "database");
    let database = platform.open_database::<Migrator>(NAME).await?;
    let outbox = Outbox::new(database, NAME, platform.clock.clone());
    let Platform { lifecycle, bus, .. } = platform;
    let handler = Consumer { province: platform.province.clone(), clock: platform.clock.clone() };
    let consumer =
        messaging::consume(bus.clone(), NAME, outbox.clone(), handler, platform.retry, lifecycle.stopping());
    lifecycle.spawn("satisfaction consumer", consumer);
    lifecycle.spawn(
        "satisfaction relay",
        messaging::relay(outbox.clone(), bus.clone(), platform.retention, lifecycle.stopping()),
    );
    let windows = jobs::close_windows(outbox.clone(), config.close_every.get(), lifecycle.stopping());
    lifecycle.spawn("satisfaction windows", windows);
    let scoreboards =
        Scoreboards::new(outbox.database().clone(), platform.clock.clone(), config.score_age.get());
    ready.set(true);
    Ok(Service { outbox, scoreboards, platform: platform.clone(), ready })
}

impl Service {
    /// Asks the database, and tells the readiness whether it answers.
    pub async fn check(&self) {
        self.ready.set(self.outbox.observe().await.is_ok());
    }

    /// Computes the facts of all scores anew from invitations and ratings, and answers where the kept ones differ:
    /// nowhere, unless there is a defect. Reads every invitation; for operators and tests.
    pub async fn audit(&self) -> Result<Vec<String>, Error> {
        audit_facts(self.outbox.database()).await
    }

    /// Offers the service's RPCs.
    pub fn register(&self, api: &mut Api) {
        api.add(
            NAME,
            RatingServiceServer::new(self.clone())
                .max_decoding_message_size(CONTROL_MESSAGE_LIMIT)
                .max_encoding_message_size(ENCODE_LIMIT),
        );
        api.add(
            NAME,
            ScoreServiceServer::new(self.clone())
                .max_decoding_message_size(CONTROL_MESSAGE_LIMIT)
                .max_encoding_message_size(ENCODE_LIMIT),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_default() {
        let whole: toml::Table = toml::from_str(include_str!("../config.default.toml")).expect("TOML");
        let config: Config = whole[NAME].clone().try_into().expect("complete and without unknown keys");
        assert_eq!(config.validate(), Ok(()));
    }
}
