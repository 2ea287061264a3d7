//! The inbox: the ids of events that are here: their effect, or what is owed to them (`retries`).

use std::collections::{BTreeSet, HashSet};

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{DatabaseTransaction, ExprTrait as _, QuerySelect as _, Set};
use uuid::Uuid;
use vocabulary::{EventId, Timestamp};

#[expect(
    clippy::disallowed_methods,
    reason = "`sea_orm::model` writes a `begin()` of its own that nobody calls"
)]
mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "inbox")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub event_id: Uuid,
        pub receive_time: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Records the events' ids and answers those that were not there yet.
pub async fn claim(
    tx: &DatabaseTransaction,
    ids: impl Iterator<Item = Uuid>,
    now: Timestamp,
) -> Result<HashSet<Uuid>, DbErr> {
    // In one order, so that two transactions with the same events never wait for each other.
    let ids: BTreeSet<Uuid> = ids.collect();
    let rows =
        ids.into_iter().map(|id| entity::ActiveModel { event_id: Set(id), receive_time: Set(now.micros()) });
    let mut claimed = HashSet::new();
    for mut insert in database::inserts(tx.get_database_backend(), rows)? {
        insert
            .on_conflict(OnConflict::column(entity::Column::EventId).do_nothing().to_owned())
            .returning(Query::returning().columns([entity::Column::EventId]));
        for row in tx.query_all(&insert).await? {
            claimed.insert(row.try_get("", "event_id")?);
        }
    }
    Ok(claimed)
}

/// Those of these events that are here.
pub async fn known(db: &impl ConnectionTrait, events: &[EventId]) -> Result<HashSet<EventId>, DbErr> {
    let ids: Vec<Uuid> = entity::Entity::find()
        .select_only()
        .column(entity::Column::EventId)
        .filter(database::is_among(db, entity::Column::EventId, events.iter().map(|event| event.0)))
        .into_tuple()
        .all(db)
        .await?;
    Ok(ids.into_iter().map(EventId).collect())
}

/// When the last event came in.
pub async fn last_receive_time(db: &impl ConnectionTrait) -> Result<Option<Timestamp>, DbErr> {
    let newest = Query::select()
        .expr_as(Expr::col(entity::Column::ReceiveTime).max(), "newest")
        .from(entity::Entity)
        .to_owned();
    let row = db.query_one(&newest).await?;
    let newest: Option<i64> = row.map(|row| row.try_get("", "newest")).transpose()?.flatten();
    Ok(newest.map(Timestamp::from_micros))
}
