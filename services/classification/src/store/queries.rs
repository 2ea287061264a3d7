//! Loading, saving and listing.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    Condition, ConnectionTrait, DatabaseTransaction, ExprTrait as _, QueryOrder as _, QuerySelect as _,
};
use vocabulary::{Access, ReportId, ReviewId, Timestamp};

use super::entities::{classification, mark, review};
use super::{Dossier, Papers, rows};
use crate::domain::review::{Case, Classified, Review};

/// Rows per INSERT: far below the 32,766 parameters that SQLite takes.
const ROWS: usize = 400;

/// Loads the dossiers of the reports, with their open reviews, and keeps other writers off them until the transaction
/// ends. A report of which nothing is known has an empty one.
pub async fn load(
    tx: &DatabaseTransaction,
    reports: &BTreeSet<ReportId>,
) -> Result<BTreeMap<ReportId, Dossier>, DbErr> {
    let ids = || reports.iter().map(|report| report.0);
    let classifications = classification::Entity::find()
        .filter(classification::Column::Report.is_in(ids()))
        .lock_exclusive()
        .all(tx)
        .await?;
    let marks =
        mark::Entity::find().filter(mark::Column::Report.is_in(ids())).lock_exclusive().all(tx).await?;
    let open = review::Entity::find()
        .filter(review::Column::Report.is_in(ids()))
        .filter(is_open())
        .lock_exclusive()
        .all(tx)
        .await?;
    let empty = |report: &ReportId| (*report, Dossier { case: Case::new(*report), papers: None });
    let mut dossiers: BTreeMap<ReportId, Dossier> = reports.iter().map(empty).collect();
    for row in classifications {
        if let Some(dossier) = dossiers.get_mut(&ReportId(row.report)) {
            let (classified, papers) = rows::classified(row)?;
            dossier.case.classified = Some(classified);
            dossier.papers = Some(papers);
        }
    }
    for row in marks {
        if let Some(dossier) = dossiers.get_mut(&ReportId(row.report)) {
            dossier.case.marks = rows::marks(row)?;
        }
    }
    for row in open {
        if let Some(dossier) = dossiers.get_mut(&ReportId(row.report)) {
            dossier.case.review = Some(rows::review(row)?);
        }
    }
    Ok(dossiers)
}

/// Writes what has changed between the case as loaded and the dossier as it is now.
pub async fn update(tx: &DatabaseTransaction, changes: &[(Case, Dossier)]) -> Result<(), DbErr> {
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
            reviews.push(rows::review_row(case.report, review));
        }
    }
    for rows in classifications.chunks(ROWS) {
        classification::Entity::insert_many(rows.to_vec())
            .on_conflict(classification_in_force())
            .exec_without_returning(tx)
            .await?;
    }
    for rows in marks.chunks(ROWS) {
        mark::Entity::insert_many(rows.to_vec())
            .on_conflict(latest_marks())
            .exec_without_returning(tx)
            .await?;
    }
    for rows in reviews.chunks(ROWS) {
        review::Entity::insert_many(rows.to_vec())
            .on_conflict(review_now())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
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
            C::Version,
        ])
        .to_owned()
}

/// The report that a review is about.
pub async fn find_report(tx: &DatabaseTransaction, id: ReviewId) -> Result<Option<ReportId>, DbErr> {
    let found = review::Entity::find_by_id(id.0).one(tx).await?;
    Ok(found.map(|row| ReportId(row.report)))
}

/// The dossier of a review in whatever state, kept from other writers until the transaction ends.
pub async fn find_review(tx: &DatabaseTransaction, id: ReviewId) -> Result<Option<Dossier>, DbErr> {
    let Some(row) = review::Entity::find_by_id(id.0).lock_exclusive().one(tx).await? else {
        return Ok(None);
    };
    let report = ReportId(row.report);
    let dossier = load(tx, &BTreeSet::from([report])).await?.remove(&report);
    let review = rows::review(row)?;
    Ok(dossier.map(|mut dossier| {
        dossier.case.review = Some(review);
        dossier
    }))
}

/// With a literal, as the partial indexes want it: a bound parameter could be any state.
fn is_open() -> Expr {
    Expr::col(review::Column::State).eq(Expr::cust("'open'"))
}

/// The classification in force of a report.
pub async fn find_classification(
    connection: &impl ConnectionTrait,
    report: ReportId,
) -> Result<Option<(Classified, Papers)>, DbErr> {
    let row = classification::Entity::find_by_id(report.0).one(connection).await?;
    row.map(rows::classified).transpose()
}

/// Where a page of reviews ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Deadline of the last review shown.
    pub due_time: Timestamp,
    /// Its id.
    pub review: ReviewId,
}

/// Open reviews after `after`, the nearest deadline first; `only` keeps to one kind of access.
pub async fn list_open_reviews(
    connection: &impl ConnectionTrait,
    only: Option<Access>,
    after: Option<Position>,
    limit: u64,
) -> Result<Vec<(Review, Papers)>, DbErr> {
    let rows = open_reviews(only, after).limit(limit).all(connection).await?;
    let reports: Vec<Uuid> = rows.iter().map(|row| row.report).collect();
    let mut papers: BTreeMap<Uuid, Papers> = BTreeMap::new();
    for row in classification::Entity::find()
        .filter(classification::Column::Report.is_in(reports))
        .all(connection)
        .await?
    {
        papers.insert(row.report, rows::classified(row)?.1);
    }
    let mut reviews = Vec::with_capacity(rows.len());
    for row in rows {
        // A review without a classification cannot be: both are written in one transaction.
        if let Some(papers) = papers.get(&row.report) {
            reviews.push((rows::review(row)?, papers.clone()));
        }
    }
    Ok(reviews)
}

fn open_reviews(only: Option<Access>, after: Option<Position>) -> Select<review::Entity> {
    let mut query = review::Entity::find().filter(is_open());
    if let Some(access) = only {
        query = query.filter(review::Column::Access.eq(access.as_str()));
    }
    if let Some(Position { due_time, review }) = after {
        // The first term alone would do for an index to begin at; the second leaves out what was shown.
        let due = due_time.micros();
        let later =
            Condition::any().add(review::Column::DueTime.gt(due)).add(review::Column::Id.gt(review.0));
        query = query.filter(review::Column::DueTime.gte(due)).filter(later);
    }
    query.order_by_asc(review::Column::DueTime).order_by_asc(review::Column::Id)
}

/// How many reviews wait, and how many of them past their deadline.
pub async fn count_open_reviews(
    connection: &impl ConnectionTrait,
    now: Timestamp,
) -> Result<(u64, u64), DbErr> {
    let open = || review::Entity::find().filter(is_open());
    let all = open().count(connection).await?;
    let overdue = open().filter(review::Column::DueTime.lt(now.micros())).count(connection).await?;
    Ok((all, overdue))
}

#[cfg(test)]
mod tests {
    use database::Database;
    use sea_orm::{DbBackend, Statement};
    use vocabulary::ReviewId;

    use super::*;
    use crate::store::migrations::Migrator;

    /// How SQLite would run the query.
    async fn plan(database: &Database, query: impl sea_orm::QueryTrait) -> String {
        let Statement { sql, values, .. } = query.build(DbBackend::Sqlite);
        let explain =
            Statement { sql: format!("EXPLAIN QUERY PLAN {sql}"), values, db_backend: DbBackend::Sqlite };
        let rows = database.read().query_all_raw(explain).await.unwrap();
        let details = rows.iter().map(|row| row.try_get::<String>("", "detail").unwrap());
        details.collect::<Vec<_>>().join("; ")
    }

    #[tokio::test]
    async fn the_queue_is_read_from_its_indexes_whatever_the_table_holds() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("plan.db")).await.unwrap();
        database.migrate::<Migrator>().await.unwrap();
        let after = Some(Position { due_time: Timestamp::EPOCH, review: ReviewId(Uuid::from_u128(1)) });
        for (only, index) in [(None, "reviews_open_all"), (Some(Access::Ordinary), "reviews_open_access")] {
            for after in [None, after] {
                let plan = plan(&database, open_reviews(only, after).limit(20)).await;
                assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{plan}");
            }
        }
        let of_reports = review::Entity::find()
            .filter(review::Column::Report.is_in([Uuid::from_u128(1), Uuid::from_u128(2)]))
            .filter(is_open());
        let plan = plan(&database, of_reports).await;
        assert!(plan.contains("reviews_open_report"), "{plan}");
    }
}
