//! Sealed identities: written with the report, read by nobody here.

use sea_orm::entity::prelude::*;
use sea_orm::{DatabaseTransaction, Set};
use vocabulary::ReportId;

use crate::store::entities::identities::{ActiveModel, Entity};

const KEY_VERSION: i32 = 1;

/// Stores the seals of new reports.
pub async fn insert_all(tx: &DatabaseTransaction, seals: Vec<(ReportId, Vec<u8>)>) -> Result<(), DbErr> {
    let rows = seals.into_iter().map(|(report, sealed)| ActiveModel {
        report_id: Set(report.0),
        sealed: Set(sealed),
        key_version: Set(KEY_VERSION),
    });
    Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}
