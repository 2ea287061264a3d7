//! Events that are owed another attempt, or were given up: in the service's own database, so that no crash of a consumer,
//! no limit and no loss of the broker decides about them. An event is in the inbox from the moment it is here.

use std::collections::HashSet;

use bytes::Bytes;
use database::is_among;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, LockBehavior, LockType, OnConflict, Query};
use sea_orm::{DatabaseTransaction, ExprTrait as _, QueryOrder as _, QuerySelect as _, Set};
use vocabulary::Timestamp;

use crate::envelope::{Attributes, Unreadable};
use crate::{Envelope, Outbox};

#[expect(
    clippy::disallowed_methods,
    reason = "`sea_orm::model` writes a `begin()` of its own that nobody calls"
)]
mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "retries")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub event_id: Uuid,
        /// CloudEvents attributes as a JSON object: also of messages that are no events.
        pub attributes: String,
        pub body: Vec<u8>,
        pub attempts: i32,
        pub next_attempt_time: i64,
        pub reason: String,
        pub parked_time: Option<i64>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Events that are attempted together, at most.
const TOGETHER: u64 = 64;

/// The next attempt of what need not wait.
pub(crate) const AT_ONCE: Timestamp = Timestamp::EPOCH;

/// A message as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) id: Uuid,
    pub(crate) attributes: Attributes,
    pub(crate) body: Bytes,
}

impl From<&Envelope> for Letter {
    fn from(event: &Envelope) -> Self {
        Self { id: event.id.0, attributes: event.attributes(), body: event.body.clone() }
    }
}

/// An event that is owed another attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Retry {
    pub(crate) letter: Letter,
    /// Attempts that were begun.
    pub(crate) attempts: i32,
    pub(crate) next_attempt: Timestamp,
    /// Why the last one failed, or why there is one.
    pub(crate) reason: String,
}

impl Retry {
    pub(crate) fn envelope(&self) -> Result<Envelope, Unreadable> {
        Envelope::from_attributes(&self.letter.attributes, self.letter.body.clone())
    }
}

/// An event that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// The event's id.
    pub event: Uuid,
    /// Its CloudEvents attributes, as far as they could be read.
    pub attributes: Attributes,
    /// Bytes of its body.
    pub size: usize,
    /// Why the last attempt failed.
    pub reason: String,
    /// Attempts before it was given up.
    pub attempts: i32,
    /// When it was given up.
    pub parked: Timestamp,
}

pub(crate) async fn insert(tx: &DatabaseTransaction, retries: &[Retry]) -> Result<(), DbErr> {
    let rows = retries.iter().map(|retry| row::ActiveModel {
        event_id: Set(retry.letter.id),
        // A map of texts always has a JSON text.
        attributes: Set(serde_json::to_string(&retry.letter.attributes).unwrap_or_default()),
        body: Set(retry.letter.body.to_vec()),
        attempts: Set(retry.attempts),
        next_attempt_time: Set(retry.next_attempt.micros()),
        reason: Set(retry.reason.clone()),
        parked_time: Set(None),
    });
    let known = OnConflict::column(row::Column::EventId).do_nothing().to_owned();
    database::insert_all(tx, rows, Some(known)).await?;
    Ok(())
}

/// Takes what is to be attempted next of what is due, counts the attempt and keeps others off it until `until`: events that
/// were never attempted together (most of them only lay where a consumer died), any other alone. The attempt is on record
/// before it begins: an event that kills its consumer is counted all the same, and is alone the next time.
pub(crate) async fn take(outbox: &Outbox, now: Timestamp, until: Timestamp) -> Result<Vec<Retry>, DbErr> {
    let now = now.micros();
    let due = || {
        row::Entity::find()
            .filter(row::Column::ParkedTime.is_null())
            .filter(row::Column::NextAttemptTime.lte(now))
            .order_by_asc(row::Column::NextAttemptTime)
            .order_by_asc(row::Column::EventId)
    };
    // Most looks find nothing: they must not take a write lock.
    if due().one(outbox.database().read()).await?.is_none() {
        return Ok(Vec::new());
    }
    let tx = outbox.database().begin().await?;
    let take = async |due: Select<row::Entity>, limit: u64| {
        due.limit(limit).lock_with_behavior(LockType::Update, LockBehavior::SkipLocked).all(&tx).await
    };
    let mut rows = take(due().filter(row::Column::Attempts.eq(0)), TOGETHER).await?;
    if rows.is_empty() {
        rows = take(due(), 1).await?;
    }
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    row::Entity::update_many()
        .filter(is_among(&tx, row::Column::EventId, rows.iter().map(|row| row.event_id)))
        .col_expr(row::Column::Attempts, Expr::col(row::Column::Attempts).add(1))
        .col_expr(row::Column::NextAttemptTime, Expr::value(until.micros()))
        .exec(&tx)
        .await?;
    database::fault_point!("messaging.retries.before-take-commit");
    outbox.database().commit(tx).await?;
    database::fault_point!("messaging.retries.after-take-commit");
    let retry = |row: row::Model| Retry {
        letter: Letter {
            id: row.event_id,
            attributes: serde_json::from_str(&row.attributes).unwrap_or_default(),
            body: row.body.into(),
        },
        attempts: row.attempts + 1,
        next_attempt: until,
        reason: row.reason,
    };
    Ok(rows.into_iter().map(retry).collect())
}

/// Nothing is owed to these any more, if this transaction commits; until then nobody else attempts them. Answers those to
/// which something was.
pub(crate) async fn settle(tx: &DatabaseTransaction, events: &[Uuid]) -> Result<HashSet<Uuid>, DbErr> {
    let mut delete = Query::delete();
    delete
        .from_table(row::Entity)
        .and_where(is_among(tx, row::Column::EventId, events.iter().copied()))
        .returning(Query::returning().columns([row::Column::EventId]));
    let rows = tx.query_all(&delete).await?;
    rows.iter().map(|row| row.try_get("", "event_id")).collect()
}

/// They failed again: when they come back, or that they are given up.
pub(crate) async fn postpone(
    outbox: &Outbox,
    events: &[Uuid],
    reason: &str,
    next_attempt: Option<Timestamp>,
) -> Result<(), DbErr> {
    let parked = next_attempt.is_none().then(|| outbox.clock().now().micros());
    let next = next_attempt.unwrap_or(AT_ONCE);
    let tx = outbox.database().begin().await?;
    row::Entity::update_many()
        .filter(is_among(&tx, row::Column::EventId, events.iter().copied()))
        .col_expr(row::Column::Reason, Expr::value(reason))
        .col_expr(row::Column::NextAttemptTime, Expr::value(next.micros()))
        .col_expr(row::Column::ParkedTime, Expr::value(parked))
        .exec(&tx)
        .await?;
    database::fault_point!("messaging.retries.before-postpone-commit");
    outbox.database().commit(tx).await?;
    database::fault_point!("messaging.retries.after-postpone-commit");
    Ok(())
}

impl Outbox {
    /// Everything that was given up, oldest first.
    pub async fn parked(&self) -> Result<Vec<Parked>, DbErr> {
        let rows = row::Entity::find()
            .filter(row::Column::ParkedTime.is_not_null())
            .order_by_asc(row::Column::ParkedTime)
            .all(self.database().read())
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| Parked {
                event: row.event_id,
                attributes: serde_json::from_str(&row.attributes).unwrap_or_default(),
                size: row.body.len(),
                reason: row.reason,
                attempts: row.attempts,
                parked: Timestamp::from_micros(row.parked_time.unwrap_or_default()),
            })
            .collect())
    }

    /// Gives parked events another life; answers how many there were.
    pub async fn replay_parked(&self, events: &[Uuid]) -> Result<u64, DbErr> {
        let tx = self.database().begin().await?;
        let replayed = row::Entity::update_many()
            .filter(row::Column::EventId.is_in(events.iter().copied()))
            .filter(row::Column::ParkedTime.is_not_null())
            .col_expr(row::Column::ParkedTime, Expr::value(Option::<i64>::None))
            .col_expr(row::Column::Attempts, Expr::value(0))
            .col_expr(row::Column::NextAttemptTime, Expr::value(AT_ONCE.micros()))
            .exec(&tx)
            .await?;
        self.database().commit(tx).await?;
        Ok(replayed.rows_affected)
    }

    /// Gives parked events up for ever; answers how many there were. They stay in the inbox: sent again, they are skipped.
    pub async fn drop_parked(&self, events: &[Uuid]) -> Result<u64, DbErr> {
        let tx = self.database().begin().await?;
        let gone = row::Entity::delete_many()
            .filter(row::Column::EventId.is_in(events.iter().copied()))
            .filter(row::Column::ParkedTime.is_not_null())
            .exec(&tx)
            .await?;
        self.database().commit(tx).await?;
        Ok(gone.rows_affected)
    }

    /// Sets the gauges of what waits and what was given up.
    pub async fn observe(&self) -> Result<(), DbErr> {
        let (waiting, parked) = self.count_retries().await?;
        metrics::gauge!("retries_waiting", "service" => self.source()).set(waiting as f64);
        metrics::gauge!("events_parked", "service" => self.source()).set(parked as f64);
        Ok(())
    }

    /// Events that are owed another attempt, and events that were given up.
    pub async fn count_retries(&self) -> Result<(u64, u64), DbErr> {
        let waiting = row::Entity::find().filter(row::Column::ParkedTime.is_null());
        let parked = row::Entity::find().filter(row::Column::ParkedTime.is_not_null());
        let read = self.database().read();
        Ok((waiting.count(read).await?, parked.count(read).await?))
    }
}
