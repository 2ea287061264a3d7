//! What classification keeps of a life.

use contract::classification::v1::{ConfidenceLevel, Probability, Reason, Suggestion};
use contract::common::v1 as common;
use contract::event::v1::ReportSnapshot;
use contract::google::r#type::LatLng;
use prost::Message as _;
use vocabulary::{Access, Scope, Urgency};

use super::intake_rows::add_sequence;
use super::life::Life;
use super::scene::Scene;
use super::table::{Rows, row, table};
use crate::operation::Service;

table!(
    CLASSIFICATIONS,
    "classifications",
    [
        report,
        snapshot,
        suggestion,
        model_version,
        leaf,
        scope,
        urgency,
        access,
        confidence,
        decided_by_person,
        announced,
        decide_time,
    ]
);
table!(
    REVIEWS,
    "reviews",
    [
        id,
        report,
        state,
        reasons,
        note,
        leaf,
        scope,
        urgency,
        access,
        confidence,
        decided_by_person,
        due_time,
        create_time,
        version,
    ]
);
table!(MARKS, "marks", [report, withdrawn, objection_sequence, objection, objection_note]);

/// What stands for the model that would have proposed this.
const MODEL: &str = "seeded";

pub(crate) fn add(rows: &mut Rows, scene: &Scene, life: &Life<'_>) {
    let (report, matter) = (life.report.id.0, life.matter);
    let (leaf, scope, urgency) = (matter.leaf.as_str(), matter.scope.as_str(), matter.urgency.as_str());
    let access = life.access.as_str();
    let confidence = if life.by_person { 1.0 } else { life.confidence };
    rows.push(
        &CLASSIFICATIONS,
        row![
            report,
            snapshot(life).encode_to_vec(),
            suggestion(scene, life).encode_to_vec(),
            MODEL,
            leaf,
            scope,
            urgency,
            access,
            confidence,
            life.by_person,
            life.announced,
            life.decided,
        ],
    );
    for review in &life.reviews {
        let by_person = review.reason == "HANDED_BACK" && life.reviews.len() > 1;
        rows.push(
            &REVIEWS,
            row![
                review.id,
                report,
                review.state,
                review.reason,
                review.note,
                leaf,
                scope,
                urgency,
                access,
                life.confidence,
                by_person,
                review.due,
                review.created,
                review.version,
            ],
        );
    }
    if life.withdrawn.is_some() || life.objection.is_some() {
        let objection = life.objection.map(|_| "HANDED_BACK");
        let note = life.reviews.iter().find(|review| !review.note.is_empty()).map(|review| review.note);
        rows.push(&MARKS, row![report, life.withdrawn.is_some(), life.objection, objection, note]);
    }
    add_sequence(rows, life, Service::Classification);
}

fn snapshot(life: &Life<'_>) -> ReportSnapshot {
    let report = &life.report;
    let (seconds, nanos) = report.created.parts();
    ReportSnapshot {
        report: report.id.name(),
        code: report.code.clone(),
        text: report.text.clone(),
        location: Some(common::Location {
            point: Some(LatLng { latitude: report.point.latitude(), longitude: report.point.longitude() }),
            address: report.address.clone(),
        }),
        media: Vec::new(),
        source: report.source,
        create_time: Some(prost_types::Timestamp { seconds, nanos }),
        reporter_proof: life.proof.to_vec().into(),
        image_hashes: Vec::new(),
    }
}

/// As large as the machine's own: a probability for each field, a reason for some words.
fn suggestion(scene: &Scene, life: &Life<'_>) -> Suggestion {
    let matter = life.matter;
    let fields = scene.province.taxonomy.fields();
    let rest = (1.0 - life.confidence) / fields.len() as f64;
    let field = matter.leaf.field();
    let words = life.report.text.split(' ').filter(|word| word.chars().count() > 3).take(5);
    let reason = |word: &str| Reason {
        kind: "WORD".to_owned(),
        code: word.to_owned(),
        start_byte: 0,
        end_byte: 1,
        start_char: 0,
        end_char: 1,
    };
    Suggestion {
        scope: match matter.scope {
            Scope::In => common::Scope::In,
            Scope::Out => common::Scope::Out,
        }
        .into(),
        field: field.to_string(),
        leaf: matter.leaf.to_string(),
        confidence: life.confidence,
        fields: fields
            .iter()
            .map(|known| Probability {
                code: known.code.to_string(),
                probability: if known.code == field { life.confidence } else { rest },
            })
            .collect(),
        out_of_scope: if matter.scope == Scope::Out { life.confidence } else { rest },
        urgency: match matter.urgency {
            Urgency::Normal => common::Urgency::Normal,
            Urgency::Urgent => common::Urgency::Urgent,
            Urgency::Emergency => common::Urgency::Emergency,
        }
        .into(),
        access: match matter.access {
            Access::Ordinary => common::Access::Ordinary,
            Access::Restricted => common::Access::Restricted,
            Access::Quarantine => common::Access::Quarantine,
        }
        .into(),
        needs_human: !life.reviews.is_empty(),
        review_reasons: life.reviews.first().map(|review| review.reason.to_owned()).into_iter().collect(),
        reasons: words.map(reason).collect(),
        model_version: MODEL.to_owned(),
        pack_version: scene.province.version().to_owned(),
        leaves: vec![Probability { code: matter.leaf.to_string(), probability: life.confidence }],
        level: match life.reviews.is_empty() {
            true => ConfidenceLevel::High,
            false => ConfidenceLevel::Low,
        }
        .into(),
    }
}
