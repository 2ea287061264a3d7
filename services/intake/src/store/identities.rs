//! Sealed identities: written with the report, read by nobody here; that there is one is asked by reconciliations.

use std::collections::HashSet;

use database::Inserts;
use sea_orm::entity::prelude::*;
use sea_orm::{DatabaseTransaction, DbBackend, QuerySelect as _, Set, Statement};
use vocabulary::ReportId;

use crate::store::entities::identities::{ActiveModel, Column, Entity};

const KEY_VERSION: i32 = 1;

/// Adds the seals of new reports.
pub fn add_all(inserts: &mut Inserts, seals: Vec<(ReportId, Vec<u8>)>) -> Result<(), DbErr> {
    let rows = seals.into_iter().map(|(report, sealed)| ActiveModel {
        report_id: Set(report.0),
        sealed: Set(sealed),
        key_version: Set(KEY_VERSION),
    });
    inserts.add(rows, None)
}

/// How this process may learn for which reports there is a seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// The connection may read the table.
    Direct,
    /// It may take on the role that may.
    AsIdentity,
    /// It may not.
    Denied,
}

/// What the rights of this connection allow.
pub async fn reading(tx: &DatabaseTransaction) -> Result<Reading, DbErr> {
    if tx.get_database_backend() != DbBackend::Postgres {
        return Ok(Reading::Direct);
    }
    let asked = Statement::from_string(
        DbBackend::Postgres,
        "SELECT has_table_privilege('identity.identities', 'SELECT') AS direct, \
         EXISTS (SELECT FROM pg_roles WHERE rolname = 'fieldreport_identity' AND pg_has_role(oid, 'MEMBER')) AS role",
    );
    let Some(row) = tx.query_one_raw(asked).await? else { return Ok(Reading::Denied) };
    Ok(match (row.try_get("", "direct")?, row.try_get("", "role")?) {
        (true, _) => Reading::Direct,
        (false, true) => Reading::AsIdentity,
        (false, false) => Reading::Denied,
    })
}

/// Those of these reports whose seal is stored; none where nobody here may look. No seal is read.
pub async fn find_sealed(
    tx: &DatabaseTransaction,
    reading: Reading,
    reports: &[ReportId],
) -> Result<Option<HashSet<ReportId>>, DbErr> {
    let ids = Entity::find()
        .select_only()
        .column(Column::ReportId)
        .filter(Column::ReportId.is_in(reports.iter().map(|report| report.0)))
        .into_tuple::<Uuid>();
    let found = match reading {
        Reading::Denied => return Ok(None),
        Reading::Direct => ids.all(tx).await?,
        Reading::AsIdentity => {
            tx.execute_unprepared("SET LOCAL ROLE fieldreport_identity").await?;
            let found = ids.all(tx).await?;
            tx.execute_unprepared("SET LOCAL ROLE NONE").await?;
            found
        }
    };
    Ok(Some(found.into_iter().map(ReportId).collect()))
}
