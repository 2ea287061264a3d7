//! The facts of scores: counts that are moved by what changes, and summed over a period.

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Asterisk, Condition, Expr, OnConflict, Query, SelectStatement};
use sea_orm::{ConnectionTrait, DatabaseTransaction, ExprTrait as _, IntoSimpleExpr as _, QueryResult};
use time::Date;

use super::entities::{fact, held};
use super::{ROWS, broken};
use crate::domain::period::{Period, Slot, Span};
use crate::domain::tally::{Cell, Dimension, Ledger, Tally};

/// The counts in the order of [`counts`].
const COUNTS: [fact::Column; 8] = [
    fact::Column::Closed,
    fact::Column::Asked,
    fact::Column::Timed,
    fact::Column::OnTime,
    fact::Column::Satisfied,
    fact::Column::Acceptable,
    fact::Column::Unsatisfied,
    fact::Column::Reopened,
];

fn counts(tally: &Tally) -> [i64; 8] {
    [
        tally.closed,
        tally.asked,
        tally.timed,
        tally.on_time,
        tally.satisfied,
        tally.acceptable,
        tally.unsatisfied,
        tally.reopened,
    ]
}

/// Adds the changes to what is kept: two statements, however many changes (per 400 rows).
pub async fn apply(tx: &DatabaseTransaction, ledger: &Ledger) -> Result<(), DbErr> {
    let changes: Vec<(&Cell, &Tally)> = ledger.changes().collect();
    for rows in changes.chunks(ROWS) {
        apply_counts(tx, rows).await?;
    }
    let held: Vec<(&Cell, i16, i64)> = changes
        .iter()
        .flat_map(|(cell, tally)| tally.held.buckets().map(move |(bucket, count)| (*cell, bucket, count)))
        .collect();
    for rows in held.chunks(ROWS) {
        apply_held(tx, rows).await?;
    }
    Ok(())
}

async fn apply_counts(tx: &DatabaseTransaction, rows: &[(&Cell, &Tally)]) -> Result<(), DbErr> {
    use fact::Column;
    let keys = [Column::Dimension, Column::Span, Column::FirstDay, Column::Subject];
    let mut insert = Query::insert();
    insert.into_table(fact::Entity).columns(keys.into_iter().chain(COUNTS));
    for (cell, tally) in rows {
        insert.values_panic(key(cell).into_iter().chain(counts(tally).map(Expr::value)));
    }
    let mut conflict = OnConflict::columns(keys);
    for count in COUNTS {
        conflict.value(count, Expr::col((fact::Entity, count)).add(Expr::col(("excluded", count))));
    }
    tx.execute(insert.on_conflict(conflict)).await?;
    Ok(())
}

async fn apply_held(tx: &DatabaseTransaction, rows: &[(&Cell, i16, i64)]) -> Result<(), DbErr> {
    use held::Column;
    let keys = [Column::Dimension, Column::Span, Column::FirstDay, Column::Subject, Column::Bucket];
    let mut insert = Query::insert();
    insert.into_table(held::Entity).columns(keys.into_iter().chain([Column::Count]));
    for (cell, bucket, count) in rows {
        insert.values_panic(
            key(cell).into_iter().chain([Expr::value(i32::from(*bucket)), Expr::value(*count)]),
        );
    }
    let mut conflict = OnConflict::columns(keys);
    let sum = Expr::col((held::Entity, Column::Count)).add(Expr::col(("excluded", Column::Count)));
    conflict.value(Column::Count, sum);
    tx.execute(insert.on_conflict(conflict)).await?;
    Ok(())
}

fn key(cell: &Cell) -> [Expr; 4] {
    [
        Expr::value(cell.dimension.as_str()),
        Expr::value(cell.slot.span.as_str()),
        Expr::value(cell.slot.first_day.to_julian_day()),
        Expr::value(cell.subject.as_str()),
    ]
}

/// The counts of every subject of a dimension over a period.
pub async fn sum(
    connection: &impl ConnectionTrait,
    dimension: Dimension,
    period: Period,
) -> Result<BTreeMap<String, Tally>, DbErr> {
    let mut cells = sum_counts(connection, dimension, period).await?;
    let mut select = Query::select();
    select
        .column(held::Column::Subject)
        .column(held::Column::Bucket)
        .expr_as(total(held::Column::Count), held::Column::Count)
        .from(held::Entity)
        .group_by_columns([held::Column::Subject, held::Column::Bucket]);
    within(&mut select, dimension, period);
    for row in connection.query_all(&select).await? {
        let bucket: i32 = row.try_get("", "bucket")?;
        let cell = cells.entry(row.try_get("", "subject")?).or_default();
        cell.held.add(i16::try_from(bucket).unwrap_or(i16::MAX), row.try_get("", "count")?);
    }
    Ok(cells)
}

async fn sum_counts(
    connection: &impl ConnectionTrait,
    dimension: Dimension,
    period: Period,
) -> Result<BTreeMap<String, Tally>, DbErr> {
    let mut select = Query::select();
    select.column(fact::Column::Subject).from(fact::Entity).group_by_col(fact::Column::Subject);
    for count in COUNTS {
        select.expr_as(total(count), count);
    }
    within(&mut select, dimension, period);
    let rows = connection.query_all(&select).await?;
    rows.iter().map(|row| Ok((row.try_get("", "subject")?, read_counts(row)?))).collect()
}

fn read_counts(row: &QueryResult) -> Result<Tally, DbErr> {
    let count = |column: fact::Column| row.try_get::<i64>("", column.as_str());
    Ok(Tally {
        closed: count(fact::Column::Closed)?,
        asked: count(fact::Column::Asked)?,
        timed: count(fact::Column::Timed)?,
        on_time: count(fact::Column::OnTime)?,
        satisfied: count(fact::Column::Satisfied)?,
        acceptable: count(fact::Column::Acceptable)?,
        unsatisfied: count(fact::Column::Unsatisfied)?,
        reopened: count(fact::Column::Reopened)?,
        ..Tally::default()
    })
}

/// Every fact that is kept.
pub async fn read_all(connection: &impl ConnectionTrait) -> Result<Ledger, DbErr> {
    let mut ledger = Ledger::default();
    for row in connection.query_all(Query::select().expr(Expr::col(Asterisk)).from(fact::Entity)).await? {
        ledger.add(read_cell(&row)?, &read_counts(&row)?);
    }
    for row in connection.query_all(Query::select().expr(Expr::col(Asterisk)).from(held::Entity)).await? {
        let mut tally = Tally::default();
        let bucket: i32 = row.try_get("", "bucket")?;
        tally.held.add(i16::try_from(bucket).unwrap_or(i16::MAX), row.try_get("", "count")?);
        ledger.add(read_cell(&row)?, &tally);
    }
    Ok(ledger)
}

fn read_cell(row: &QueryResult) -> Result<Cell, DbErr> {
    let wrong = |column| broken("score_facts", column);
    let (dimension, span): (String, String) = (row.try_get("", "dimension")?, row.try_get("", "span")?);
    let first_day = Date::from_julian_day(row.try_get("", "first_day")?).map_err(|_| wrong("first_day"))?;
    Ok(Cell {
        dimension: Dimension::parse(&dimension).ok_or_else(|| wrong("dimension"))?,
        slot: Slot { span: Span::parse(&span).ok_or_else(|| wrong("span"))?, first_day },
        subject: row.try_get("", "subject")?,
    })
}

/// PostgreSQL sums big integers to a decimal; the sum is taken back to what it is.
fn total(column: impl ColumnTrait) -> Expr {
    column.into_simple_expr().sum().cast_as("bigint")
}

/// Both tables have the same key columns.
fn within(select: &mut SelectStatement, dimension: Dimension, period: Period) {
    let mut slots = Condition::any();
    for (span, days) in period.slots() {
        slots = slots.add(
            Condition::all()
                .add(Expr::col("dimension").eq(dimension.as_str()))
                .add(Expr::col("span").eq(span.as_str()))
                .add(Expr::col("first_day").gte(days.start.to_julian_day()))
                .add(Expr::col("first_day").lt(days.end.to_julian_day())),
        );
    }
    select.cond_where(slots);
}
