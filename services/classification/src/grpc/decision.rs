//! Wire → decisions.

use contract::classification::v1::DecideReviewRequest;
use contract::classification::v1::decide_review_request::Decision as WireDecision;
use province::ReturnKey;
use vocabulary::{Problem, ReportId, Scope, Text};

use super::triage::parse_review;
use super::unknown_enum;
use crate::domain::assessment::{Decision, Words};
use crate::domain::rules::LeafRule;
use crate::usecases::{DecideItem, Desk, Wish};
use crate::{messages, words};

/// What is wanted of one review.
pub(super) fn parse_decide(desk: &Desk, request: DecideReviewRequest) -> Result<DecideItem, Problem> {
    let decision = request.decision.ok_or_else(|| {
        Problem::invalid(
            "decision",
            "DECISION_MISSING",
            "one of the decisions is required",
            "Xin chọn một quyết định.",
        )
    })?;
    let wish = parse_wish(desk, decision)?;
    let review = parse_review(&request.name)?;
    Ok(DecideItem { review, wish, version: messages::parse_etag(&request.etag) })
}

fn parse_wish(desk: &Desk, decision: WireDecision) -> Result<Wish, Problem> {
    let maximum = desk.province.policies.text.maximum_code_points;
    Ok(Wish::Decision(match decision {
        WireDecision::Confirm(_) => Decision::Confirm,
        WireDecision::ChangeLeaf(change) => {
            let leaf = parse_leaf(desk, "change_leaf.leaf", &change.leaf, Scope::In)?;
            let urgency = words::parse_urgency(change.urgency);
            Decision::ChangeLeaf { leaf, urgency: urgency.map_err(|_| unknown_enum("change_leaf.urgency"))? }
        }
        WireDecision::ReturnToCitizen(back) => {
            let leaf = parse_leaf(desk, "return_to_citizen.leaf", &back.leaf, Scope::Out)?;
            let words = parse_words(desk, "return_to_citizen", &back.note, back.template)?;
            Decision::Return { leaf, words }
        }
        WireDecision::Reject(reject) => {
            let words = parse_words(desk, "reject", &reject.note, reject.template)?;
            if words == Words::default() {
                return Err(Problem::invalid(
                    "reject.note",
                    "NOTE_REQUIRED",
                    "must tell the citizen why, unless a template does",
                    "Xin nêu lý do không tiếp nhận.",
                ));
            }
            Decision::Reject { words }
        }
        WireDecision::AskReporter(ask) => {
            let question = Text::parse("ask_reporter.question", &ask.question, maximum)?;
            Decision::AskReporter { question: question.into() }
        }
        WireDecision::MarkEmergency(emergency) => {
            let leaf = match emergency.leaf.as_str() {
                "" => None,
                leaf => Some(parse_leaf(desk, "mark_emergency.leaf", leaf, Scope::In)?),
            };
            Decision::MarkEmergency { leaf }
        }
        // A name that is none names no report that could be repeated, which is told where that is found out.
        WireDecision::MarkDuplicate(duplicate) => {
            let nothing = ReportId(uuid::Uuid::nil());
            return Ok(Wish::Duplicate(ReportId::parse_name(&duplicate.report).unwrap_or(nothing)));
        }
    }))
}

fn parse_words(desk: &Desk, field: &str, note: &str, template: String) -> Result<Words, Problem> {
    let maximum = desk.province.policies.text.maximum_code_points;
    let note = Text::parse_optional(&format!("{field}.note"), note, maximum)?;
    let known = |key: &str| {
        key.parse::<ReturnKey>().is_ok_and(|key| desk.province.templates.returned(&key).is_some())
    };
    if !template.is_empty() && !known(&template) {
        return Err(Problem::invalid(
            &format!("{field}.template"),
            "TEMPLATE_UNKNOWN",
            "must be a key of ListReturnTemplates",
            "Mẫu trả lời không tồn tại.",
        ));
    }
    Ok(Words { template, note: note.map(String::from).unwrap_or_default() })
}

fn parse_leaf(desk: &Desk, field: &str, code: &str, scope: Scope) -> Result<LeafRule, Problem> {
    let machine = desk.machine();
    let leaf = machine.find_leaf(code).filter(|leaf| leaf.scope == scope);
    leaf.cloned().ok_or_else(|| {
        let kind = match scope {
            Scope::In => "a leaf in scope",
            Scope::Out => "a leaf of out_of_scope",
        };
        Problem::invalid(
            field,
            "LEAF_UNKNOWN",
            format!("must be {kind} of the province's taxonomy"),
            "Lĩnh vực không hợp lệ.",
        )
    })
}
