//! Loading and saving.

use std::collections::{BTreeMap, BTreeSet};

use database::{Inserts, is_among};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ConnectionTrait, DatabaseTransaction, ExprTrait as _, QueryOrder as _, QuerySelect as _};
use vocabulary::{ReportId, ReviewId, Timestamp};

use super::entities::{classification, mark, review};
use super::{Dossier, papers, rows};
use crate::domain::case::Case;
use crate::domain::review::ReviewState;

/// Loads the dossiers of the reports, with their live reviews, and keeps other writers off them until the transaction
/// ends. A report of which nothing is known has an empty one.
pub async fn load(
    tx: &DatabaseTransaction,
    reports: &BTreeSet<ReportId>,
) -> Result<BTreeMap<ReportId, Dossier>, DbErr> {
    let ids = || reports.iter().map(|report| report.0);
    let classifications = classification::Entity::find()
        .filter(is_among(tx, classification::Column::Report, ids()))
        .lock_exclusive()
        .all(tx)
        .await?;
    let marks = mark::Entity::find()
        .filter(is_among(tx, mark::Column::Report, ids()))
        .lock_exclusive()
        .all(tx)
        .await?;
    let live = review::Entity::find()
        .filter(is_among(tx, review::Column::Report, ids()))
        .filter(is_live())
        .lock_exclusive()
        .all(tx)
        .await?;
    let empty = |report: &ReportId| (*report, Dossier { case: Case::new(*report), papers: None });
    let mut dossiers: BTreeMap<ReportId, Dossier> = reports.iter().map(empty).collect();
    for (report, (classified, papers)) in papers::read(tx, classifications).await? {
        if let Some(dossier) = dossiers.get_mut(&ReportId(report)) {
            dossier.case.classified = Some(classified);
            dossier.papers = Some(papers);
        }
    }
    for row in marks {
        if let Some(dossier) = dossiers.get_mut(&ReportId(row.report)) {
            dossier.case.marks = rows::marks(row)?;
        }
    }
    for row in live {
        if let Some(dossier) = dossiers.get_mut(&ReportId(row.report)) {
            dossier.case.review = Some(rows::review(row)?);
        }
    }
    Ok(dossiers)
}

/// Adds what has changed between the case as loaded and the dossier as it is now.
pub fn update(inserts: &mut Inserts, changes: &[(Case, Dossier)]) -> Result<(), DbErr> {
    let (mut classifications, mut marks, mut reviews) = (Vec::new(), Vec::new(), Vec::new());
    for (before, Dossier { case, papers }) in changes {
        if let (Some(classified), Some(papers)) = (&case.classified, papers)
            && before.classified.as_ref() != Some(classified)
        {
            classifications.push(rows::classification_row(case.report, classified, papers));
        }
        if before.marks != case.marks {
            marks.push(rows::mark_row(case.report, &case.marks));
        }
        if let Some(review) = case.review.as_ref().filter(|review| before.review.as_ref() != Some(review)) {
            reviews.push(rows::review_row(case.report, review)?);
        }
    }
    inserts.add(classifications, Some(classification_in_force()))?;
    inserts.add(marks, Some(latest_marks()))?;
    inserts.add(reviews, Some(review_now()))
}

/// The papers stay as they were when the report arrived.
fn classification_in_force() -> OnConflict {
    use classification::Column as C;
    OnConflict::column(C::Report)
        .update_columns([
            C::Leaf,
            C::Scope,
            C::Urgency,
            C::Access,
            C::Confidence,
            C::DecidedByPerson,
            C::Announced,
            C::DecideTime,
            C::DuplicateOf,
            C::Routed,
        ])
        .to_owned()
}

fn latest_marks() -> OnConflict {
    use mark::Column as C;
    OnConflict::column(C::Report)
        .update_columns([C::Withdrawn, C::ObjectionSequence, C::Objection, C::ObjectionNote])
        .to_owned()
}

fn review_now() -> OnConflict {
    use review::Column as C;
    OnConflict::column(C::Id)
        .update_columns([
            C::State,
            C::Reasons,
            C::Note,
            C::Leaf,
            C::Scope,
            C::Urgency,
            C::Access,
            C::Confidence,
            C::DecidedByPerson,
            C::DueTime,
            C::Version,
            C::LeaseHolder,
            C::LeaseRole,
            C::LeaseUntil,
            C::Question,
            C::AskedTime,
            C::Verdict,
            C::WakeTime,
        ])
        .to_owned()
}

/// The reports that reviews are about.
pub async fn reports_of(
    connection: &impl ConnectionTrait,
    reviews: &BTreeSet<ReviewId>,
) -> Result<BTreeSet<ReportId>, DbErr> {
    let reports: Vec<Uuid> =
        of_ids(reviews).select_only().column(review::Column::Report).into_tuple().all(connection).await?;
    Ok(reports.into_iter().map(ReportId).collect())
}

/// The dossiers of reviews in whatever state, which are about these reports.
pub async fn find_reviews(
    tx: &DatabaseTransaction,
    ids: &BTreeSet<ReviewId>,
    reports: &BTreeSet<ReportId>,
) -> Result<BTreeMap<ReviewId, Dossier>, DbErr> {
    let mut found = BTreeMap::new();
    if reports.is_empty() {
        return Ok(found);
    }
    let dossiers = load(tx, reports).await?;
    for row in of_ids(ids).all(tx).await? {
        if let Some(dossier) = dossiers.get(&ReportId(row.report)) {
            let mut dossier = dossier.clone();
            let review = rows::review(row)?;
            let id = review.id;
            dossier.case.review = Some(review);
            found.insert(id, dossier);
        }
    }
    Ok(found)
}

fn of_ids(ids: &BTreeSet<ReviewId>) -> Select<review::Entity> {
    review::Entity::find().filter(review::Column::Id.is_in(ids.iter().map(|id| id.0)))
}

/// What is in force of reports, to look at: without their reviews, and others may write.
pub async fn read_cases(
    connection: &impl ConnectionTrait,
    reports: &BTreeSet<ReportId>,
) -> Result<BTreeMap<ReportId, Case>, DbErr> {
    let ids = || reports.iter().map(|report| report.0);
    let mut cases: BTreeMap<ReportId, Case> = BTreeMap::new();
    if reports.is_empty() {
        return Ok(cases);
    }
    let classifications =
        classification::Entity::find().filter(is_among(connection, classification::Column::Report, ids()));
    for row in classifications.all(connection).await? {
        let report = ReportId(row.report);
        let classified = Some(rows::classified(row, Vec::new())?.0);
        cases.insert(report, Case { classified, ..Case::new(report) });
    }
    for row in
        mark::Entity::find().filter(is_among(connection, mark::Column::Report, ids())).all(connection).await?
    {
        if let Some(case) = cases.get_mut(&ReportId(row.report)) {
            case.marks = rows::marks(row)?;
        }
    }
    Ok(cases)
}

/// Reports with a review for which something is due, the longest due first.
pub async fn due_to_wake(
    connection: &impl ConnectionTrait,
    now: Timestamp,
    limit: u64,
) -> Result<BTreeSet<ReportId>, DbErr> {
    let reports: Vec<Uuid> = review::Entity::find()
        .select_only()
        .column(review::Column::Report)
        .filter(review::Column::WakeTime.is_not_null())
        .filter(review::Column::WakeTime.lte(now.micros()))
        .order_by_asc(review::Column::WakeTime)
        .limit(limit)
        .into_tuple()
        .all(connection)
        .await?;
    Ok(reports.into_iter().map(ReportId).collect())
}

/// With literals, as the partial index wants it: bound parameters could be any states.
pub(super) fn is_live() -> Expr {
    let live = ReviewState::ALL.iter().filter(|state| state.is_live());
    Expr::col(review::Column::State).is_in(live.map(|state| Expr::cust(format!("'{state}'"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::queue::plan_of;

    #[tokio::test]
    async fn live_and_waking_reviews_are_read_from_their_indexes() {
        let of_reports = review::Entity::find()
            .filter(review::Column::Report.is_in([Uuid::from_u128(1), Uuid::from_u128(2)]))
            .filter(is_live());
        let plan = plan_of(of_reports).await;
        assert!(plan.contains("reviews_live_report"), "{plan}");
        let waking = review::Entity::find()
            .filter(review::Column::WakeTime.is_not_null())
            .filter(review::Column::WakeTime.lte(1))
            .order_by_asc(review::Column::WakeTime);
        let plan = plan_of(waking).await;
        assert!(plan.contains("reviews_wake") && !plan.contains("TEMP B-TREE"), "{plan}");
    }
}
