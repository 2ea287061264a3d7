//! Reports that were taken back.

use std::collections::BTreeSet;

use sea_orm::DatabaseTransaction;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{OnConflict, Query};
use vocabulary::{ReportId, Timestamp};

use super::entities::withdrawal::{Column, Entity};

/// Which of the reports were taken back.
pub async fn list_withdrawn(
    tx: &DatabaseTransaction,
    reports: &[ReportId],
) -> Result<BTreeSet<ReportId>, DbErr> {
    let ids = reports.iter().map(|report| report.0);
    let rows = Entity::find().filter(database::is_among(tx, Column::Report, ids)).all(tx).await?;
    Ok(rows.into_iter().map(|row| ReportId(row.report)).collect())
}

/// Remembers that reports were taken back.
pub async fn insert_withdrawals(
    tx: &DatabaseTransaction,
    reports: &BTreeSet<ReportId>,
    now: Timestamp,
) -> Result<(), DbErr> {
    if reports.is_empty() {
        return Ok(());
    }
    let mut insert = Query::insert();
    insert.into_table(Entity).columns([Column::Report, Column::ReceiveTime]);
    for report in reports {
        insert.values_panic([report.0.into(), now.micros().into()]);
    }
    insert.on_conflict(OnConflict::column(Column::Report).do_nothing().to_owned());
    tx.execute(&insert).await?;
    Ok(())
}
