//! The facts of scores: counts that are moved by what changes, and summed over a period.

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Asterisk, Condition, Expr, OnConflict, Query, SelectStatement};
use sea_orm::{ConnectionTrait, DatabaseTransaction, ExprTrait as _, IntoSimpleExpr as _, QueryResult};
use time::Date;

use super::entities::fact::{Column, Entity};
use super::{ROWS, broken};
use crate::domain::period::{Period, Slot, Span};
use crate::domain::tally::{Cell, Dimension, Histogram, Ledger, Tally};

const KEYS: [Column; 4] = [Column::Dimension, Column::Span, Column::FirstDay, Column::Subject];

/// The counts in the order of [`counts`].
const COUNTS: [Column; 8] = [
    Column::Closed,
    Column::Asked,
    Column::Timed,
    Column::OnTime,
    Column::Satisfied,
    Column::Acceptable,
    Column::Unsatisfied,
    Column::Reopened,
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
        let before = add_counts(tx, rows).await?;
        replace_held(tx, rows, before).await?;
    }
    Ok(())
}

/// Moves the counts and thereby locks the rows; answers the histograms that they hold.
async fn add_counts(
    tx: &DatabaseTransaction,
    rows: &[(&Cell, &Tally)],
) -> Result<BTreeMap<Cell, Histogram>, DbErr> {
    let mut insert = Query::insert();
    insert.into_table(Entity).columns(KEYS.into_iter().chain(COUNTS).chain([Column::Held]));
    for (cell, tally) in rows {
        let counts = counts(tally).map(Expr::value);
        insert.values_panic(key(cell).into_iter().chain(counts).chain([Expr::value(Vec::<u8>::new())]));
    }
    let mut conflict = OnConflict::columns(KEYS);
    for count in COUNTS {
        conflict.value(count, Expr::col((Entity, count)).add(Expr::col(("excluded", count))));
    }
    insert
        .on_conflict(conflict)
        .returning(Query::returning().columns(KEYS.into_iter().chain([Column::Held])));
    let kept = tx.query_all(&insert).await?;
    kept.iter().map(|row| Ok((read_cell(row)?, read_held(row)?))).collect()
}

async fn replace_held(
    tx: &DatabaseTransaction,
    rows: &[(&Cell, &Tally)],
    mut before: BTreeMap<Cell, Histogram>,
) -> Result<(), DbErr> {
    let moved: Vec<_> = rows.iter().filter(|(_, tally)| tally.held != Histogram::default()).collect();
    if moved.is_empty() {
        return Ok(());
    }
    let mut insert = Query::insert();
    insert.into_table(Entity).columns(KEYS.into_iter().chain(COUNTS).chain([Column::Held]));
    for (cell, tally) in moved {
        let mut held = before.remove(*cell).unwrap_or_default();
        held.add_all(&tally.held, 1);
        let zeros = [0_i64; COUNTS.len()].map(Expr::value);
        insert.values_panic(key(cell).into_iter().chain(zeros).chain([Expr::value(pack(&held))]));
    }
    // Every row exists: only the conflict ever happens.
    insert.on_conflict(OnConflict::columns(KEYS).update_column(Column::Held).to_owned());
    tx.execute(&insert).await?;
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
    select.column(Column::Subject).column(Column::Held).from(Entity);
    within(&mut select, dimension, period);
    for row in connection.query_all(&select).await? {
        let subject: String = row.try_get("", Column::Subject.as_str())?;
        cells.entry(subject).or_default().held.add_all(&read_held(&row)?, 1);
    }
    Ok(cells)
}

async fn sum_counts(
    connection: &impl ConnectionTrait,
    dimension: Dimension,
    period: Period,
) -> Result<BTreeMap<String, Tally>, DbErr> {
    let mut select = Query::select();
    select.column(Column::Subject).from(Entity).group_by_col(Column::Subject);
    for count in COUNTS {
        select.expr_as(total(count), count);
    }
    within(&mut select, dimension, period);
    let rows = connection.query_all(&select).await?;
    rows.iter().map(|row| Ok((row.try_get("", "subject")?, read_counts(row)?))).collect()
}

fn read_counts(row: &QueryResult) -> Result<Tally, DbErr> {
    let count = |column: Column| row.try_get::<i64>("", column.as_str());
    Ok(Tally {
        closed: count(Column::Closed)?,
        asked: count(Column::Asked)?,
        timed: count(Column::Timed)?,
        on_time: count(Column::OnTime)?,
        satisfied: count(Column::Satisfied)?,
        acceptable: count(Column::Acceptable)?,
        unsatisfied: count(Column::Unsatisfied)?,
        reopened: count(Column::Reopened)?,
        ..Tally::default()
    })
}

/// Every fact that is kept.
pub async fn read_all(connection: &impl ConnectionTrait) -> Result<Ledger, DbErr> {
    let mut ledger = Ledger::default();
    for row in connection.query_all(Query::select().expr(Expr::col(Asterisk)).from(Entity)).await? {
        ledger.add(read_cell(&row)?, &Tally { held: read_held(&row)?, ..read_counts(&row)? });
    }
    Ok(ledger)
}

/// Bucket and count, five bytes each, big-endian.
fn pack(held: &Histogram) -> Vec<u8> {
    let bucket = |(bucket, count): (u8, i64)| {
        let count = u32::try_from(count).unwrap_or(0).to_be_bytes();
        [bucket, count[0], count[1], count[2], count[3]]
    };
    held.buckets().flat_map(bucket).collect()
}

fn read_held(row: &QueryResult) -> Result<Histogram, DbErr> {
    let packed: Vec<u8> = row.try_get("", Column::Held.as_str())?;
    let (buckets, rest) = packed.as_chunks::<5>();
    if !rest.is_empty() {
        return Err(broken("score_facts", "held"));
    }
    let mut held = Histogram::default();
    for [bucket, count @ ..] in buckets {
        held.add(*bucket, i64::from(u32::from_be_bytes(*count)));
    }
    Ok(held)
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
