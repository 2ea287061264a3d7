//! Domain → answers to callers.

use contract::classification::v1 as wire;
use runtime::wire::timestamp;
use vocabulary::{Problem, ReportId, Timestamp};

use crate::domain::assessment::{Assessment, Verdict};
use crate::domain::case::Classified;
use crate::domain::labels::{Marked, counts};
use crate::domain::person::Person;
use crate::domain::review::{Review, ReviewState};
use crate::machine::Machine;
use crate::store::{Found, LabelRecord, ModelRecord, Papers};
use crate::words;

/// In whose eyes, and when.
#[derive(Debug, Clone, Copy)]
pub struct Viewer {
    /// Who looks.
    pub person: Person,
    /// At what time.
    pub now: Timestamp,
}

/// The review as callers see it.
pub fn review(review: &Review, papers: &Papers, machine: &Machine, viewer: Viewer) -> wire::Review {
    let snapshot = &papers.snapshot;
    let awaited = |state| review.wake_time.filter(|_| review.state == state).map(timestamp);
    wire::Review {
        name: review.id.name(),
        report: snapshot.report.clone(),
        code: snapshot.code.clone(),
        text: papers.text(),
        location: snapshot.location.clone(),
        media: snapshot.media.clone(),
        suggestion: Some(proposed(&review.proposal, papers, machine)),
        reasons: review.reasons.iter().map(|reason| reason.as_str().to_owned()).collect(),
        note: review.note.clone(),
        state: state(review.state).into(),
        create_time: Some(timestamp(review.create_time)),
        due_time: Some(timestamp(review.due_time)),
        etag: etag(review.version),
        claim: review.holder(viewer.now).map(|lease| wire::Claim {
            holder_role: lease.role.clone(),
            holder: lease.holder.tag(),
            mine: lease.holder == viewer.person,
            expire_time: Some(timestamp(lease.until)),
        }),
        question: review.question.clone(),
        answer_due_time: awaited(ReviewState::Asked),
        decided: review.verdict.as_ref().map(|verdict| decided(verdict, viewer)),
        undo_until_time: awaited(ReviewState::Pending),
    }
}

fn decided(verdict: &Verdict, viewer: Viewer) -> wire::Decided {
    let Verdict { kind, ruling, by, time } = verdict;
    let Assessment { leaf, urgency, access, .. } = &ruling.assessment;
    wire::Decided {
        decision: kind.as_str().to_owned(),
        leaf: leaf.as_str().to_owned(),
        urgency: words::urgency(*urgency).into(),
        access: words::access(*access).into(),
        note: ruling.words.note.clone(),
        template: ruling.words.template.clone(),
        duplicate_of: ruling.duplicate_of.map(|original| original.name()).unwrap_or_default(),
        decide_time: Some(timestamp(*time)),
        mine: *by == viewer.person,
    }
}

/// A report in a list of reports.
pub fn summary(found: &Found) -> wire::ReportSummary {
    let Found { report, classified, snapshot, closed } = found;
    let Assessment { leaf, urgency, access, .. } = &classified.assessment;
    wire::ReportSummary {
        report: report.name(),
        code: snapshot.code.clone(),
        text: snapshot.text.clone(),
        location: snapshot.location.clone(),
        leaf: leaf.as_str().to_owned(),
        urgency: words::urgency(*urgency).into(),
        access: words::access(*access).into(),
        create_time: snapshot.create_time,
        duplicate_of: classified.duplicate_of.map(|original| original.name()).unwrap_or_default(),
        settled: *closed,
    }
}

/// A label as callers see it.
pub fn label(record: &LabelRecord) -> wire::Label {
    let marks: Vec<Marked> = record.marks.iter().map(|(marked, ..)| *marked).collect();
    wire::Label {
        name: format!("labels/{}", record.id),
        report: record.report.name(),
        text: record.papers.text(),
        suggested_leaf: record.suggested_leaf.as_str().to_owned(),
        suggested_urgency: words::urgency(record.suggested_urgency).into(),
        decision: record.decision.as_str().to_owned(),
        leaf: record.leaf.as_ref().map(|leaf| leaf.as_str().to_owned()).unwrap_or_default(),
        urgency: words::urgency(record.urgency).into(),
        decided_by: record.decided_by.tag(),
        decide_time: Some(timestamp(record.decide_time)),
        model_version: record.model_version.clone(),
        counts: record.is_last && record.leaf.is_some() && counts(&marks, record.not_for_training),
        marks: record
            .marks
            .iter()
            .map(|(marked, person, reason)| wire::LabelMark {
                mark: marked.mark.as_str().to_owned(),
                by: person.map(|person| person.tag()).unwrap_or_default(),
                reason: reason.clone(),
                time: Some(timestamp(marked.time)),
            })
            .collect(),
    }
}

/// A model as administrators see it.
pub fn trained_model(record: &ModelRecord, state: wire::ModelState) -> wire::TrainedModel {
    let figures = record.before.named().into_iter().zip(record.figures.named());
    wire::TrainedModel {
        version: record.version.clone(),
        state: state.into(),
        train_time: Some(timestamp(record.train_time)),
        labels: i32::try_from(record.lessons.len()).unwrap_or(i32::MAX),
        figures: figures
            .map(|((name, before), (_, now))| wire::Figure { name: name.to_owned(), before, now })
            .collect(),
    }
}

/// What became of one item of a batch.
pub fn result(name: String, outcome: Result<wire::Review, Problem>) -> wire::ReviewResult {
    use wire::review_result::Result as Outcome;
    let result = match outcome {
        Ok(review) => Outcome::Review(review),
        Err(problem) => Outcome::Refusal(wire::Refusal {
            code: runtime::status(&problem).code() as i32,
            reason: problem.reason.to_owned(),
            message: Some(contract::common::v1::LocalizedText {
                vi: problem.message_vi,
                en: problem.message_en,
            }),
        }),
    };
    wire::ReviewResult { name, result: Some(result) }
}

/// The classification as callers see it.
pub fn classification(report: ReportId, classified: &Classified, papers: &Papers) -> wire::Classification {
    let Classified { assessment, since, .. } = classified;
    wire::Classification {
        name: format!("{}/classification", report.name()),
        suggestion: Some(papers.suggestion().clone()),
        leaf: assessment.leaf.as_str().to_owned(),
        urgency: words::urgency(assessment.urgency).into(),
        access: words::access(assessment.access).into(),
        decided_by_person: assessment.by_person,
        decide_time: Some(timestamp(*since)),
    }
}

/// The machine's suggestion, with what the review proposes in its place: after an objection of routing that is the
/// classification in force, or a return.
fn proposed(proposal: &Assessment, papers: &Papers, machine: &Machine) -> wire::Suggestion {
    let suggestion = papers.suggestion();
    let same_leaf = suggestion.leaf == proposal.leaf.as_str();
    let level = if same_leaf { suggestion.level } else { machine.level(proposal.confidence).into() };
    wire::Suggestion {
        scope: words::scope(proposal.scope).into(),
        field: proposal.leaf.field().as_str().to_owned(),
        leaf: proposal.leaf.as_str().to_owned(),
        confidence: proposal.confidence,
        urgency: words::urgency(proposal.urgency).into(),
        access: words::access(proposal.access).into(),
        needs_human: true,
        level,
        ..suggestion.clone()
    }
}

fn state(state: ReviewState) -> wire::ReviewState {
    match state {
        ReviewState::Open => wire::ReviewState::Open,
        ReviewState::Asked => wire::ReviewState::Asked,
        ReviewState::Pending => wire::ReviewState::Pending,
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
