//! `classify`: texts → fields. In: JSON lines with `id` and `text`; out: one JSON line for each.

use std::collections::BTreeMap;
use std::process::ExitCode;

use classification::Machine;
use serde::{Deserialize, Serialize};

use crate::cli::Classify;
use crate::commands::batch::json_lines;
use crate::commands::{load_config, load_province};

#[derive(Deserialize)]
struct Text {
    id: serde_json::Value,
    text: String,
}

#[derive(Serialize)]
struct Answer {
    id: serde_json::Value,
    /// `in` or `out`.
    scope: &'static str,
    /// Probability of each top-level class.
    top: BTreeMap<String, f64>,
    leaf: String,
    /// `normal`, `urgent` or `emergency`.
    urgency: &'static str,
    /// Whether the proposal must not go its way without a person.
    needs_human: bool,
    /// Why, and what else was noticed.
    reasons: Vec<&'static str>,
}

/// Runs.
pub fn run(arguments: &Classify) -> anyhow::Result<ExitCode> {
    let batch = &arguments.batch;
    let config = load_config(&batch.common)?;
    let machine = Machine::load(&*load_province(&config.province)?)?;
    json_lines(&batch.input, &batch.output, |input: Text| Ok(answer(&machine, input)))
}

fn answer(machine: &Machine, input: Text) -> Answer {
    let suggestion = machine.classifier().suggest(&input.text);
    let probability = |(field, p): &(vocabulary::FieldCode, f32)| {
        (field.as_str().to_owned(), (f64::from(*p) * 1e6).round() / 1e6)
    };
    Answer {
        id: input.id,
        scope: suggestion.scope.as_str(),
        top: suggestion.p_fields.iter().map(probability).collect(),
        leaf: suggestion.leaf.as_str().to_owned(),
        urgency: suggestion.urgency.as_str(),
        needs_human: suggestion.needs_human,
        reasons: suggestion.reasons.iter().map(|reason| reason.code.as_str()).collect(),
    }
}
