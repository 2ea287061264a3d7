//! The inbox: the ids of events whose effect is in this database.

use std::collections::HashSet;

use sea_orm::DatabaseTransaction;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{OnConflict, Query};
use uuid::Uuid;
use vocabulary::Timestamp;

use crate::Envelope;

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
    events: impl Iterator<Item = &Envelope>,
    now: Timestamp,
) -> Result<HashSet<Uuid>, DbErr> {
    let ids: HashSet<Uuid> = events.map(|event| event.id.0).collect();
    if ids.is_empty() {
        return Ok(ids);
    }
    let mut insert = Query::insert();
    insert.into_table(entity::Entity).columns([entity::Column::EventId, entity::Column::ReceiveTime]);
    for id in &ids {
        insert.values_panic([(*id).into(), now.micros().into()]);
    }
    insert
        .on_conflict(OnConflict::column(entity::Column::EventId).do_nothing().to_owned())
        .returning(Query::returning().columns([entity::Column::EventId]));
    tx.query_all(&insert).await?.iter().map(|row| row.try_get("", "event_id")).collect()
}

/// Takes back the claim of events that had no effect after all, so that a redelivery finds them fresh.
pub async fn release(tx: &DatabaseTransaction, ids: Vec<Uuid>) -> Result<(), DbErr> {
    if !ids.is_empty() {
        entity::Entity::delete_many().filter(entity::Column::EventId.is_in(ids)).exec(tx).await?;
    }
    Ok(())
}
