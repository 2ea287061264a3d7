//! What a reconciliation reads: never texts, places, owners or seals.

use std::collections::{HashMap, HashSet};

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{Condition, ExprTrait as _, QueryOrder as _, QuerySelect as _};
use vocabulary::{Access, ReportId, Timestamp};

use crate::domain::reconciliation::{Extent, Filed};
use crate::store::corrupt;
use crate::store::entities::{reports, timeline};
use crate::store::reports::standing;

#[derive(sea_orm::FromQueryResult)]
struct Row {
    id: Uuid,
    code: String,
    create_time: i64,
    update_time: i64,
    state: String,
    agency: Option<String>,
    leaf: Option<String>,
    access: String,
    last_sequence: i64,
}

/// Reports stored from `start` to before `end`, at most `limit` after `last`, in one order.
pub async fn list_filed(
    db: &impl ConnectionTrait,
    (start, end): (Timestamp, Timestamp),
    last: Option<&Filed>,
    limit: u64,
) -> Result<Vec<Filed>, DbErr> {
    use reports::Column;
    let start = last.map_or(start, |last| last.created);
    let mut query = reports::Entity::find()
        .select_only()
        .columns([
            Column::Id,
            Column::Code,
            Column::CreateTime,
            Column::UpdateTime,
            Column::State,
            Column::Agency,
            Column::Leaf,
            Column::Access,
            Column::LastSequence,
        ])
        .filter(Column::CreateTime.gte(start.micros()))
        .filter(Column::CreateTime.lt(end.micros()))
        .order_by_asc(Column::CreateTime)
        .order_by_asc(Column::Id)
        .limit(limit);
    if let Some(last) = last {
        let key = [Column::CreateTime, Column::Id].map(Expr::col);
        let seen = [Expr::value(last.created.micros()), Expr::value(last.id.0)];
        query = query.filter(Expr::tuple(key).gt(Expr::tuple(seen)));
    }
    query.into_model::<Row>().all(db).await?.into_iter().map(to_filed).collect()
}

fn to_filed(row: Row) -> Result<Filed, DbErr> {
    let agency = row.agency.map(|agency| agency.parse()).transpose();
    Ok(Filed {
        id: ReportId(row.id),
        code: row.code,
        created: Timestamp::from_micros(row.create_time),
        updated: Timestamp::from_micros(row.update_time),
        state: row.state.parse().ok(),
        agency: agency.map_err(|error| corrupt("report", error))?,
        classified: row.leaf.is_some(),
        sealed: row.access != Access::Ordinary.as_str(),
        last_sequence: row.last_sequence,
    })
}

/// The numbers of the timelines of these reports; nothing for one without.
pub async fn extents(
    db: &impl ConnectionTrait,
    reports: &[ReportId],
) -> Result<HashMap<ReportId, Extent>, DbErr> {
    use timeline::Column;
    let rows: Vec<(Uuid, i64, i64, i64)> = timeline::Entity::find()
        .select_only()
        .column(Column::ReportId)
        .column_as(Column::Sequence.count(), "count")
        .column_as(Column::Sequence.min(), "first")
        .column_as(Column::Sequence.max(), "last")
        .filter(Column::ReportId.is_in(reports.iter().map(|report| report.0)))
        .group_by(Column::ReportId)
        .into_tuple()
        .all(db)
        .await?;
    let extent = |(report, count, first, last)| (ReportId(report), Extent { count, first, last });
    Ok(rows.into_iter().map(extent).collect())
}

/// Those of these reports that have stood still since before `before`; see [`crate::store::reports::list_stuck`].
pub async fn find_standing(
    db: &impl ConnectionTrait,
    reports: &[ReportId],
    before: Timestamp,
) -> Result<HashSet<ReportId>, DbErr> {
    use reports::Column;
    let [moving, uninvited] = standing();
    let ids: Vec<Uuid> = reports::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.is_in(reports.iter().map(|report| report.0)))
        .filter(Column::UpdateTime.lt(before.micros()))
        .filter(Condition::any().add(moving).add(uninvited))
        .into_tuple()
        .all(db)
        .await?;
    Ok(ids.into_iter().map(ReportId).collect())
}
