//! The in-process bus of embedded mode: a durable queue per consuming service, in a database file of its own.
//!
//! It behaves as a quorum queue does: `publish` returns when every bound queue holds the event durably, and a delivery stays
//! until its consumer is done with it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use database::{Database, OpenError, insert_all};
use rand::rngs::SmallRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder as _, QuerySelect as _, Set};
use sea_orm_migration::MigratorTrait;
use tokio::sync::Notify;
use vocabulary::{EventId, ReportId, Timestamp};

use super::{Arrival, Batch, BusError, Receipt, Subscription, is_announcement};
use crate::{Envelope, migration};

#[expect(
    clippy::disallowed_methods,
    reason = "`sea_orm::model` writes a `begin()` of its own that nobody calls"
)]
mod row {
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
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Makes deliveries misbehave as a broker may, for tests.
#[derive(Debug, Clone, Copy)]
pub struct Chaos {
    /// Seed of the misbehaviour.
    pub seed: u64,
    /// Share of deliveries that come twice, 0–1.
    pub duplicate: f64,
}

/// The bus. Cheap to clone; clones are the same bus.
#[derive(Clone)]
pub(crate) struct TableBus(Arc<Inner>);

struct Inner {
    database: Database,
    subscriptions: Vec<Subscription>,
    wakes: HashMap<&'static str, Notify>,
    chaos: Option<(Chaos, Mutex<SmallRng>)>,
}

struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn sea_orm_migration::MigrationTrait>> {
        vec![Box::new(migration::Deliveries), Box::new(migration::DeliveriesOnly)]
    }
}

impl TableBus {
    pub(super) async fn open(
        file: &Path,
        subscriptions: Vec<Subscription>,
        chaos: Option<Chaos>,
    ) -> Result<Self, OpenError> {
        let database = Database::open(file).await?;
        database.migrate::<Migrator>().await?;
        let wakes = subscriptions.iter().map(|subscription| (subscription.queue, Notify::new())).collect();
        let chaos = chaos.map(|chaos| (chaos, Mutex::new(SmallRng::seed_from_u64(chaos.seed))));
        Ok(Self(Arc::new(Inner { database, subscriptions, wakes, chaos })))
    }

    /// Says of each event whether every queue that wants it holds it durably; an event that no queue wants is not taken.
    pub(super) async fn publish(&self, events: &[Envelope]) -> Result<Vec<bool>, BusError> {
        let mut rows = Vec::with_capacity(events.len() * 2);
        let mut taken = Vec::with_capacity(events.len());
        for event in events {
            let before = rows.len();
            let queues = self.0.subscriptions.iter().filter(|s| s.types.contains(&event.event_type.as_str()));
            rows.extend(queues.map(|subscription| to_row(subscription.queue, event)));
            taken.push(rows.len() > before || is_announcement(&event.event_type));
        }
        if !rows.is_empty() {
            let tx = self.0.database.begin().await?;
            insert_all(&tx, rows, None).await?;
            self.0.database.commit(tx).await?;
            for wake in self.0.wakes.values() {
                wake.notify_one();
            }
        }
        Ok(taken)
    }

    pub(super) fn subscriptions(&self) -> &[Subscription] {
        &self.0.subscriptions
    }

    pub(super) fn subscribe(&self, queue: &'static str) -> TableFeed {
        TableFeed { bus: self.clone(), queue, begun: false }
    }

    pub(super) async fn depth(&self, queue: &str) -> Result<u64, BusError> {
        let of_queue = row::Entity::find().filter(row::Column::Queue.eq(queue));
        Ok(of_queue.count(self.0.database.read()).await?)
    }

    pub(super) async fn is_alive(&self) -> bool {
        self.0.database.is_alive().await
    }
}

/// The deliveries of one queue.
pub(crate) struct TableFeed {
    bus: TableBus,
    queue: &'static str,
    begun: bool,
}

impl TableFeed {
    /// The oldest deliveries; waits until there is one.
    pub(super) async fn next(&mut self, limit: u64) -> Result<Batch, BusError> {
        loop {
            let batch = self.fetch(limit).await?;
            // What was there at the beginning may have been in the hands of a process that died over it.
            let suspect = !std::mem::replace(&mut self.begun, true);
            if !batch.is_empty() {
                let ids = batch.iter().map(|(id, _)| *id).collect();
                let arrival = |(_, envelope)| match suspect {
                    true => Arrival::Again(envelope, "it was delivered before".to_owned()),
                    false => Arrival::Fresh(envelope),
                };
                let receipt = Receipt::Rows { bus: self.bus.clone(), ids };
                return Ok(Batch { arrivals: batch.into_iter().map(arrival).collect(), receipt });
            }
            match self.bus.0.wakes.get(self.queue) {
                Some(wake) => wake.notified().await,
                None => std::future::pending().await,
            }
        }
    }

    async fn fetch(&self, limit: u64) -> Result<Vec<(i64, Envelope)>, BusError> {
        let rows = row::Entity::find()
            .filter(row::Column::Queue.eq(self.queue))
            .order_by_asc(row::Column::Id)
            .limit(limit)
            .all(self.bus.0.database.read())
            .await?;
        let mut deliveries: Vec<(i64, Envelope)> =
            rows.into_iter().map(|row| (row.id, to_envelope(row))).collect();
        if let Some((chaos, rng)) = &self.bus.0.chaos {
            let mut rng = rng.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let twins: Vec<_> =
                deliveries.iter().filter(|_| rng.random_bool(chaos.duplicate)).cloned().collect();
            deliveries.extend(twins);
            deliveries.shuffle(&mut *rng);
        }
        Ok(deliveries)
    }
}

/// The consumer is done with these.
pub(super) async fn remove(bus: &TableBus, ids: Vec<i64>) -> Result<(), BusError> {
    let tx = bus.0.database.begin().await?;
    row::Entity::delete_many().filter(row::Column::Id.is_in(ids)).exec(&tx).await?;
    bus.0.database.commit(tx).await?;
    Ok(())
}

fn to_row(queue: &str, event: &Envelope) -> row::ActiveModel {
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
