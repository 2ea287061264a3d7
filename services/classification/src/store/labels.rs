//! Labels: added, never changed.

use sea_orm::entity::prelude::*;
use sea_orm::{DatabaseTransaction, Set};
use vocabulary::{LeafCode, ReportId, ReviewId, Timestamp, Urgency};

use super::Papers;
use super::entities::label;

/// What a person decided about a report.
#[derive(Debug)]
pub struct Label<'a> {
    /// Fresh id of the row.
    pub id: Uuid,
    /// The report.
    pub report: ReportId,
    /// The review.
    pub review: ReviewId,
    /// Word of the decision.
    pub decision: &'static str,
    /// None when the report was not taken.
    pub leaf: Option<&'a LeafCode>,
    /// How dangerous, after the decision.
    pub urgency: Urgency,
    /// Whether the next training must not see it.
    pub not_for_training: bool,
    /// Digest of the person.
    pub decided_by: [u8; 32],
    /// When.
    pub decide_time: Timestamp,
}

/// Adds a label beside what the machine had proposed.
pub async fn insert_label(tx: &DatabaseTransaction, label: Label<'_>, papers: &Papers) -> Result<(), DbErr> {
    let suggested = &papers.suggestion;
    let urgency = crate::words::parse_urgency(suggested.urgency).ok().flatten();
    let urgency = urgency.ok_or_else(|| DbErr::Type("a suggestion without urgency".to_owned()))?;
    let row = label::ActiveModel {
        id: Set(label.id),
        report: Set(label.report.0),
        review: Set(label.review.0),
        suggested_leaf: Set(suggested.leaf.clone()),
        suggested_urgency: Set(urgency.as_str().to_owned()),
        decision: Set(label.decision.to_owned()),
        decided_leaf: Set(label.leaf.map(|leaf| leaf.as_str().to_owned())),
        decided_urgency: Set(label.urgency.as_str().to_owned()),
        decided_by: Set(label.decided_by.to_vec()),
        decide_time: Set(label.decide_time.micros()),
        model_version: Set(suggested.model_version.clone()),
        not_for_training: Set(label.not_for_training),
    };
    label::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}
