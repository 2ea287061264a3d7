//! The outbox: events wait in the service's own database, written in the transaction of the change they tell of. What has
//! been sent stays for a while, so that it can be sent again when the bus has lost it.
//!
//! An event is written once and never changed: that it waits is a row of its own, beside it.

mod entities;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use contract::Event;
use contract::event::v1::RedriveRequested;
use database::{Database, Inserts, inserts, is_among, lock};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, JoinType, LockBehavior, LockType, OnConflict, Order, Query};
use sea_orm::{DatabaseTransaction, DbBackend, ExprTrait as _, QueryOrder as _, QuerySelect, Set};
use tokio::sync::Notify;
use uuid::Uuid;
use vocabulary::{Clock, EventId, ReportId, Timestamp};

use crate::{Envelope, inbox};
use entities::{row, sequence, waiting};

/// The report of events that are about none: requests to send again.
const NO_REPORT: ReportId = ReportId(Uuid::max());

/// Where one service's events leave from. Cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    database: Database,
    source: &'static str,
    clock: Clock,
    wake: Arc<Notify>,
}

/// Which events of an outbox are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// About one of these reports; empty: about any.
    pub reports: Vec<ReportId>,
    /// That happened at or after this instant.
    pub since: Option<Timestamp>,
    /// Of one of these ids; empty: of any.
    pub events: Vec<EventId>,
}

/// An event that an outbox still holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its id.
    pub event: EventId,
    /// Its CloudEvents type.
    pub event_type: String,
    /// The report that it is about.
    pub report: ReportId,
    /// When what it tells of happened.
    pub time: Timestamp,
    /// Whether it waits to be sent.
    pub waits: bool,
    seq: i64,
}

/// Unsent events that nobody else sends meanwhile.
pub(crate) struct Claim {
    pub(crate) events: Vec<(i64, Envelope)>,
    /// Holds the rows; none where this process is alone with its file.
    tx: Option<DatabaseTransaction>,
}

impl Outbox {
    /// `source` is the service's name and becomes the events' CloudEvents `source`.
    pub fn new(database: Database, source: &'static str, clock: Clock) -> Self {
        Self { database, source, clock, wake: Arc::new(Notify::new()) }
    }

    /// Begins one piece of work: a transaction and the events that tell of it.
    pub async fn begin(&self) -> Result<Work, DbErr> {
        Ok(self.work(self.database.begin().await?))
    }

    /// The same on the connection that is kept for one loop of the service ([`Database::begin_express`]).
    pub async fn begin_express(&self) -> Result<Work, DbErr> {
        Ok(self.work(self.database.begin_express().await?))
    }

    fn work(&self, tx: DatabaseTransaction) -> Work {
        Work {
            tx,
            outbox: self.clone(),
            inserts: Inserts::new(self.database.backend()),
            pending: Vec::new(),
            new: BTreeSet::new(),
            cause: None,
            after_commit: Vec::new(),
        }
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

    /// The oldest waiting events that no other relay holds.
    pub(crate) async fn claim(&self, limit: u64) -> Result<Claim, DbErr> {
        let mut oldest = oldest_waiting(limit);
        if self.database.backend() == DbBackend::Sqlite {
            let rows = oldest.all(self.database.read()).await?;
            return Ok(Claim { events: self.envelopes(rows), tx: None });
        }
        let tx = self.database.begin().await?;
        QuerySelect::query(&mut oldest).lock_with_tables_behavior(
            LockType::Update,
            [waiting::Entity],
            LockBehavior::SkipLocked,
        );
        let rows = oldest.all(&tx).await?;
        Ok(Claim { events: self.envelopes(rows), tx: Some(tx) })
    }

    /// Remembers that these events of a claim are on the bus, and lets go of the others.
    pub(crate) async fn mark_sent(&self, claim: Claim, sent: Vec<i64>) -> Result<(), DbErr> {
        let tx = match claim.tx {
            Some(tx) => tx,
            None => self.database.begin().await?,
        };
        waiting::Entity::delete_many().filter(is_among(&tx, waiting::Column::Seq, sent)).exec(&tx).await?;
        database::fault_point!("messaging.relay.before-mark-commit");
        self.database.commit(tx).await
    }

    /// Forgets sent events that happened before `before`, of the `limit` oldest; answers how many.
    pub(crate) async fn forget(&self, before: Timestamp, limit: u64) -> Result<u64, DbErr> {
        let mut oldest = Query::select();
        oldest.column(row::Column::Seq).from(row::Entity).order_by(row::Column::Seq, Order::Asc).limit(limit);
        let mut waiting = Query::select();
        waiting.column(waiting::Column::Seq).from(waiting::Entity);
        let delete = Query::delete()
            .from_table(row::Entity)
            .and_where(Expr::col(row::Column::Seq).in_subquery(oldest))
            .and_where(Expr::col(row::Column::Seq).not_in_subquery(waiting))
            .and_where(Expr::col(row::Column::Time).lt(before.micros()))
            .to_owned();
        let tx = self.database.begin().await?;
        let gone = tx.execute(&delete).await?.rows_affected();
        database::fault_point!("messaging.relay.before-forget-commit");
        self.database.commit(tx).await?;
        database::fault_point!("messaging.relay.after-forget-commit");
        Ok(gone)
    }

    /// How many events wait to be sent.
    pub async fn depth(&self) -> Result<u64, DbErr> {
        waiting::Entity::find().count(self.database.read()).await
    }

    /// Events that wait to be sent, oldest first.
    pub async fn unsent(&self, limit: u64) -> Result<Vec<Envelope>, DbErr> {
        let rows = oldest_waiting(limit).all(self.database.read()).await?;
        Ok(self.envelopes(rows).into_iter().map(|(_, event)| event).collect())
    }

    /// Events that happened from `start` to before `end`, in the order in which they were told, at most `limit` after
    /// `last`. What was sent longer ago than the retention is not here any more.
    pub async fn told(
        &self,
        (start, end): (Timestamp, Timestamp),
        last: Option<&Told>,
        limit: u64,
    ) -> Result<Vec<Told>, DbErr> {
        use row::Column;
        let rows: Vec<(i64, Uuid, String, Uuid, i64, Option<i64>)> = row::Entity::find()
            .join(JoinType::LeftJoin, to_waiting())
            .select_only()
            .columns([Column::Seq, Column::EventId, Column::EventType, Column::ReportId, Column::Time])
            .column(waiting::Column::Seq)
            .filter(Column::Seq.gt(last.map_or(0, |last| last.seq)))
            .filter(Column::Time.gte(start.micros()))
            .filter(Column::Time.lt(end.micros()))
            .order_by_asc(Column::Seq)
            .limit(limit)
            .into_tuple()
            .all(self.database.read())
            .await?;
        let told = |(seq, event, event_type, report, time, waiting)| Told {
            event: EventId(event),
            event_type,
            report: ReportId(report),
            time: Timestamp::from_micros(time),
            waits: Option::<i64>::is_some(&waiting),
            seq,
        };
        Ok(rows.into_iter().map(told).collect())
    }

    /// Those of these events that are here: their effect, or what is owed to them.
    pub async fn received(&self, events: &[EventId]) -> Result<HashSet<EventId>, DbErr> {
        inbox::known(self.database.read(), events).await
    }

    /// Sends again, with the same ids, what was sent before; answers how many events. Consumers that had them skip them.
    pub async fn replay(&self, selection: &Selection) -> Result<u64, DbErr> {
        let tx = self.database.begin().await?;
        let replayed = send_again(&tx, selection).await?;
        self.database.commit(tx).await?;
        self.wake.notify_one();
        Ok(replayed)
    }

    /// Gives up sending these events, for ever; answers how many.
    pub async fn drop_unsent(&self, events: &[EventId]) -> Result<u64, DbErr> {
        let tx = self.database.begin().await?;
        let ids = events.iter().map(|event| event.0);
        let given_up: Vec<i64> = row::Entity::find()
            .join(JoinType::InnerJoin, to_waiting())
            .select_only()
            .column(row::Column::Seq)
            .filter(is_among(&tx, row::Column::EventId, ids))
            .into_tuple()
            .all(&tx)
            .await?;
        let gone = waiting::Entity::delete_many()
            .filter(is_among(&tx, waiting::Column::Seq, given_up.iter().copied()))
            .exec(&tx)
            .await?;
        row::Entity::delete_many().filter(is_among(&tx, row::Column::Seq, given_up)).exec(&tx).await?;
        self.database.commit(tx).await?;
        Ok(gone.rows_affected)
    }

    fn envelopes(&self, rows: Vec<row::Model>) -> Vec<(i64, Envelope)> {
        let envelope = |row: row::Model| Envelope {
            id: EventId(row.event_id),
            source: self.source.to_owned(),
            event_type: row.event_type,
            report: ReportId(row.report_id),
            sequence: row.sequence,
            time: Timestamp::from_micros(row.time),
            cause: row.cause_id.map(EventId),
            traceparent: row.traceparent,
            body: row.body.into(),
        };
        rows.into_iter().map(|row| (row.seq, envelope(row))).collect()
    }
}

/// From an event to whether it waits.
fn to_waiting() -> RelationDef {
    row::Entity::belongs_to(waiting::Entity).from(row::Column::Seq).to(waiting::Column::Seq).into()
}

fn oldest_waiting(limit: u64) -> Select<row::Entity> {
    row::Entity::find()
        .join(JoinType::InnerJoin, to_waiting())
        .order_by_asc(waiting::Column::Seq)
        .limit(limit)
}

async fn send_again(tx: &DatabaseTransaction, selection: &Selection) -> Result<u64, DbErr> {
    let mut again = Query::select();
    again.column(row::Column::Seq).from(row::Entity);
    if !selection.reports.is_empty() {
        let reports = selection.reports.iter().map(|report| report.0);
        again.and_where(is_among(tx, row::Column::ReportId, reports));
    }
    if !selection.events.is_empty() {
        again.and_where(is_among(tx, row::Column::EventId, selection.events.iter().map(|event| event.0)));
    }
    if let Some(since) = selection.since {
        again.and_where(Expr::col(row::Column::Time).gte(since.micros()));
    }
    // SQLite takes an ON CONFLICT for a join's ON, unless there is a WHERE before it.
    again.and_where(Expr::col(row::Column::Seq).gt(0));
    let mut insert = Query::insert();
    insert.into_table(waiting::Entity).columns([waiting::Column::Seq]);
    insert.select_from(again).map_err(|error| DbErr::Custom(error.to_string()))?;
    insert.on_conflict(OnConflict::column(waiting::Column::Seq).do_nothing().to_owned());
    Ok(tx.execute(&insert).await?.rows_affected())
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
    inserts: Inserts,
    pending: Vec<Pending>,
    new: BTreeSet<Uuid>,
    cause: Option<EventId>,
    after_commit: Vec<Box<dyn FnOnce() + Send + Sync>>,
}

impl Work {
    /// The transaction, for the service's store.
    pub fn tx(&self) -> &DatabaseTransaction {
        &self.tx
    }

    /// Rows that are written when this work commits, together with its events. Nothing of it sees them before.
    pub fn inserts(&mut self) -> &mut Inserts {
        &mut self.inserts
    }

    /// Waits until no other work is about any of these reports, and keeps it so until this one ends. What is loaded
    /// afterwards is what will be overwritten. To be called before the first read, once.
    pub async fn lock(&self, reports: Vec<ReportId>) -> Result<(), DbErr> {
        lock(&self.tx, reports.into_iter().map(|report| report.0).collect()).await
    }

    /// The event (if any) that the following work answers; it becomes the cause of what is published.
    pub fn set_cause(&mut self, cause: Option<EventId>) {
        self.cause = cause;
    }

    /// This work makes the report: its service has never told anything about it, so that its events are numbered from one
    /// without a look at the database.
    pub fn opens(&mut self, report: ReportId) {
        self.new.insert(report.0);
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

    /// Asks every service to send again what it has told about these reports, or everything since an instant: the bus
    /// has lost something.
    pub fn request_redrive(&mut self, reports: &[ReportId], since: Option<Timestamp>) {
        let request = RedriveRequested {
            reports: reports.iter().map(|report| report.name()).collect(),
            since: since.map(|since| {
                let (seconds, nanos) = since.parts();
                prost_types::Timestamp { seconds, nanos }
            }),
        };
        let now = self.outbox.clock.now();
        self.publish(NO_REPORT, now, &request);
    }

    /// Follows such a request, as far as this service's events are concerned.
    pub(crate) async fn redrive(&mut self, request: &RedriveRequested) -> Result<(), DbErr> {
        let since = request.since.and_then(|since| Timestamp::from_parts(since.seconds, since.nanos));
        let reports: Vec<ReportId> =
            request.reports.iter().filter_map(|name| ReportId::parse_name(name).ok()).collect();
        if reports.is_empty() && since.is_none() {
            return Ok(());
        }
        let selection = Selection { reports, since, events: Vec::new() };
        database::fault_point!("messaging.redrive.before-save");
        let again = send_again(&self.tx, &selection).await?;
        database::fault_point!("messaging.redrive.after-save");
        if again > 0 {
            tracing::warn!(
                source = self.outbox.source,
                events = again,
                "events are sent again: the bus had lost some"
            );
            metrics::counter!("events_redriven_total", "source" => self.outbox.source).increment(again);
            let wake = self.outbox.wake.clone();
            self.after_commit(move || wake.notify_one());
        }
        Ok(())
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
            self.tell(pending).await?;
        }
        self.inserts.execute(&self.tx).await?;
        database::fault_point!("messaging.work.before-commit");
        self.outbox.database.commit(self.tx).await?;
        database::fault_point!("messaging.work.after-commit");
        if leaves_events {
            self.outbox.wake.notify_one();
        }
        for action in self.after_commit {
            action();
        }
        Ok(())
    }

    /// Events and that they wait.
    async fn tell(&mut self, pending: Vec<Pending>) -> Result<(), DbErr> {
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
        database::fault_point!("messaging.work.before-outbox");
        let backend = self.tx.get_database_backend();
        for mut insert in inserts(backend, rows)? {
            insert.returning(Query::returning().columns([row::Column::Seq]));
            if backend == DbBackend::Postgres {
                let written = self.inserts.push(insert);
                let numbers = Query::select().column(row::Column::Seq).from(written).to_owned();
                let mut wait = Query::insert();
                wait.into_table(waiting::Entity).columns([waiting::Column::Seq]);
                wait.select_from(numbers).map_err(|error| DbErr::Custom(error.to_string()))?;
                self.inserts.push(wait);
                continue;
            }
            let numbers = self.tx.query_all(&insert).await?;
            let waits =
                numbers.iter().map(|row| Ok(waiting::ActiveModel { seq: Set(row.try_get("", "seq")?) }));
            self.inserts.add(waits.collect::<Result<Vec<_>, DbErr>>()?, None)?;
        }
        Ok(())
    }

    /// Takes as many numbers per report as there are events; answers the first of each that is not one.
    async fn reserve_sequences(&mut self, pending: &[Pending]) -> Result<BTreeMap<Uuid, i64>, DbErr> {
        let mut counts: BTreeMap<Uuid, i64> = BTreeMap::new();
        for event in pending {
            *counts.entry(event.report.0).or_insert(0) += 1;
        }
        let row =
            |report: &Uuid, count: &i64| sequence::ActiveModel { report_id: Set(*report), last: Set(*count) };
        let (new, old): (Vec<_>, Vec<_>) = counts.iter().partition(|(report, _)| self.new.contains(report));
        self.inserts.add(new.into_iter().map(|(report, count)| row(report, count)), None)?;
        let mut first = BTreeMap::new();
        let rows = old.into_iter().map(|(report, count)| row(report, count));
        for mut insert in inserts(self.tx.get_database_backend(), rows)? {
            let taken = Expr::col((sequence::Entity, sequence::Column::Last))
                .add(Expr::col(("excluded", sequence::Column::Last)));
            let later = OnConflict::column(sequence::Column::ReportId)
                .value(sequence::Column::Last, taken)
                .to_owned();
            insert
                .on_conflict(later)
                .returning(Query::returning().columns([sequence::Column::ReportId, sequence::Column::Last]));
            for row in self.tx.query_all(&insert).await? {
                let report: Uuid = row.try_get("", "report_id")?;
                let last: i64 = row.try_get("", "last")?;
                first.insert(report, last - counts.get(&report).copied().unwrap_or(0) + 1);
            }
        }
        Ok(first)
    }
}
