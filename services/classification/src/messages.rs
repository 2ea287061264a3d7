//! Domain → answers to callers.

use contract::classification::v1 as wire;
use runtime::wire::timestamp;
use vocabulary::ReportId;

use crate::domain::assessment::Assessment;
use crate::domain::review::{Classified, Review, ReviewState};
use crate::store::Papers;
use crate::words;

/// The review as callers see it.
pub fn review(review: &Review, papers: &Papers) -> wire::Review {
    let snapshot = &papers.snapshot;
    wire::Review {
        name: review.id.name(),
        report: snapshot.report.clone(),
        code: snapshot.code.clone(),
        text: snapshot.text.clone(),
        location: snapshot.location.clone(),
        media: snapshot.media.clone(),
        suggestion: Some(proposed(&review.proposal, papers)),
        reasons: review.reasons.iter().map(|reason| reason.as_str().to_owned()).collect(),
        note: review.note.clone(),
        state: state(review.state).into(),
        create_time: Some(timestamp(review.create_time)),
        due_time: Some(timestamp(review.due_time)),
        etag: etag(review.version),
    }
}

/// The classification as callers see it.
pub fn classification(report: ReportId, classified: &Classified, papers: &Papers) -> wire::Classification {
    let Classified { assessment, since, .. } = classified;
    wire::Classification {
        name: format!("{}/classification", report.name()),
        suggestion: Some(papers.suggestion.clone()),
        leaf: assessment.leaf.as_str().to_owned(),
        urgency: words::urgency(assessment.urgency).into(),
        access: words::access(assessment.access).into(),
        decided_by_person: assessment.by_person,
        decide_time: Some(timestamp(*since)),
    }
}

/// The machine's suggestion, with what the review proposes in its place: after an objection of routing that is the
/// classification in force, or a return.
fn proposed(proposal: &Assessment, papers: &Papers) -> wire::Suggestion {
    wire::Suggestion {
        scope: words::scope(proposal.scope).into(),
        field: proposal.leaf.field().as_str().to_owned(),
        leaf: proposal.leaf.as_str().to_owned(),
        confidence: proposal.confidence,
        urgency: words::urgency(proposal.urgency).into(),
        access: words::access(proposal.access).into(),
        needs_human: true,
        ..papers.suggestion.clone()
    }
}

fn state(state: ReviewState) -> wire::ReviewState {
    match state {
        ReviewState::Open => wire::ReviewState::Open,
        ReviewState::Decided => wire::ReviewState::Decided,
        ReviewState::Dropped => wire::ReviewState::Dropped,
    }
}

/// The etag of a version.
pub fn etag(version: i64) -> String {
    format!("v{version}")
}

/// The version of an etag; one that is not ours matches no version.
pub fn parse_etag(etag: &str) -> Option<i64> {
    etag.strip_prefix('v')
        .and_then(|version| version.parse().ok())
        .filter(|version| self::etag(*version) == etag)
}
