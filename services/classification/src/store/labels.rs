//! Labels and what is said of them: added, never changed.

use std::collections::{BTreeMap, BTreeSet};

use database::Cursor;
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryOrder as _, QuerySelect as _, Set};
use vocabulary::{Access, LeafCode, ReportId, ReviewId, Timestamp, Urgency};

use super::entities::{classification, label, label_mark};
use super::papers::Papers;
use super::{papers, rows};
use crate::domain::assessment::{DecisionKind, Disposition, Verdict};
use crate::domain::labels::{Mark, Marked};
use crate::domain::person::Person;

/// What a person decided about a report.
#[derive(Debug)]
pub struct Label {
    /// Fresh id of the row.
    pub id: Uuid,
    /// The report.
    pub report: ReportId,
    /// The review.
    pub review: ReviewId,
    /// What was decided, by whom and when.
    pub verdict: Verdict,
    /// Whether the next training must not see it.
    pub not_for_training: bool,
}

/// Adds labels beside what the machine had proposed.
pub async fn insert_labels(tx: &DatabaseTransaction, labels: Vec<(Label, Papers)>) -> Result<(), DbErr> {
    if labels.is_empty() {
        return Ok(());
    }
    let rows = labels.into_iter().map(to_row).collect::<Result<Vec<_>, DbErr>>()?;
    label::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

fn to_row((label, papers): (Label, Papers)) -> Result<label::ActiveModel, DbErr> {
    let suggested = papers.suggestion();
    let urgency = crate::words::parse_urgency(suggested.urgency).ok().flatten();
    let urgency = urgency.ok_or_else(|| DbErr::Type("a suggestion without urgency".to_owned()))?;
    let Verdict { kind, ruling, by, time } = label.verdict;
    let taken = ruling.disposition != Disposition::Reject;
    Ok(label::ActiveModel {
        id: Set(label.id),
        report: Set(label.report.0),
        review: Set(label.review.0),
        suggested_leaf: Set(suggested.leaf.clone()),
        suggested_urgency: Set(urgency.as_str().to_owned()),
        decision: Set(kind.as_str().to_owned()),
        decided_leaf: Set(taken.then(|| ruling.assessment.leaf.as_str().to_owned())),
        decided_urgency: Set(ruling.assessment.urgency.as_str().to_owned()),
        decided_by: Set(by.0.to_vec()),
        decide_time: Set(time.micros()),
        model_version: Set(suggested.model_version.clone()),
        not_for_training: Set(label.not_for_training),
    })
}

/// Whether a person has decided about a report, in a decision that took effect.
pub async fn has_decided(
    connection: &impl ConnectionTrait,
    person: Person,
    report: ReportId,
) -> Result<bool, DbErr> {
    let found: Option<Uuid> = label::Entity::find()
        .select_only()
        .column(label::Column::Id)
        .filter(label::Column::Report.eq(report.0))
        .filter(label::Column::DecidedBy.eq(person.0.to_vec()))
        .into_tuple()
        .one(connection)
        .await?;
    Ok(found.is_some())
}

/// Who says something of a label, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMark {
    /// Fresh id of the row.
    pub id: Uuid,
    /// What.
    pub mark: Mark,
    /// Who; none for an agency.
    pub person: Option<Person>,
    /// Why; may be empty.
    pub reason: String,
    /// When.
    pub time: Timestamp,
}

/// Says something of a label.
pub async fn insert_mark(tx: &DatabaseTransaction, label: Uuid, mark: NewMark) -> Result<(), DbErr> {
    label_mark::Entity::insert(mark_row(label, mark)).exec_without_returning(tx).await?;
    Ok(())
}

fn mark_row(label: Uuid, mark: NewMark) -> label_mark::ActiveModel {
    label_mark::ActiveModel {
        id: Set(mark.id),
        label: Set(label),
        mark: Set(mark.mark.as_str().to_owned()),
        person: Set(mark.person.map(|person| person.0.to_vec())),
        reason: Set(mark.reason),
        mark_time: Set(mark.time.micros()),
    }
}

/// Says something of the last label of each of these reports, where there is one.
pub async fn mark_last(tx: &DatabaseTransaction, marks: Vec<(ReportId, NewMark)>) -> Result<(), DbErr> {
    if marks.is_empty() {
        return Ok(());
    }
    let reports = marks.iter().map(|(report, _)| report.0).collect::<BTreeSet<_>>();
    let last: BTreeMap<Uuid, Uuid> = label::Entity::find()
        .filter(label::Column::Report.is_in(reports))
        .order_by_asc(label::Column::DecideTime)
        .order_by_asc(label::Column::Id)
        .all(tx)
        .await?
        .into_iter()
        .map(|row| (row.report, row.id))
        .collect();
    let rows: Vec<_> =
        marks.into_iter().filter_map(|(report, mark)| Some(mark_row(*last.get(&report.0)?, mark))).collect();
    if !rows.is_empty() {
        label_mark::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// A label as it is stored, with everything that belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelRecord {
    /// Its id.
    pub id: Uuid,
    /// The report.
    pub report: ReportId,
    /// Leaf that the machine had proposed.
    pub suggested_leaf: LeafCode,
    /// Urgency that the machine had proposed.
    pub suggested_urgency: Urgency,
    /// By which action.
    pub decision: DecisionKind,
    /// None when the report was not taken.
    pub leaf: Option<LeafCode>,
    /// Urgency after the decision.
    pub urgency: Urgency,
    /// Who decided.
    pub decided_by: Person,
    /// When.
    pub decide_time: Timestamp,
    /// Version of the model that proposed.
    pub model_version: String,
    /// Whether training must not see it unless that was approved.
    pub not_for_training: bool,
    /// Whether no later decision was made about the report.
    pub is_last: bool,
    /// Who may see the report now.
    pub access: Access,
    /// The report.
    pub papers: Papers,
    /// What was said of it, oldest first.
    pub marks: Vec<(Marked, Option<Person>, String)>,
}

/// Labels older than `before`, newest first.
pub async fn list_labels(
    connection: &impl ConnectionTrait,
    before: Option<Cursor>,
    limit: u64,
) -> Result<Vec<LabelRecord>, DbErr> {
    let mut query = label::Entity::find();
    if let Some(cursor) = before {
        query = query.filter(cursor.before(label::Column::DecideTime, label::Column::Id));
    }
    let newest = query.order_by_desc(label::Column::DecideTime).order_by_desc(label::Column::Id).limit(limit);
    complete(connection, newest.all(connection).await?).await
}

/// One label.
pub async fn find_label(connection: &impl ConnectionTrait, id: Uuid) -> Result<Option<LabelRecord>, DbErr> {
    let row = label::Entity::find_by_id(id).one(connection).await?;
    Ok(complete(connection, row.into_iter().collect()).await?.pop())
}

async fn complete(
    connection: &impl ConnectionTrait,
    labels: Vec<label::Model>,
) -> Result<Vec<LabelRecord>, DbErr> {
    if labels.is_empty() {
        return Ok(Vec::new());
    }
    let reports: BTreeSet<Uuid> = labels.iter().map(|row| row.report).collect();
    let classifications = classification::Entity::find()
        .filter(classification::Column::Report.is_in(reports.iter().copied()))
        .all(connection)
        .await?;
    let papers = papers::read(connection, classifications).await?;
    let mut last: BTreeMap<Uuid, (i64, Uuid)> = BTreeMap::new();
    for row in label::Entity::find().filter(label::Column::Report.is_in(reports)).all(connection).await? {
        let newest = last.entry(row.report).or_default();
        *newest = (*newest).max((row.decide_time, row.id));
    }
    let mut marks: BTreeMap<Uuid, Vec<_>> = BTreeMap::new();
    let said = label_mark::Entity::find()
        .filter(label_mark::Column::Label.is_in(labels.iter().map(|row| row.id)))
        .order_by_asc(label_mark::Column::MarkTime)
        .order_by_asc(label_mark::Column::Id);
    for row in said.all(connection).await? {
        marks.entry(row.label).or_default().push(to_mark(row)?);
    }
    let mut records = Vec::with_capacity(labels.len());
    for row in labels {
        let Some((classified, papers)) = papers.get(&row.report) else { continue };
        let is_last = last.get(&row.report) == Some(&(row.decide_time, row.id));
        let marks = marks.remove(&row.id).unwrap_or_default();
        records.push(LabelRecord {
            id: row.id,
            report: ReportId(row.report),
            suggested_leaf: rows::word("suggested_leaf", &row.suggested_leaf)?,
            suggested_urgency: rows::word("suggested_urgency", &row.suggested_urgency)?,
            decision: rows::word("decision", &row.decision)?,
            leaf: row.decided_leaf.map(|leaf| rows::word("decided_leaf", &leaf)).transpose()?,
            urgency: rows::word("decided_urgency", &row.decided_urgency)?,
            decided_by: rows::person("decided_by", &row.decided_by)?,
            decide_time: Timestamp::from_micros(row.decide_time),
            model_version: row.model_version,
            not_for_training: row.not_for_training,
            is_last,
            access: classified.assessment.access,
            papers: papers.clone(),
            marks,
        });
    }
    Ok(records)
}

fn to_mark(row: label_mark::Model) -> Result<(Marked, Option<Person>, String), DbErr> {
    let mark = rows::word("mark", &row.mark)?;
    let person = row.person.map(|person| rows::person("person", &person)).transpose()?;
    Ok((Marked { mark, time: Timestamp::from_micros(row.mark_time) }, person, row.reason))
}
