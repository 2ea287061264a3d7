//! Rows ↔ domain. A row that is none of ours is an error, never a guess.

use std::str::FromStr;

use prost::Message as _;
use sea_orm::{DbErr, Set};
use vocabulary::{ReportId, ReviewId, Timestamp};

use super::entities::{classification, mark, review};
use super::{Answer, Papers};
use crate::domain::assessment::{Assessment, Verdict};
use crate::domain::case::{Classified, Marks, Objection};
use crate::domain::doubts::ReviewReason;
use crate::domain::person::Person;
use crate::domain::review::{Lease, Review};
use crate::domain::similar::{WordSet, square};
use crate::domain::text::Text;

pub(super) fn classification_row(
    report: ReportId,
    classified: &Classified,
    papers: &Papers,
) -> classification::ActiveModel {
    let Classified { assessment, announced, routed, since, duplicate_of } = classified;
    let text = Text::parse(&papers.snapshot.text);
    let bands = WordSet::of(&text).bands();
    let (sent, point) = (papers.sent(), papers.point());
    classification::ActiveModel {
        report: Set(report.0),
        snapshot: Set(papers.snapshot.encode_to_vec()),
        suggestion: Set(papers.first_suggestion.encode_to_vec()),
        model_version: Set(papers.first_suggestion.model_version.clone()),
        leaf: Set(assessment.leaf.as_str().to_owned()),
        scope: Set(assessment.scope.as_str().to_owned()),
        urgency: Set(assessment.urgency.as_str().to_owned()),
        access: Set(assessment.access.as_str().to_owned()),
        confidence: Set(assessment.confidence),
        decided_by_person: Set(assessment.by_person),
        announced: Set(*announced),
        decide_time: Set(since.micros()),
        duplicate_of: Set(duplicate_of.map(|original| original.0)),
        routed: Set(*routed),
        sent_time: Set(sent.map(Timestamp::micros)),
        square: Set(point.map(square)),
        band_a: Set(bands.map(|bands| bands[0])),
        band_b: Set(bands.map(|bands| bands[1])),
        band_c: Set(bands.map(|bands| bands[2])),
        band_d: Set(bands.map(|bands| bands[3])),
        folded: Set(Some(text.folded_line().to_owned())),
        closed_round: Set(0),
        reopened_round: Set(0),
    }
}

pub(super) fn classified(
    row: classification::Model,
    answers: Vec<Answer>,
) -> Result<(Classified, Papers), DbErr> {
    let papers = Papers {
        snapshot: decode("snapshot", &row.snapshot)?,
        first_suggestion: decode("suggestion", &row.suggestion)?,
        answers,
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
    let duplicate_of = row.duplicate_of.map(ReportId);
    let (announced, routed) = (row.announced, row.routed);
    Ok((Classified { assessment, announced, routed, since, duplicate_of }, papers))
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

pub(super) fn review_row(report: ReportId, review: &Review) -> Result<review::ActiveModel, DbErr> {
    let words: Vec<&str> = review.reasons.iter().map(|reason| reason.as_str()).collect();
    let proposal = &review.proposal;
    let lease = review.lease.as_ref();
    let verdict = review.verdict.as_ref().map(serde_json::to_string).transpose();
    Ok(review::ActiveModel {
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
        lease_holder: Set(lease.map(|lease| lease.holder.0.to_vec())),
        lease_role: Set(lease.map(|lease| lease.role.clone())),
        lease_until: Set(lease.map(|lease| lease.until.micros())),
        asked_time: Set(review.asked_time.map(Timestamp::micros)),
        question: Set((!review.question.is_empty()).then(|| review.question.clone())),
        verdict: Set(verdict.map_err(|_| foreign("verdict"))?),
        wake_time: Set(review.wake_time.map(Timestamp::micros)),
    })
}

pub(super) fn review(row: review::Model) -> Result<Review, DbErr> {
    let reason = |word: &str| word.parse::<ReviewReason>().map_err(|_| foreign("reasons"));
    let verdict = row.verdict.as_deref().map(serde_json::from_str::<Verdict>).transpose();
    let lease = match (row.lease_holder, row.lease_role, row.lease_until) {
        (Some(holder), Some(role), Some(until)) => Some(Lease {
            holder: Person::try_from(holder.as_slice()).map_err(|_| foreign("lease_holder"))?,
            role,
            until: Timestamp::from_micros(until),
        }),
        _ => None,
    };
    Ok(Review {
        id: ReviewId(row.id),
        state: word("state", &row.state)?,
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
        lease,
        question: row.question.unwrap_or_default(),
        asked_time: row.asked_time.map(Timestamp::from_micros),
        verdict: verdict.map_err(|_| foreign("verdict"))?,
        wake_time: row.wake_time.map(Timestamp::from_micros),
    })
}

pub(super) fn word<T: FromStr>(column: &str, word: &str) -> Result<T, DbErr> {
    word.parse().map_err(|_| foreign(column))
}

pub(super) fn person(column: &str, digest: &[u8]) -> Result<Person, DbErr> {
    Person::try_from(digest).map_err(|_| foreign(column))
}

pub(super) fn decode<M: prost::Message + Default>(column: &str, bytes: &[u8]) -> Result<M, DbErr> {
    M::decode(bytes).map_err(|_| foreign(column))
}

pub(super) fn foreign(column: &str) -> DbErr {
    DbErr::Type(format!("the column {column} holds what no version of this service has written"))
}
