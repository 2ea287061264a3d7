//! Reports by place, by words, and by both: what is looked at for one question is bounded, whatever the table holds.

use std::collections::{BTreeMap, BTreeSet};

use contract::event::v1::ReportSnapshot;
use database::is_among;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, LikeExpr};
use sea_orm::{ConnectionTrait, DatabaseTransaction, ExprTrait as _, QueryOrder as _, QuerySelect as _};
use vocabulary::{Access, ReportId, Timestamp};

use super::entities::{classification, mark, review};
use super::photos::reports_with;
use super::queries::is_live;
use super::rows;
use crate::domain::case::Classified;
use crate::domain::similar::{BANDS, PhotoHash};

/// Reports looked at in one square, in one band, and with the same photos.
const IN_SQUARE: u64 = 60;
const IN_BAND: u64 = 30;
const WITH_PHOTOS: u64 = 30;
/// Reports whose words are looked at for one page of a search.
const SEARCHED: u64 = 5_000;

/// A report that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The report.
    pub report: ReportId,
    /// What is in force.
    pub classified: Classified,
    /// As it was sent.
    pub snapshot: ReportSnapshot,
    /// Whether its matter is settled.
    pub closed: bool,
}

/// A report that may be similar.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The report.
    pub found: Found,
    /// Whether its reporter took it back.
    pub withdrawn: bool,
    /// Whether it waits for a person or an answer.
    pub waits: bool,
}

/// The newest reports of these squares and bands, or with these photos, since an instant.
pub async fn candidates(
    connection: &impl ConnectionTrait,
    squares: &[i64],
    bands: Option<[i64; BANDS]>,
    photos: &[PhotoHash],
    since: Timestamp,
) -> Result<Vec<Candidate>, DbErr> {
    use classification::Column as C;
    let columns = [C::BandA, C::BandB, C::BandC, C::BandD];
    let by_square = squares.iter().map(|square| (C::Square, *square, IN_SQUARE));
    let by_band =
        columns.into_iter().zip(bands.into_iter().flatten()).map(|(column, key)| (column, key, IN_BAND));
    let mut found: BTreeMap<Uuid, classification::Model> = BTreeMap::new();
    for (column, key, limit) in by_square.chain(by_band) {
        for row in of_key(column, key, since).limit(limit).all(connection).await? {
            found.insert(row.report, row);
        }
    }
    let with_photos = reports_with(connection, photos, WITH_PHOTOS).await?;
    if !with_photos.is_empty() {
        let rows = classification::Entity::find()
            .filter(is_among(connection, classification::Column::Report, with_photos))
            .filter(classification::Column::SentTime.gte(since.micros()));
        found.extend(rows.all(connection).await?.into_iter().map(|row| (row.report, row)));
    }
    let reports: Vec<Uuid> = found.keys().copied().collect();
    let withdrawn: BTreeSet<Uuid> = mark::Entity::find()
        .filter(is_among(connection, mark::Column::Report, reports.iter().copied()))
        .filter(mark::Column::Withdrawn.eq(true))
        .all(connection)
        .await?
        .into_iter()
        .map(|row| row.report)
        .collect();
    let waiting: Vec<Uuid> = review::Entity::find()
        .select_only()
        .column(review::Column::Report)
        .filter(is_among(connection, review::Column::Report, reports))
        .filter(is_live())
        .into_tuple()
        .all(connection)
        .await?;
    let candidate = |row: classification::Model| {
        let (is_withdrawn, waits) = (withdrawn.contains(&row.report), waiting.contains(&row.report));
        Ok(Candidate { found: to_found(row)?, withdrawn: is_withdrawn, waits })
    };
    found.into_values().map(candidate).collect()
}

fn to_found(row: classification::Model) -> Result<Found, DbErr> {
    let (report, closed) = (ReportId(row.report), row.closed_round > row.reopened_round);
    let (classified, papers) = rows::classified(row, Vec::new())?;
    Ok(Found { report, classified, snapshot: papers.snapshot, closed })
}

fn of_key(column: classification::Column, key: i64, since: Timestamp) -> Select<classification::Entity> {
    classification::Entity::find()
        .filter(column.eq(key))
        .filter(classification::Column::SentTime.gte(since.micros()))
        .order_by_desc(classification::Column::SentTime)
}

/// One page of a search, and from which report on the next one goes.
pub async fn search(
    connection: &impl ConnectionTrait,
    patterns: &[String],
    only: Option<Access>,
    before: Option<ReportId>,
    limit: u64,
) -> Result<(Vec<Found>, Option<ReportId>), DbErr> {
    use classification::Column as C;
    let older = |query: Select<classification::Entity>| match before {
        Some(before) => query.filter(C::Report.lt(before.0)),
        None => query,
    };
    let last: Option<Uuid> = older(classification::Entity::find())
        .select_only()
        .column(C::Report)
        .order_by_desc(C::Report)
        .offset(SEARCHED - 1)
        .limit(1)
        .into_tuple()
        .one(connection)
        .await?;
    let mut query = older(classification::Entity::find());
    if let Some(last) = last {
        query = query.filter(C::Report.gte(last));
    }
    if let Some(access) = only {
        query = query.filter(C::Access.eq(access.as_str()));
    }
    for pattern in patterns {
        query = query.filter(Expr::col(C::Folded).like(LikeExpr::new(pattern).escape('\\')));
    }
    let mut rows = query.order_by_desc(C::Report).limit(limit + 1).all(connection).await?;
    let more = rows.len() as u64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = match rows.last() {
        Some(row) if more => Some(row.report),
        Some(_) | None => last,
    };
    let found = rows.into_iter().map(to_found).collect::<Result<_, DbErr>>()?;
    Ok((found, next.map(ReportId)))
}

/// What ended or was taken up again of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// The matter was settled in this round.
    Closed(i32),
    /// What was settled in this round was not enough.
    Reopened(i32),
}

/// Notes what ended or was taken up again, in whatever order it is told.
pub async fn note_turns(
    tx: &DatabaseTransaction,
    turns: &BTreeMap<Turn, Vec<ReportId>>,
) -> Result<(), DbErr> {
    for (turn, reports) in turns {
        let (column, round) = match turn {
            Turn::Closed(round) => (classification::Column::ClosedRound, *round),
            Turn::Reopened(round) => (classification::Column::ReopenedRound, *round),
        };
        classification::Entity::update_many()
            .filter(is_among(tx, classification::Column::Report, reports.iter().map(|report| report.0)))
            .filter(column.lt(round))
            .col_expr(column, Expr::value(round))
            .exec(tx)
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::queue::plan_of;

    #[tokio::test]
    async fn candidates_are_read_newest_first_from_an_index() {
        use classification::Column as C;
        for (column, index) in [(C::Square, "classifications_square"), (C::BandC, "classifications_band_c")] {
            let plan = plan_of(of_key(column, 7, Timestamp::EPOCH).limit(10)).await;
            assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{plan}");
        }
    }
}
