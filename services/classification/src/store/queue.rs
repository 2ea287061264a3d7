//! The coordinators' queue.

use database::Cursor;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{Condition, ConnectionTrait, ExprTrait as _, QueryOrder as _, QuerySelect as _};
use vocabulary::{Access, ReviewId, Timestamp};

use super::entities::{classification, review};
use super::papers::Papers;
use super::{papers, rows};
use crate::domain::person::Person;
use crate::domain::review::{Review, ReviewState};

/// Which reviews are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    /// In this state, which is a live one.
    pub state: ReviewState,
    /// Only those of this access.
    pub only: Option<Access>,
    /// Only those that are not ordinary.
    pub sealed: bool,
    /// Only those that this person could act on at this instant.
    pub free_for: Option<(Person, Timestamp)>,
}

/// Reviews after `after`, the nearest deadline first.
pub async fn list_reviews(
    connection: &impl ConnectionTrait,
    queue: Queue,
    after: Option<Cursor>,
    limit: u64,
) -> Result<Vec<(Review, Papers)>, DbErr> {
    let rows = query(queue, after).limit(limit).all(connection).await?;
    with_papers(connection, rows).await
}

/// One review, in whatever state.
pub async fn read_review(
    connection: &impl ConnectionTrait,
    id: ReviewId,
) -> Result<Option<(Review, Papers)>, DbErr> {
    let row = review::Entity::find_by_id(id.0).one(connection).await?;
    Ok(with_papers(connection, row.into_iter().collect()).await?.pop())
}

async fn with_papers(
    connection: &impl ConnectionTrait,
    rows: Vec<review::Model>,
) -> Result<Vec<(Review, Papers)>, DbErr> {
    let reports: Vec<Uuid> = rows.iter().map(|row| row.report).collect();
    let classifications = classification::Entity::find()
        .filter(classification::Column::Report.is_in(reports))
        .all(connection)
        .await?;
    let papers = papers::read(connection, classifications).await?;
    let mut reviews = Vec::with_capacity(rows.len());
    for row in rows {
        // A review without a classification cannot be: both are written in one transaction.
        if let Some((_, papers)) = papers.get(&row.report) {
            reviews.push((rows::review(row)?, papers.clone()));
        }
    }
    Ok(reviews)
}

fn query(queue: Queue, after: Option<Cursor>) -> Select<review::Entity> {
    let Queue { state, only, sealed, free_for } = queue;
    let mut query = review::Entity::find().filter(is(state));
    if state != ReviewState::Open {
        query = query.filter(is_waiting());
    }
    if let Some(access) = only {
        query = query.filter(review::Column::Access.eq(access.as_str()));
    }
    if sealed {
        query = query.filter(review::Column::Access.ne(Access::Ordinary.as_str()));
    }
    if let Some((person, now)) = free_for {
        let free = Condition::any()
            .add(review::Column::LeaseUntil.is_null())
            .add(review::Column::LeaseUntil.lte(now.micros()))
            .add(review::Column::LeaseHolder.eq(person.0.to_vec()));
        query = query.filter(free);
    }
    if let Some(cursor) = after {
        query = query.filter(cursor.after(review::Column::DueTime, review::Column::Id));
    }
    query.order_by_asc(review::Column::DueTime).order_by_asc(review::Column::Id)
}

/// With a literal, as the partial indexes want it: a bound parameter could be any state.
fn is(state: ReviewState) -> Expr {
    Expr::col(review::Column::State).eq(Expr::cust(format!("'{state}'")))
}

fn is_waiting() -> Expr {
    Expr::col(review::Column::State).is_in(["'asked'", "'pending'"].map(Expr::cust))
}

/// How many reviews wait for a person, and how many of them past their deadline.
pub async fn count_open_reviews(
    connection: &impl ConnectionTrait,
    now: Timestamp,
) -> Result<(u64, u64), DbErr> {
    let open = || review::Entity::find().filter(is(ReviewState::Open));
    let all = open().count(connection).await?;
    let overdue = open().filter(review::Column::DueTime.lt(now.micros())).count(connection).await?;
    Ok((all, overdue))
}

/// How SQLite would run a query on this service's schema.
#[cfg(test)]
pub(super) async fn plan_of(query: impl sea_orm::QueryTrait) -> String {
    use sea_orm::{DbBackend, Statement};

    let folder = tempfile::tempdir().unwrap();
    let database = database::Database::open(folder.path().join("plan.db").as_path()).await.unwrap();
    database.migrate::<crate::store::migrations::Migrator>().await.unwrap();
    let Statement { sql, values, .. } = query.build(DbBackend::Sqlite);
    let explain =
        Statement { sql: format!("EXPLAIN QUERY PLAN {sql}"), values, db_backend: DbBackend::Sqlite };
    let rows = database.read().query_all_raw(explain).await.unwrap();
    let details = rows.iter().map(|row| row.try_get::<String>("", "detail").unwrap());
    details.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_queue_is_read_from_its_indexes_whatever_the_table_holds() {
        let after = Some(Cursor { time: Timestamp::EPOCH, id: Uuid::from_u128(1) });
        let free_for = Some((Person([1; 32]), Timestamp::EPOCH));
        for (state, only, index) in [
            (ReviewState::Open, None, "reviews_open_all"),
            (ReviewState::Open, Some(Access::Ordinary), "reviews_open_access"),
            (ReviewState::Asked, None, "reviews_waiting"),
            (ReviewState::Pending, Some(Access::Ordinary), "reviews_waiting"),
        ] {
            for (after, free_for) in [(None, None), (after, None), (after, free_for)] {
                let plan =
                    plan_of(query(Queue { state, only, sealed: after.is_some(), free_for }, after).limit(20))
                        .await;
                assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{state}: {plan}");
            }
        }
    }
}
