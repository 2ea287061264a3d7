//! The agencies' queues: assignments, the nearest deadline first, in keyset pages.

use database::Cursor;
use sea_orm::entity::prelude::*;
use sea_orm::{Condition, ConnectionTrait, QueryOrder as _, QuerySelect as _};
use vocabulary::{Access, AgencyId, AssignmentId, ReportId};

use super::entities::assignment;
use super::{load, rows};
use crate::domain::{Assignment, Case};

/// What a list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueueFilter {
    /// One agency's; none for all.
    pub(crate) agency: Option<AgencyId>,
    /// Also those that have ended.
    pub(crate) include_ended: bool,
    /// Also reports that are not ordinary.
    pub(crate) include_sealed: bool,
}

/// Who an assignment belongs to: what rights depend on. The agency never changes, the access only rises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) agency: AgencyId,
    pub(crate) access: Access,
}

/// The holder of an assignment.
pub(crate) async fn find_holder(db: &impl ConnectionTrait, id: AssignmentId) -> Result<Option<Held>, DbErr> {
    let Some(row) = assignment::Entity::find_by_id(id.0).one(db).await? else { return Ok(None) };
    let assignment = rows::to_assignment(row)?;
    Ok(Some(Held { agency: assignment.agency, access: assignment.access }))
}

/// At most `limit` assignments after `cursor`, each with its case.
pub(crate) async fn list_assignments(
    db: &impl ConnectionTrait,
    filter: &QueueFilter,
    cursor: Option<Cursor>,
    limit: u64,
) -> Result<Vec<(Assignment, Case)>, DbErr> {
    let mut page = select(filter, false, cursor, limit).all(db).await?;
    if filter.include_ended {
        page.extend(select(filter, true, cursor, limit).all(db).await?);
        page.sort_by_key(|row| (row.due_time, row.id));
        page.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    let reports: Vec<ReportId> = page.iter().map(|row| ReportId(row.report_id)).collect();
    let cases = load(db, reports).await?;
    let with_case = |row: assignment::Model| {
        let case = cases
            .get(&ReportId(row.report_id))
            .cloned()
            .ok_or(DbErr::RecordNotFound(row.report_id.to_string()))?;
        Ok((rows::to_assignment(row)?, case))
    };
    page.into_iter().map(with_case).collect()
}

/// One half of the queue: the open ones or the ended ones. Each half has indexes of its own, so that a page of open ones
/// costs the same however many have ended.
fn select(
    filter: &QueueFilter,
    ended: bool,
    cursor: Option<Cursor>,
    limit: u64,
) -> Select<assignment::Entity> {
    use assignment::Column;
    let half = if ended { Column::EndTime.is_not_null() } else { Column::EndTime.is_null() };
    let mut condition = Condition::all().add(half);
    if let Some(agency) = &filter.agency {
        condition = condition.add(Column::Agency.eq(agency.as_str()));
    }
    if !filter.include_sealed {
        condition = condition.add(Column::Access.eq(Access::Ordinary.as_str()));
    }
    if let Some(cursor) = cursor {
        condition = condition.add(cursor.after(Column::DueTime, Column::Id));
    }
    assignment::Entity::find()
        .filter(condition)
        .order_by_asc(Column::DueTime)
        .order_by_asc(Column::Id)
        .limit(limit)
}

#[cfg(test)]
mod tests {
    use sea_orm::{DbBackend, QueryTrait as _, Statement};

    use vocabulary::Timestamp;

    use super::*;
    use crate::store::Migrator;

    #[tokio::test]
    async fn every_page_walks_an_index_in_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = database::Database::open(&folder.path().join("routing.db")).await.expect("a database");
        database.migrate::<Migrator>().await.expect("a schema");
        let agency: AgencyId = "so-xay-dung".parse().expect("an id");
        let cursor = Cursor { time: Timestamp::EPOCH, id: Uuid::from_u128(1) };
        for (agency, ended, index) in [
            (Some(agency.clone()), false, "assignments_agency_open"),
            (None, false, "assignments_open"),
            (Some(agency), true, "assignments_agency_ended"),
            (None, true, "assignments_ended"),
        ] {
            for cursor in [None, Some(cursor)] {
                let filter =
                    QueueFilter { agency: agency.clone(), include_ended: ended, include_sealed: false };
                let mut query = select(&filter, ended, cursor, 21).build(DbBackend::Sqlite);
                query.sql.insert_str(0, "EXPLAIN QUERY PLAN ");
                let explain = Statement { db_backend: DbBackend::Sqlite, ..query };
                let plan = database.read().query_all_raw(explain).await.expect("a plan");
                let steps: Vec<String> =
                    plan.iter().map(|row| row.try_get("", "detail").expect("text")).collect();
                assert_eq!(steps.len(), 1, "{steps:?}");
                assert!(steps[0].contains(&format!("INDEX {index}")), "{steps:?}");
            }
        }
    }
}
