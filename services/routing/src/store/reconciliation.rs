//! What operators compare with the other services.

use std::collections::HashSet;

use database::Database;
use sea_orm::QuerySelect as _;
use sea_orm::entity::prelude::*;
use vocabulary::ReportId;

use super::entities::case;

/// Those of these reports that routing has heard of.
pub async fn known_reports(database: &Database, reports: &[ReportId]) -> Result<HashSet<ReportId>, DbErr> {
    let ids: Vec<Uuid> = case::Entity::find()
        .select_only()
        .column(case::Column::ReportId)
        .filter(case::Column::ReportId.is_in(reports.iter().map(|report| report.0)))
        .into_tuple()
        .all(database.read())
        .await?;
    Ok(ids.into_iter().map(ReportId).collect())
}
