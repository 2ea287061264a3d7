//! Events that arrived before what they follow.

use database::Inserts;
use messaging::Envelope;
use sea_orm::entity::prelude::*;
use sea_orm::{DatabaseTransaction, Set};
use vocabulary::{EventId, ReportId, Timestamp};

use crate::store::entities::held_events::{ActiveModel, Column, Entity, Model};

/// Everything that is held for these reports.
pub async fn find_all(db: &impl ConnectionTrait, reports: Vec<Uuid>) -> Result<Vec<Envelope>, DbErr> {
    let rows = Entity::find().filter(database::is_among(db, Column::ReportId, reports)).all(db).await?;
    Ok(rows.into_iter().map(to_envelope).collect())
}

/// Holds events.
pub fn add_all(inserts: &mut Inserts, events: &[Envelope]) -> Result<(), DbErr> {
    let rows = events.iter().map(|event| ActiveModel {
        event_id: Set(event.id.0),
        report_id: Set(event.report.0),
        source: Set(event.source.clone()),
        event_type: Set(event.event_type.clone()),
        sequence: Set(event.sequence),
        time: Set(event.time.micros()),
        cause_id: Set(event.cause.map(|cause| cause.0)),
        traceparent: Set(event.traceparent.clone()),
        body: Set(event.body.to_vec()),
    });
    inserts.add(rows, None)
}

/// Lets events go.
pub async fn remove_all(tx: &DatabaseTransaction, events: Vec<Uuid>) -> Result<(), DbErr> {
    if !events.is_empty() {
        Entity::delete_many().filter(database::is_among(tx, Column::EventId, events)).exec(tx).await?;
    }
    Ok(())
}

/// Reports with events that are held and happened before `before`: at most `limit`, newer than `after`.
pub async fn list_reports(
    db: &impl ConnectionTrait,
    before: Timestamp,
    after: Option<ReportId>,
    limit: u64,
) -> Result<Vec<ReportId>, DbErr> {
    use sea_orm::{QueryOrder as _, QuerySelect as _};
    let mut select = Entity::find().select_only().column(Column::ReportId).distinct();
    if let Some(after) = after {
        select = select.filter(Column::ReportId.gt(after.0));
    }
    let select = select.filter(Column::Time.lt(before.micros())).order_by_asc(Column::ReportId);
    let ids: Vec<Uuid> = select.limit(limit).into_tuple().all(db).await?;
    Ok(ids.into_iter().map(ReportId).collect())
}

/// How many events are held.
pub async fn count(db: &impl ConnectionTrait) -> Result<u64, DbErr> {
    use sea_orm::PaginatorTrait as _;
    Entity::find().count(db).await
}

fn to_envelope(row: Model) -> Envelope {
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
