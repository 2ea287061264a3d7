//! Clocks that have something to say, and how many run.

use province::ClockKind;
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, QueryOrder as _, QuerySelect as _};
use vocabulary::{ReportId, Timestamp};

use super::entities::clock;

/// How many clocks of a kind run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Running {
    pub(crate) kind: ClockKind,
    pub(crate) open: u64,
    pub(crate) overdue: u64,
}

/// The reports of the `limit` clocks that have waited longest to be told about at `now`; a report may come twice.
pub(crate) async fn reports_with_alarm(
    db: &impl ConnectionTrait,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<ReportId>, DbErr> {
    let ids: Vec<Uuid> = clock::Entity::find()
        .select_only()
        .column(clock::Column::ReportId)
        .filter(clock::Column::AlarmTime.lte(now.micros()))
        .order_by_asc(clock::Column::AlarmTime)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    Ok(ids.into_iter().map(ReportId).collect())
}

/// Counts the running clocks of each kind.
pub(crate) async fn count_running(db: &impl ConnectionTrait, now: Timestamp) -> Result<Vec<Running>, DbErr> {
    let mut running = Vec::new();
    for kind in ClockKind::ALL.iter().copied() {
        let of_kind = clock::Entity::find()
            .filter(clock::Column::Kind.eq(kind.as_str()))
            .filter(clock::Column::StopTime.is_null());
        let open = of_kind.clone().count(db).await?;
        let late =
            of_kind.filter(clock::Column::DueTime.lt(now.micros())).filter(clock::Column::Paused.eq(false));
        let overdue = late.count(db).await?;
        running.push(Running { kind, open, overdue });
    }
    Ok(running)
}
