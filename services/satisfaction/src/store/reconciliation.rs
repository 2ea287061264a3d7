//! What operators compare with the other services.

use std::collections::HashSet;

use database::Database;
use sea_orm::QuerySelect as _;
use sea_orm::entity::prelude::*;
use vocabulary::ReportId;

use super::entities::invitation;

/// Those of these reports whose end somebody was asked to rate.
pub async fn invited_reports(database: &Database, reports: &[ReportId]) -> Result<HashSet<ReportId>, DbErr> {
    let ids: Vec<Uuid> = invitation::Entity::find()
        .select_only()
        .distinct()
        .column(invitation::Column::Report)
        .filter(invitation::Column::Report.is_in(reports.iter().map(|report| report.0)))
        .into_tuple()
        .all(database.read())
        .await?;
    Ok(ids.into_iter().map(ReportId).collect())
}
