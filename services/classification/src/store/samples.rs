//! Reports that people label without help, and counts of what the machine proposed.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ConnectionTrait, DatabaseTransaction, ExprTrait as _, QueryOrder as _, QuerySelect as _, Set};
use vocabulary::{Access, LeafCode, ReportId, Timestamp, Urgency};

use super::entities::{blind_label, classification, leaf_count, sample};
use super::rows;
use crate::domain::agreement::Proposals;
use crate::domain::person::Person;

/// A report that two people label without help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Its id, which says nothing of the report.
    pub id: Uuid,
    /// The report.
    pub report: ReportId,
    /// What the machine proposed.
    pub leaf: LeafCode,
    /// When it was chosen.
    pub time: Timestamp,
}

/// Adds reports to be labelled.
pub async fn insert_samples(tx: &DatabaseTransaction, samples: &[Sample]) -> Result<(), DbErr> {
    if samples.is_empty() {
        return Ok(());
    }
    let rows = samples.iter().map(|sample| sample::ActiveModel {
        id: Set(sample.id),
        report: Set(sample.report.0),
        leaf: Set(sample.leaf.as_str().to_owned()),
        sample_time: Set(sample.time.micros()),
        labels: Set(0),
    });
    sample::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

/// Reports looked at for one list of tasks: those that the person has labelled already are among them.
const LOOKED_AT: u64 = 400;

/// What a person can label: id and text, oldest first. Only what is ordinary now.
pub async fn blind_tasks(
    connection: &impl ConnectionTrait,
    person: Person,
    limit: usize,
) -> Result<Vec<(Uuid, String)>, DbErr> {
    let open =
        open_samples().order_by_asc(sample::Column::SampleTime).limit(LOOKED_AT).all(connection).await?;
    let done: BTreeSet<Uuid> = blind_label::Entity::find()
        .filter(blind_label::Column::Person.eq(person.0.to_vec()))
        .filter(blind_label::Column::Sample.is_in(open.iter().map(|row| row.id)))
        .all(connection)
        .await?
        .into_iter()
        .map(|row| row.sample)
        .collect();
    let mut texts: BTreeMap<Uuid, String> = BTreeMap::new();
    let ordinary = classification::Entity::find()
        .filter(classification::Column::Report.is_in(open.iter().map(|row| row.report)))
        .filter(classification::Column::Access.eq(Access::Ordinary.as_str()));
    for row in ordinary.all(connection).await? {
        let report = row.report;
        texts.insert(report, rows::classified(row, Vec::new())?.1.snapshot.text);
    }
    let todo = open.into_iter().filter(|row| !done.contains(&row.id));
    Ok(todo.filter_map(|row| Some((row.id, texts.remove(&row.report)?))).take(limit).collect())
}

/// With a literal, as the partial index wants it.
fn open_samples() -> Select<sample::Entity> {
    sample::Entity::find().filter(Expr::col(sample::Column::Labels).lt(Expr::cust("2")))
}

/// Adds a person's label to a report that still needs one and is ordinary now; answers whether it did.
pub async fn insert_blind_label(
    tx: &DatabaseTransaction,
    id: Uuid,
    person: Person,
    (leaf, urgency): (&LeafCode, Urgency),
    now: Timestamp,
) -> Result<bool, DbErr> {
    let found = open_samples().filter(sample::Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    let Some(row) = found else { return Ok(false) };
    let known = blind_label::Entity::find_by_id((id, person.0.to_vec())).one(tx).await?;
    let classified = classification::Entity::find_by_id(row.report).one(tx).await?;
    let ordinary = classified.is_some_and(|row| row.access == Access::Ordinary.as_str());
    if known.is_some() || !ordinary {
        return Ok(false);
    }
    let label = blind_label::ActiveModel {
        sample: Set(id),
        person: Set(person.0.to_vec()),
        leaf: Set(leaf.as_str().to_owned()),
        urgency: Set(urgency.as_str().to_owned()),
        label_time: Set(now.micros()),
    };
    blind_label::Entity::insert(label).exec_without_returning(tx).await?;
    sample::Entity::update_many()
        .filter(sample::Column::Id.eq(id))
        .col_expr(sample::Column::Labels, Expr::value(row.labels + 1))
        .exec(tx)
        .await?;
    Ok(true)
}

/// What two people and the machine said of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoubleLabel {
    /// Who came first.
    pub first: LeafCode,
    /// Who came second.
    pub second: LeafCode,
    /// The machine.
    pub machine: LeafCode,
}

/// Reports looked at for one comparison.
const COMPARED: u64 = 5_000;

/// The newest reports since an instant that two people have labelled.
pub async fn double_labels(
    connection: &impl ConnectionTrait,
    since: Timestamp,
) -> Result<Vec<DoubleLabel>, DbErr> {
    let samples = sample::Entity::find()
        .filter(sample::Column::SampleTime.gte(since.micros()))
        .filter(sample::Column::Labels.gte(2))
        .order_by_desc(sample::Column::SampleTime)
        .limit(COMPARED)
        .all(connection)
        .await?;
    let mut said: BTreeMap<Uuid, Vec<LeafCode>> = BTreeMap::new();
    let ids: Vec<Uuid> = samples.iter().map(|row| row.id).collect();
    for some in ids.chunks(500) {
        let labels = blind_label::Entity::find()
            .filter(blind_label::Column::Sample.is_in(some.iter().copied()))
            .order_by_asc(blind_label::Column::LabelTime);
        for row in labels.all(connection).await? {
            said.entry(row.sample).or_default().push(rows::word("leaf", &row.leaf)?);
        }
    }
    let mut pairs = Vec::with_capacity(samples.len());
    for row in samples {
        if let Some([first, second, ..]) = said.remove(&row.id).as_deref() {
            let machine = rows::word("leaf", &row.leaf)?;
            pairs.push(DoubleLabel { first: first.clone(), second: second.clone(), machine });
        }
    }
    Ok(pairs)
}

/// Counts what the machine proposed on a local day.
pub async fn add_proposals(tx: &DatabaseTransaction, day: i32, proposals: &Proposals) -> Result<(), DbErr> {
    if proposals.is_empty() {
        return Ok(());
    }
    let rows = proposals.iter().map(|(leaf, count)| leaf_count::ActiveModel {
        day: Set(day),
        leaf: Set(leaf.as_str().to_owned()),
        proposals: Set(i64::try_from(*count).unwrap_or(i64::MAX)),
    });
    let sum = Expr::col((leaf_count::Entity, leaf_count::Column::Proposals))
        .add(Expr::col(("excluded", leaf_count::Column::Proposals)));
    let conflict = OnConflict::columns([leaf_count::Column::Day, leaf_count::Column::Leaf])
        .value(leaf_count::Column::Proposals, sum)
        .to_owned();
    leaf_count::Entity::insert_many(rows).on_conflict(conflict).exec_without_returning(tx).await?;
    Ok(())
}

/// What the machine proposed from one local day to another, both included.
pub async fn proposals(connection: &impl ConnectionTrait, first: i32, last: i32) -> Result<Proposals, DbErr> {
    let rows = leaf_count::Entity::find()
        .filter(leaf_count::Column::Day.between(first, last))
        .all(connection)
        .await?;
    let mut proposals = Proposals::new();
    for row in rows {
        let count = proposals.entry(rows::word("leaf", &row.leaf)?).or_default();
        *count += u64::try_from(row.proposals).unwrap_or(0);
    }
    Ok(proposals)
}
