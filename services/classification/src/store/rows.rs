//! Rows ↔ domain. A row that is none of ours is an error, never a guess.

use std::str::FromStr;

use prost::Message as _;
use sea_orm::{DbErr, Set};
use vocabulary::{ReportId, ReviewId, Timestamp};

use super::Papers;
use super::entities::{classification, mark, review};
use crate::domain::assessment::Assessment;
use crate::domain::doubts::ReviewReason;
use crate::domain::review::{Classified, Marks, Objection, Review, ReviewState};

pub(super) fn classification_row(
    report: ReportId,
    classified: &Classified,
    papers: &Papers,
) -> classification::ActiveModel {
    let Classified { assessment, announced, since } = classified;
    classification::ActiveModel {
        report: Set(report.0),
        snapshot: Set(papers.snapshot.encode_to_vec()),
        suggestion: Set(papers.suggestion.encode_to_vec()),
        model_version: Set(papers.suggestion.model_version.clone()),
        leaf: Set(assessment.leaf.as_str().to_owned()),
        scope: Set(assessment.scope.as_str().to_owned()),
        urgency: Set(assessment.urgency.as_str().to_owned()),
        access: Set(assessment.access.as_str().to_owned()),
        confidence: Set(assessment.confidence),
        decided_by_person: Set(assessment.by_person),
        announced: Set(*announced),
        decide_time: Set(since.micros()),
    }
}

pub(super) fn classified(row: classification::Model) -> Result<(Classified, Papers), DbErr> {
    let papers = Papers {
        snapshot: decode("snapshot", &row.snapshot)?,
        suggestion: decode("suggestion", &row.suggestion)?,
    };
    let assessment = Assessment {
        leaf: word("leaf", &row.leaf)?,
        scope: word("scope", &row.scope)?,
        urgency: word("urgency", &row.urgency)?,
        access: word("access", &row.access)?,
        confidence: row.confidence,
        by_person: row.decided_by_person,
    };
    let since = Timestamp::from_micros(row.decide_time);
    Ok((Classified { assessment, announced: row.announced, since }, papers))
}

pub(super) fn mark_row(report: ReportId, marks: &Marks) -> mark::ActiveModel {
    let objection = marks.objection.as_ref();
    mark::ActiveModel {
        report: Set(report.0),
        withdrawn: Set(marks.withdrawn),
        objection_sequence: Set(objection.map(|(sequence, _)| *sequence)),
        objection: Set(objection.map(|(_, objection)| objection.reason().as_str().to_owned())),
        objection_note: Set(objection.map(|(_, objection)| objection.note().to_owned())),
    }
}

pub(super) fn marks(row: mark::Model) -> Result<Marks, DbErr> {
    let objection = match (row.objection_sequence, row.objection) {
        (Some(sequence), Some(word)) => {
            Some((sequence, objection(&word, row.objection_note.unwrap_or_default())?))
        }
        _ => None,
    };
    Ok(Marks { withdrawn: row.withdrawn, objection })
}

fn objection(word: &str, note: String) -> Result<Objection, DbErr> {
    let known = [Objection::HandedBack(note), Objection::OutsideProvince, Objection::NoMatrixRow];
    known
        .into_iter()
        .find(|objection| objection.reason().as_str() == word)
        .ok_or_else(|| foreign("objection"))
}

pub(super) fn review_row(report: ReportId, review: &Review) -> review::ActiveModel {
    let words: Vec<&str> = review.reasons.iter().map(|reason| reason.as_str()).collect();
    let proposal = &review.proposal;
    review::ActiveModel {
        id: Set(review.id.0),
        report: Set(report.0),
        state: Set(review.state.as_str().to_owned()),
        reasons: Set(words.join(" ")),
        note: Set(review.note.clone()),
        leaf: Set(proposal.leaf.as_str().to_owned()),
        scope: Set(proposal.scope.as_str().to_owned()),
        urgency: Set(proposal.urgency.as_str().to_owned()),
        access: Set(proposal.access.as_str().to_owned()),
        confidence: Set(proposal.confidence),
        decided_by_person: Set(proposal.by_person),
        due_time: Set(review.due_time.micros()),
        create_time: Set(review.create_time.micros()),
        version: Set(review.version),
    }
}

pub(super) fn review(row: review::Model) -> Result<Review, DbErr> {
    let reason = |word: &str| word.parse::<ReviewReason>().map_err(|_| foreign("reasons"));
    Ok(Review {
        id: ReviewId(row.id),
        state: ReviewState::parse(&row.state).ok_or_else(|| foreign("state"))?,
        proposal: Assessment {
            leaf: word("leaf", &row.leaf)?,
            scope: word("scope", &row.scope)?,
            urgency: word("urgency", &row.urgency)?,
            access: word("access", &row.access)?,
            confidence: row.confidence,
            by_person: row.decided_by_person,
        },
        reasons: row.reasons.split_whitespace().map(reason).collect::<Result<_, _>>()?,
        note: row.note,
        due_time: Timestamp::from_micros(row.due_time),
        create_time: Timestamp::from_micros(row.create_time),
        version: row.version,
    })
}

fn word<T: FromStr>(column: &str, word: &str) -> Result<T, DbErr> {
    word.parse().map_err(|_| foreign(column))
}

fn decode<M: prost::Message + Default>(column: &str, bytes: &[u8]) -> Result<M, DbErr> {
    M::decode(bytes).map_err(|_| foreign(column))
}

fn foreign(column: &str) -> DbErr {
    DbErr::Type(format!("the column {column} holds what no version of this service has written"))
}
