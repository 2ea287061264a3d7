//! Intake: takes citizens' reports, keeps them for ever, and shows everyone what they may see of them.
//!
//! Its promise: an answered CreateReport exists exactly once, whatever crashes. It needs only its own database for that;
//! classifier, router and bus may all be down.

mod consumer;
pub mod domain;
mod error;
mod events;
mod grpc;
mod jobs;
mod objects;
mod store;
mod usecases;
mod watchers;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use contract::Event as _;
use contract::event::v1 as event;
use contract::intake::v1::intake_service_server::IntakeServiceServer;
use contract::intake::v1::media_service_server::MediaServiceServer;
use database::OpenError;
use messaging::{Outbox, Subscription};
use province::Province;
use runtime::{Condition, Platform, grpc as transport};
use serde::Deserialize;
use vocabulary::MediaId;

use crate::domain::identity::{IdentityVault, VaultError};
use crate::domain::report::Report;
use crate::objects::Objects;
use crate::usecases::create_report::Desk;
use crate::watchers::Watchers;

pub use crate::error::Error;
pub use crate::store::migrations::Migrator;
pub use crate::usecases::reconcile_reports::{
    Reconciliation, hours, list_filed, patience, reconcile_reports,
};

/// The name of the service: source of its events, name of its queue and its database.
pub const NAME: &str = "intake";

/// Every configuration key with its default and meaning.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

/// Everything that happens to a report anywhere else: the timeline shows all of it.
pub const SUBSCRIPTION: Subscription = Subscription {
    queue: NAME,
    types: &[
        event::ReportClassified::TYPE,
        event::ReviewRequested::TYPE,
        event::InfoRequested::TYPE,
        event::ReportReclassified::TYPE,
        event::ReportAssigned::TYPE,
        event::RouteMissing::TYPE,
        event::ReportReturned::TYPE,
        event::ReportRejected::TYPE,
        event::ReportHandedBack::TYPE,
        event::WorkStarted::TYPE,
        event::ResolutionSubmitted::TYPE,
        event::ReportResolved::TYPE,
        event::ReportDeferred::TYPE,
        event::DeadlineApproaching::TYPE,
        event::DeadlineMissed::TYPE,
        event::RatingInvited::TYPE,
        event::RatingSubmitted::TYPE,
        event::ReportReopened::TYPE,
        event::ReportClosed::TYPE,
        event::RedriveRequested::TYPE,
    ],
};

/// Intake's section of the configuration; see `config.default.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Folder of photos and videos; empty: `media` in the data directory.
    #[serde(deserialize_with = "settings::optional")]
    pub media_folder: Option<PathBuf>,
    /// How many reports may share one transaction.
    pub group_commit: usize,
    /// How many photos are decoded at once.
    pub decoders: usize,
    /// How long an upload that broke off is kept.
    pub upload_lifetime: settings::HumanDuration,
    /// How often stale uploads and reports that stand still are looked for.
    pub sweep_interval: settings::HumanDuration,
    /// How long a report may stand still in a state that it should leave by itself.
    pub stuck_after: settings::HumanDuration,
}

impl Config {
    /// Refuses values that intake cannot work with, in one line.
    pub fn validate(&self) -> Result<(), String> {
        // One statement holds a transaction's reports, and SQLite's has at most 32,766 variables.
        settings::within("intake.group_commit", self.group_commit, 1..=400)?;
        settings::within("intake.decoders", self.decoders, 1..=64)?;
        settings::positive("intake.upload_lifetime", self.upload_lifetime)?;
        settings::positive("intake.sweep_interval", self.sweep_interval)?;
        settings::positive("intake.stuck_after", self.stuck_after)
    }
}

/// Why intake cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its database.
    #[error("intake cannot use its database")]
    Database(#[from] OpenError),
    /// Its photos and videos.
    #[error("the media folder cannot be used")]
    Objects(#[from] object_store::Error),
    /// The key of identities.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// What intake's use cases work with. Cheap to clone.
#[derive(Clone)]
struct Intake(Arc<Parts>);

/// Encodes the answer that is stored with a request and replayed byte for byte.
type EncodeReport = fn(&Report, &[MediaId], &Province) -> Vec<u8>;

struct Parts {
    encode: EncodeReport,
    outbox: Outbox,
    province: Arc<Province>,
    objects: Objects,
    vault: IdentityVault,
    watchers: Watchers,
    desk: Desk,
    stuck_after: Duration,
    platform: Platform,
}

impl std::ops::Deref for Intake {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// The running service.
pub struct Service {
    intake: Intake,
    ready: Condition,
}

/// Opens the database and starts consumers, relay and jobs. `identity_key` seals who sends reports.
pub async fn start(
    config: Config,
    identity_key: &[u8; 32],
    platform: &Platform,
) -> Result<Service, StartError> {
    let ready = platform.readiness.condition(NAME, "database");
    let database = platform.open_database::<Migrator>(NAME).await?;
    let folder = config.media_folder.clone().unwrap_or_else(|| platform.data.join("media"));
    let objects = Objects::open(&folder, config.decoders)?;
    let outbox = Outbox::new(database, NAME, platform.clock.clone());
    let (desk, counter) = Desk::open(config.group_commit);
    let intake = Intake(Arc::new(Parts {
        encode: grpc::own_report,
        outbox: outbox.clone(),
        province: platform.province.clone(),
        objects,
        vault: IdentityVault::new(identity_key)?,
        watchers: Watchers::default(),
        desk,
        stuck_after: config.stuck_after.get(),
        platform: platform.clone(),
    }));

    let (lifecycle, bus) = (&platform.lifecycle, &platform.bus);
    lifecycle.spawn("intake-desk", usecases::create_report::work(intake.clone(), counter));
    lifecycle.spawn(
        "intake-relay",
        messaging::relay(outbox.clone(), bus.clone(), platform.retention, lifecycle.stopping()),
    );
    let handler = consumer::Consumer { intake: intake.clone() };
    let consume =
        messaging::consume(bus.clone(), NAME, outbox, handler, platform.retry, lifecycle.stopping());
    lifecycle.spawn("intake-consumer", consume);
    lifecycle.spawn("intake-jobs", jobs::run(intake.clone(), config));
    lifecycle.spawn("intake-collector", jobs::collect(intake.clone()));
    ready.set(true);
    Ok(Service { intake, ready })
}

impl Service {
    /// Asks the database, and tells the readiness whether it answers.
    pub async fn check(&self) {
        self.ready.set(self.intake.outbox.observe().await.is_ok());
    }

    /// Adds intake's RPC services to the process's API.
    pub fn register(&self, api: &mut transport::Api) {
        let reports = IntakeServiceServer::new(grpc::Reports { intake: self.intake.clone() })
            // Large enough that a text which is far too long is refused with a reason instead of a broken call.
            .max_decoding_message_size(transport::BATCH_MESSAGE_LIMIT)
            .max_encoding_message_size(transport::ENCODE_LIMIT);
        let media = MediaServiceServer::new(grpc::Media { intake: self.intake.clone() })
            .max_decoding_message_size(transport::CHUNK_MESSAGE_LIMIT)
            .max_encoding_message_size(transport::ENCODE_LIMIT);
        api.add(NAME, reports);
        let (creates, lists) = (self.intake.clone(), self.intake.clone());
        api.queue_until("/fieldreport.intake.v1.IntakeService/CreateReport", move || creates.desk.is_full());
        api.refuse_while("/fieldreport.intake.v1.IntakeService/ListReports", move || lists.desk.is_pressed());
        api.add(NAME, media);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intake_hears_everything_that_others_tell() {
        let own = [
            event::ReportSubmitted::TYPE,
            event::MessagePosted::TYPE,
            event::MediaAttached::TYPE,
            event::ReportWithdrawn::TYPE,
            event::InfoProvided::TYPE,
            event::ReturnContested::TYPE,
        ];
        let others: Vec<&str> =
            contract::EVENT_TYPES.iter().copied().filter(|kind| !own.contains(kind)).collect();
        assert!(others.iter().all(|kind| SUBSCRIPTION.types.contains(kind)));
        assert_eq!(SUBSCRIPTION.types.len(), others.len());
    }
}
