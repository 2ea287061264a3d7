//! What the machine was given and what it proposed.

use std::collections::BTreeMap;

use contract::classification::v1::Suggestion;
use contract::event::v1::ReportSnapshot;
use prost::Message as _;
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryOrder as _, Set};
use vocabulary::{Point, ReportId, Timestamp};

use super::entities::{answer, classification};
use super::rows;
use crate::domain::case::Classified;

/// A report as it came, and what the machine made of it. What is there never changes; answers are added.
#[derive(Debug, Clone, PartialEq)]
pub struct Papers {
    /// The report as its reporter sent it.
    pub snapshot: ReportSnapshot,
    /// The machine's proposal for it.
    pub first_suggestion: Suggestion,
    /// What the reporter added when asked, in order.
    pub answers: Vec<Answer>,
}

/// What a reporter added, and what the machine proposes since.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Number among intake's events about the report.
    pub sequence: i64,
    /// The words.
    pub text: String,
    /// The proposal for everything that was said until then.
    pub suggestion: Suggestion,
    /// When.
    pub provide_time: Timestamp,
}

impl Papers {
    /// What the machine proposes for everything that was said.
    pub fn suggestion(&self) -> &Suggestion {
        self.answers.last().map_or(&self.first_suggestion, |answer| &answer.suggestion)
    }

    /// When the reporter sent it.
    pub fn sent(&self) -> Option<Timestamp> {
        sent(&self.snapshot)
    }

    /// Where it lies.
    pub fn point(&self) -> Option<Point> {
        point(&self.snapshot)
    }

    /// Everything that was said, each answer after an empty line.
    pub fn text(&self) -> String {
        let answers = self.answers.iter().map(|answer| answer.text.as_str());
        std::iter::once(self.snapshot.text.as_str()).chain(answers).collect::<Vec<_>>().join("\n\n")
    }
}

/// When a report was sent.
pub fn sent(snapshot: &ReportSnapshot) -> Option<Timestamp> {
    runtime::wire::parse_timestamp("create_time", snapshot.create_time).ok()
}

/// Where a report lies.
pub fn point(snapshot: &ReportSnapshot) -> Option<Point> {
    let point = snapshot.location.as_ref()?.point?;
    Point::parse(point.latitude, point.longitude).ok()
}

/// The classifications in force of reports, with their papers.
pub(super) async fn read(
    connection: &impl ConnectionTrait,
    classifications: Vec<classification::Model>,
) -> Result<BTreeMap<Uuid, (Classified, Papers)>, DbErr> {
    let mut answers: BTreeMap<Uuid, Vec<Answer>> = BTreeMap::new();
    if !classifications.is_empty() {
        let reports = classifications.iter().map(|row| row.report);
        let rows = answer::Entity::find()
            .filter(answer::Column::Report.is_in(reports))
            .order_by_asc(answer::Column::Sequence)
            .all(connection)
            .await?;
        for row in rows {
            answers.entry(row.report).or_default().push(Answer {
                sequence: row.sequence,
                suggestion: rows::decode("suggestion", &row.suggestion)?,
                text: row.text,
                provide_time: Timestamp::from_micros(row.provide_time),
            });
        }
    }
    let with_answers = |row: classification::Model| {
        let report = row.report;
        Ok((report, rows::classified(row, answers.remove(&report).unwrap_or_default())?))
    };
    classifications.into_iter().map(with_answers).collect()
}

/// The classification in force of a report.
pub async fn find_classification(
    connection: &impl ConnectionTrait,
    report: ReportId,
) -> Result<Option<(Classified, Papers)>, DbErr> {
    let row = classification::Entity::find_by_id(report.0).one(connection).await?;
    Ok(read(connection, row.into_iter().collect()).await?.remove(&report.0))
}

/// Adds what reporters have answered.
pub async fn insert_answers(tx: &DatabaseTransaction, answers: &[(ReportId, Answer)]) -> Result<(), DbErr> {
    if answers.is_empty() {
        return Ok(());
    }
    let rows = answers.iter().map(|(report, answer)| answer::ActiveModel {
        report: Set(report.0),
        sequence: Set(answer.sequence),
        text: Set(answer.text.clone()),
        suggestion: Set(answer.suggestion.encode_to_vec()),
        provide_time: Set(answer.provide_time.micros()),
    });
    answer::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}
