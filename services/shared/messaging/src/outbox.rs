//! The outbox: events wait in the service's own database, written in the transaction of the change they tell of.

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::Event;
use database::Database;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{DatabaseTransaction, ExprTrait as _, QueryOrder as _, QuerySelect as _, Set};
use tokio::sync::Notify;
use uuid::Uuid;
use vocabulary::{Clock, EventId, ReportId, Timestamp};

use crate::Envelope;

#[expect(
    clippy::disallowed_methods,
    reason = "`sea_orm::model` writes a `begin()` of its own that nobody calls"
)]
pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "outbox")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub seq: i64,
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

#[expect(
    clippy::disallowed_methods,
    reason = "`sea_orm::model` writes a `begin()` of its own that nobody calls"
)]
mod sequence {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "event_sequences")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub report_id: Uuid,
        pub last: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Where one service's events leave from. Cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    database: Database,
    source: &'static str,
    clock: Clock,
    wake: Arc<Notify>,
}

impl Outbox {
    /// `source` is the service's name and becomes the events' CloudEvents `source`.
    pub fn new(database: Database, source: &'static str, clock: Clock) -> Self {
        Self { database, source, clock, wake: Arc::new(Notify::new()) }
    }

    /// Begins one piece of work: a transaction and the events that tell of it.
    pub async fn begin(&self) -> Result<Work, DbErr> {
        let tx = self.database.begin().await?;
        Ok(Work { tx, outbox: self.clone(), pending: Vec::new(), cause: None, after_commit: Vec::new() })
    }

    /// The service's name.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// The service's database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The service's clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Waits for a commit that left events.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }

    pub(crate) async fn unsent(&self, limit: u64) -> Result<Vec<(i64, Envelope)>, DbErr> {
        let rows =
            row::Entity::find().order_by_asc(row::Column::Seq).limit(limit).all(self.database.read()).await?;
        Ok(rows.into_iter().map(|row| (row.seq, self.envelope(row))).collect())
    }

    pub(crate) async fn remove(&self, sent: Vec<i64>) -> Result<(), DbErr> {
        let tx = self.database.begin().await?;
        row::Entity::delete_many().filter(row::Column::Seq.is_in(sent)).exec(&tx).await?;
        tx.commit().await
    }

    /// How many events wait.
    pub async fn depth(&self) -> Result<u64, DbErr> {
        row::Entity::find().count(self.database.read()).await
    }

    fn envelope(&self, row: row::Model) -> Envelope {
        Envelope {
            id: EventId(row.event_id),
            source: self.source.to_owned(),
            event_type: row.event_type,
            report: ReportId(row.report_id),
            sequence: row.sequence,
            time: Timestamp::from_micros(row.time),
            cause: row.cause_id.map(EventId),
            traceparent: row.traceparent,
            body: row.body.into(),
        }
    }
}

struct Pending {
    id: EventId,
    event_type: &'static str,
    report: ReportId,
    time: Timestamp,
    cause: Option<EventId>,
    traceparent: Option<String>,
    body: Vec<u8>,
}

/// One transaction of one service: state changes and the events that tell of them commit together or not at all.
/// Dropping it rolls everything back.
pub struct Work {
    tx: DatabaseTransaction,
    outbox: Outbox,
    pending: Vec<Pending>,
    cause: Option<EventId>,
    after_commit: Vec<Box<dyn FnOnce() + Send + Sync>>,
}

impl Work {
    /// The transaction, for the service's store.
    pub fn tx(&self) -> &DatabaseTransaction {
        &self.tx
    }

    /// The event (if any) that the following work answers; it becomes the cause of what is published.
    pub fn set_cause(&mut self, cause: Option<EventId>) {
        self.cause = cause;
    }

    /// Tells of `event` once this work commits.
    pub fn publish<E: Event>(&mut self, report: ReportId, time: Timestamp, event: &E) -> EventId {
        let id = EventId(self.outbox.clock.mint());
        self.pending.push(Pending {
            id,
            event_type: E::TYPE,
            report,
            time,
            cause: self.cause,
            traceparent: telemetry::traceparent(),
            body: event.encode_to_vec(),
        });
        id
    }

    /// Runs `action` after a successful commit, e.g. to wake a stream. It must not fail and is lost in a crash.
    pub fn after_commit(&mut self, action: impl FnOnce() + Send + Sync + 'static) {
        self.after_commit.push(Box::new(action));
    }

    /// Makes everything durable. When this fails the outcome is unknown; a retry with the same request id resolves it.
    pub async fn commit(mut self) -> Result<(), DbErr> {
        let pending = std::mem::take(&mut self.pending);
        let leaves_events = !pending.is_empty();
        if leaves_events {
            self.write(pending).await?;
        }
        self.tx.commit().await?;
        if leaves_events {
            self.outbox.wake.notify_one();
        }
        for action in self.after_commit {
            action();
        }
        Ok(())
    }

    async fn write(&self, pending: Vec<Pending>) -> Result<(), DbErr> {
        let mut next = self.reserve_sequences(&pending).await?;
        let rows = pending.into_iter().map(|event| {
            let sequence = next.entry(event.report.0).or_insert(1);
            let row = row::ActiveModel {
                event_id: Set(event.id.0),
                event_type: Set(event.event_type.to_owned()),
                report_id: Set(event.report.0),
                sequence: Set(*sequence),
                time: Set(event.time.micros()),
                cause_id: Set(event.cause.map(|cause| cause.0)),
                traceparent: Set(event.traceparent),
                body: Set(event.body),
                ..Default::default()
            };
            *sequence += 1;
            row
        });
        let rows: Vec<_> = rows.collect();
        row::Entity::insert_many(rows).exec_without_returning(&self.tx).await?;
        Ok(())
    }

    /// Takes as many numbers per report as there are events; answers the first of each.
    async fn reserve_sequences(&self, pending: &[Pending]) -> Result<BTreeMap<Uuid, i64>, DbErr> {
        let mut counts: BTreeMap<Uuid, i64> = BTreeMap::new();
        for event in pending {
            *counts.entry(event.report.0).or_insert(0) += 1;
        }
        let mut insert = Query::insert();
        insert.into_table(sequence::Entity).columns([sequence::Column::ReportId, sequence::Column::Last]);
        for (report, count) in &counts {
            insert.values_panic([(*report).into(), (*count).into()]);
        }
        let taken = Expr::col((sequence::Entity, sequence::Column::Last))
            .add(Expr::col(("excluded", sequence::Column::Last)));
        insert
            .on_conflict(
                OnConflict::column(sequence::Column::ReportId)
                    .value(sequence::Column::Last, taken)
                    .to_owned(),
            )
            .returning(Query::returning().columns([sequence::Column::ReportId, sequence::Column::Last]));
        let rows = self.tx.query_all(&insert).await?;
        rows.iter()
            .map(|row| {
                let report: Uuid = row.try_get("", "report_id")?;
                let last: i64 = row.try_get("", "last")?;
                Ok((report, last - counts.get(&report).copied().unwrap_or(0) + 1))
            })
            .collect()
    }
}
