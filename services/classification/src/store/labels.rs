//! Labels: added, never changed.

use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, DatabaseTransaction, QuerySelect as _, Set};
use vocabulary::{ReportId, ReviewId};

use super::Papers;
use super::entities::label;
use crate::domain::assessment::{Disposition, Verdict};
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
