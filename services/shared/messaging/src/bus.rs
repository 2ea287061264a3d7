//! The in-process bus of embedded mode: a durable queue per consuming service, in a database file of its own.
//!
//! It behaves as a quorum queue does: `publish` returns when every bound queue holds the event durably, a delivery stays
//! until it is settled, failures come back after a delay and are parked after enough attempts.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contract::Event as _;
use contract::event::v1::{MediaAttached, MessagePosted};
use database::{Database, OpenError};
use rand::rngs::SmallRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use sea_orm::entity::prelude::*;
use sea_orm::{ExprTrait as _, QueryOrder as _, QuerySelect as _, Set};
use sea_orm_migration::MigratorTrait;
use tokio::sync::Notify;
use vocabulary::{Clock, EventId, ReportId, Timestamp};

use crate::{Envelope, migration};

#[expect(
    clippy::disallowed_methods,
    reason = "`sea_orm::model` writes a `begin()` of its own that nobody calls"
)]
pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "deliveries")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub queue: String,
        pub source: String,
        pub event_id: Uuid,
        pub event_type: String,
        pub report_id: Uuid,
        pub sequence: i64,
        pub time: i64,
        pub cause_id: Option<Uuid>,
        pub traceparent: Option<String>,
        pub body: Vec<u8>,
        pub attempts: i32,
        pub visible_time: i64,
        pub parked_reason: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Which events a service's queue gets.
#[derive(Debug, Clone, Copy)]
pub struct Subscription {
    /// The queue, named after the service.
    pub queue: &'static str,
    /// Full names of the event types.
    pub types: &'static [&'static str],
}

/// Events that no service of this system consumes: they are told to subscribers outside (the app backend, the IOC), of
/// whom there may be none. Every other event must have a queue.
const ANNOUNCEMENTS: &[&str] = &[MessagePosted::TYPE, MediaAttached::TYPE];

/// Makes deliveries misbehave as a broker may, for tests.
#[derive(Debug, Clone, Copy)]
pub struct Chaos {
    /// Seed of the misbehaviour.
    pub seed: u64,
    /// Share of deliveries that come twice, 0–1.
    pub duplicate: f64,
}

/// Why the bus did not take, give or settle events. Nothing is lost: the outbox keeps what was not taken.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The bus's database failed.
    #[error("the bus's database failed")]
    Database(#[from] DbErr),
    /// An event that no queue wants would vanish.
    #[error("no queue is bound to {0}")]
    Unroutable(String),
}

/// A delivery that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// Number in the bus.
    pub id: i64,
    /// The queue.
    pub queue: String,
    /// The event.
    pub envelope: Envelope,
    /// Why, in words.
    pub reason: String,
}

/// A delivery of an event to one queue.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) id: i64,
    pub(crate) attempts: i32,
    pub(crate) envelope: Envelope,
}

/// What becomes of a delivery.
#[derive(Debug, Clone)]
pub(crate) enum Settlement {
    Remove,
    Again { after: Duration, counted: bool },
    Park { reason: String },
}

/// The bus. Cheap to clone; clones are the same bus.
#[derive(Clone)]
pub struct Bus(Arc<Inner>);

struct Inner {
    database: Database,
    clock: Clock,
    subscriptions: Vec<Subscription>,
    wakes: HashMap<&'static str, Notify>,
    chaos: Option<(Chaos, Mutex<SmallRng>)>,
}

struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn sea_orm_migration::MigrationTrait>> {
        vec![Box::new(migration::Deliveries)]
    }
}

impl Bus {
    /// Opens the bus's file with every queue that exists.
    pub async fn open(
        file: &Path,
        subscriptions: Vec<Subscription>,
        clock: Clock,
        chaos: Option<Chaos>,
    ) -> Result<Self, OpenError> {
        let database = Database::open(file).await?;
        database.migrate::<Migrator>().await?;
        let wakes = subscriptions.iter().map(|subscription| (subscription.queue, Notify::new())).collect();
        let chaos = chaos.map(|chaos| (chaos, Mutex::new(SmallRng::seed_from_u64(chaos.seed))));
        Ok(Self(Arc::new(Inner { database, clock, subscriptions, wakes, chaos })))
    }

    /// Returns when every bound queue holds every event durably.
    pub async fn publish(&self, events: &[Envelope]) -> Result<(), BusError> {
        let now = self.0.clock.now().micros();
        let mut rows = Vec::with_capacity(events.len() * 2);
        for event in events {
            let before = rows.len();
            let queues = self.0.subscriptions.iter().filter(|s| s.types.contains(&event.event_type.as_str()));
            rows.extend(queues.map(|subscription| to_row(subscription.queue, event, now)));
            if rows.len() == before && !ANNOUNCEMENTS.contains(&event.event_type.as_str()) {
                return Err(BusError::Unroutable(event.event_type.clone()));
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        let tx = self.0.database.begin().await?;
        row::Entity::insert_many(rows).exec_without_returning(&tx).await?;
        tx.commit().await?;
        for wake in self.0.wakes.values() {
            wake.notify_one();
        }
        Ok(())
    }

    /// Waits until something is published to `queue`.
    pub(crate) async fn woken(&self, queue: &str) {
        match self.0.wakes.get(queue) {
            Some(wake) => wake.notified().await,
            None => std::future::pending().await,
        }
    }

    /// The oldest visible deliveries of a queue; empty when there are none.
    pub(crate) async fn fetch(&self, queue: &str, limit: u64) -> Result<Vec<Delivery>, BusError> {
        let rows = row::Entity::find()
            .filter(row::Column::Queue.eq(queue))
            .filter(row::Column::ParkedReason.is_null())
            .filter(row::Column::VisibleTime.lte(self.0.clock.now().micros()))
            .order_by_asc(row::Column::Id)
            .limit(limit)
            .all(self.0.database.read())
            .await?;
        let mut deliveries: Vec<Delivery> = rows
            .into_iter()
            .map(|row| Delivery { id: row.id, attempts: row.attempts, envelope: to_envelope(row) })
            .collect();
        if let Some((chaos, rng)) = &self.0.chaos {
            let mut rng = rng.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let twins: Vec<Delivery> =
                deliveries.iter().filter(|_| rng.random_bool(chaos.duplicate)).cloned().collect();
            deliveries.extend(twins);
            deliveries.shuffle(&mut *rng);
        }
        Ok(deliveries)
    }

    /// Removes, delays or parks deliveries.
    pub(crate) async fn settle(&self, settlements: Vec<(i64, Settlement)>) -> Result<(), BusError> {
        let now = self.0.clock.now();
        let tx = self.0.database.begin().await?;
        let mut done = Vec::new();
        for (id, settlement) in settlements {
            let update = row::Entity::update_many().filter(row::Column::Id.eq(id));
            match settlement {
                Settlement::Remove => done.push(id),
                Settlement::Again { after, counted } => {
                    update
                        .col_expr(row::Column::VisibleTime, Expr::value((now + after).micros()))
                        .col_expr(
                            row::Column::Attempts,
                            Expr::col(row::Column::Attempts).add(i32::from(counted)),
                        )
                        .exec(&tx)
                        .await?;
                }
                Settlement::Park { reason } => {
                    update.col_expr(row::Column::ParkedReason, Expr::value(reason)).exec(&tx).await?;
                }
            }
        }
        if !done.is_empty() {
            row::Entity::delete_many().filter(row::Column::Id.is_in(done)).exec(&tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Deliveries of a queue that are not settled or parked yet.
    pub async fn depth(&self, queue: &str) -> Result<u64, BusError> {
        let waiting = row::Entity::find()
            .filter(row::Column::Queue.eq(queue))
            .filter(row::Column::ParkedReason.is_null())
            .count(self.0.database.read())
            .await?;
        Ok(waiting)
    }

    /// Whether no queue has anything left to do.
    pub async fn is_idle(&self) -> Result<bool, BusError> {
        let waiting = row::Entity::find()
            .filter(row::Column::ParkedReason.is_null())
            .count(self.0.database.read())
            .await?;
        Ok(waiting == 0)
    }

    /// Everything that was given up, oldest first.
    pub async fn parked(&self) -> Result<Vec<Parked>, BusError> {
        let rows = row::Entity::find()
            .filter(row::Column::ParkedReason.is_not_null())
            .order_by_asc(row::Column::Id)
            .all(self.0.database.read())
            .await?;
        Ok(rows
            .into_iter()
            .map(|mut row| Parked {
                id: row.id,
                queue: row.queue.clone(),
                reason: row.parked_reason.take().unwrap_or_default(),
                envelope: to_envelope(row),
            })
            .collect())
    }

    /// Gives parked deliveries another life.
    pub async fn replay(&self, ids: Vec<i64>) -> Result<u64, BusError> {
        let tx = self.0.database.begin().await?;
        let replayed = row::Entity::update_many()
            .filter(row::Column::Id.is_in(ids))
            .filter(row::Column::ParkedReason.is_not_null())
            .col_expr(row::Column::ParkedReason, Expr::value(Option::<String>::None))
            .col_expr(row::Column::Attempts, Expr::value(0))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        for wake in self.0.wakes.values() {
            wake.notify_one();
        }
        Ok(replayed.rows_affected)
    }

    /// Sets the gauges of every queue: deliveries waiting and parked.
    pub async fn observe(&self) -> Result<(), BusError> {
        for subscription in &self.0.subscriptions {
            let queue = subscription.queue;
            let waiting = self.depth(queue).await?;
            let given_up = row::Entity::find()
                .filter(row::Column::Queue.eq(queue))
                .filter(row::Column::ParkedReason.is_not_null())
                .count(self.0.database.read())
                .await?;
            metrics::gauge!("queue_waiting", "queue" => queue).set(waiting as f64);
            metrics::gauge!("queue_parked", "queue" => queue).set(given_up as f64);
        }
        Ok(())
    }

    /// Whether the bus's database answers.
    pub async fn is_alive(&self) -> bool {
        self.0.database.is_alive().await
    }
}

fn to_row(queue: &str, event: &Envelope, now: i64) -> row::ActiveModel {
    row::ActiveModel {
        queue: Set(queue.to_owned()),
        source: Set(event.source.clone()),
        event_id: Set(event.id.0),
        event_type: Set(event.event_type.clone()),
        report_id: Set(event.report.0),
        sequence: Set(event.sequence),
        time: Set(event.time.micros()),
        cause_id: Set(event.cause.map(|cause| cause.0)),
        traceparent: Set(event.traceparent.clone()),
        body: Set(event.body.to_vec()),
        attempts: Set(0),
        visible_time: Set(now),
        parked_reason: Set(None),
        ..Default::default()
    }
}

fn to_envelope(row: row::Model) -> Envelope {
    Envelope {
        id: EventId(row.event_id),
        source: row.source,
        event_type: row.event_type,
        report: ReportId(row.report_id),
        sequence: row.sequence,
        time: Timestamp::from_micros(row.time),
        cause: row.cause_id.map(EventId),
        traceparent: row.traceparent,
        body: row.body.into(),
    }
}
