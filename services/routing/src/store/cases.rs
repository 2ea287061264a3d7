//! Cases with their assignments and clocks, loaded and saved in a constant number of statements.

use std::collections::HashMap;

use database::is_among;
use messaging::Work;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ConnectionTrait, ExprTrait as _, Iterable as _, QueryOrder as _};
use vocabulary::{AssignmentId, ReportId};

use super::entities::{assignment, case, clock};
use super::rows;
use crate::domain::Case;

/// The cases of these reports, as far as there are any.
pub(crate) async fn load(
    db: &impl ConnectionTrait,
    reports: impl IntoIterator<Item = ReportId>,
) -> Result<HashMap<ReportId, Case>, DbErr> {
    let ids = reports.into_iter().map(|report| report.0);
    let found = case::Entity::find().filter(is_among(db, case::Column::ReportId, ids)).all(db).await?;
    if found.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Uuid> = found.iter().map(|row| row.report_id).collect();
    let mut assignments = HashMap::<Uuid, Vec<_>>::new();
    let rows = assignment::Entity::find().filter(is_among(db, assignment::Column::ReportId, ids.clone()));
    let in_order = rows.order_by_asc(assignment::Column::AssignTime).order_by_asc(assignment::Column::Id);
    for row in in_order.all(db).await? {
        assignments.entry(row.report_id).or_default().push(rows::to_assignment(row)?);
    }
    let mut clocks = HashMap::<Uuid, Vec<_>>::new();
    for row in clock::Entity::find().filter(is_among(db, clock::Column::ReportId, ids)).all(db).await? {
        clocks.entry(row.report_id).or_default().push(rows::to_clock(row)?);
    }
    let with_parts = |row: case::Model| {
        let id = row.report_id;
        let assignments = assignments.remove(&id).unwrap_or_default();
        let case = rows::to_case(row, assignments, clocks.remove(&id).unwrap_or_default())?;
        Ok((ReportId(id), case))
    };
    found.into_iter().map(with_parts).collect()
}

/// The report that an assignment is about.
pub(crate) async fn find_report(
    db: &impl ConnectionTrait,
    id: AssignmentId,
) -> Result<Option<ReportId>, DbErr> {
    let found = assignment::Entity::find_by_id(id.0).one(db).await?;
    Ok(found.map(|row| ReportId(row.report_id)))
}

/// Writes what differs between each case as it was (none: new) and as it is, and numbers the new versions. Assignments and
/// clocks follow with the commit.
/// [`DbErr::RecordNotUpdated`] when somebody else has changed one of them meanwhile.
pub(crate) async fn save<'c>(
    work: &mut Work,
    changes: impl IntoIterator<Item = (Option<&'c Case>, &'c mut Case)>,
) -> Result<(), DbErr> {
    let mut cases = Vec::new();
    let mut ended = Vec::new();
    let mut open = Vec::new();
    let mut clocks = Vec::new();
    for (before, after) in changes {
        if before == Some(&*after) {
            continue;
        }
        after.version += 1;
        cases.push(rows::from_case(after));
        let old_assignments = before.map_or(&[][..], |before| &before.assignments);
        for assignment in &mut after.assignments {
            if old_assignments.contains(assignment) {
                continue;
            }
            assignment.version += 1;
            let row = rows::from_assignment(after.report, assignment);
            if assignment.state.is_open() { open.push(row) } else { ended.push(row) }
        }
        let old_clocks = before.map_or(&[][..], |before| &before.clocks);
        let changed = after.clocks.iter().filter(|clock| !old_clocks.contains(clock));
        clocks.extend(changed.map(|clock| rows::from_clock(after.report, clock)));
    }
    save_cases(work.tx(), cases).await?;
    // Ended ones first: at no instant may two assignments of a report be open.
    ended.extend(open);
    let inserts = work.inserts();
    inserts.add(ended, Some(on_conflict::<assignment::Entity>(&[assignment::Column::Id])))?;
    let key = [clock::Column::ReportId, clock::Column::Kind, clock::Column::Round];
    inserts.add(clocks, Some(on_conflict::<clock::Entity>(&key)))
}

async fn save_cases(db: &impl ConnectionTrait, rows: Vec<case::ActiveModel>) -> Result<(), DbErr> {
    let read_version = Expr::col((case::Entity, case::Column::Version));
    let written = Expr::col(("excluded", case::Column::Version));
    let conflict = on_conflict::<case::Entity>(&[case::Column::ReportId])
        .action_and_where(read_version.eq(written.sub(1)))
        .to_owned();
    let expected = rows.len() as u64;
    let written = database::insert_all(db, rows, Some(conflict)).await?;
    if written == expected { Ok(()) } else { Err(DbErr::RecordNotUpdated) }
}

/// Replaces every other column of the row with the same key.
fn on_conflict<E: EntityTrait>(key: &[E::Column]) -> OnConflict {
    let is_key = |column: &E::Column| key.iter().any(|part| part.as_str() == column.as_str());
    let others = E::Column::iter().filter(|column| !is_key(column));
    OnConflict::columns(key.iter().copied()).update_columns(others).to_owned()
}
