//! `model bands`.

use std::process::ExitCode;

use classification::domain::bands::{Allowed, Effect, ScopeDecision, Writing, allowed, band, effect, fewest};
use classification::domain::decide::Classifier;
use classification::domain::train::Settings;
use classification::read_examples;
use comfy_table::Table;
use province::{Band, Bands};
use serde::Serialize;

use super::{classifier, lessons, packed_model};
use crate::cli::ModelBands;
use crate::commands::{load_config, load_province};

/// One way of writing: the thresholds in force, those that the decisions allow, and what either does to the decided reports.
#[derive(Serialize)]
struct Row {
    writing: Writing,
    decisions: usize,
    low: f64,
    /// Nothing for short texts: they are never proposed for return.
    high: Option<f64>,
    allowed: Allowed,
    now: Effect,
    then: Effect,
}

/// Says how the bands would move, and what they would have done to the decided reports.
#[expect(clippy::print_stdout, reason = "the table is this command's output")]
pub fn bands(arguments: &ModelBands) -> anyhow::Result<ExitCode> {
    let province = load_province(&load_config(&arguments.common)?.province)?;
    let rules = classifier(&province, packed_model(&province)?)?;
    let decisions: Vec<ScopeDecision> = match &arguments.input {
        Some(file) => read_examples(file)?.iter().map(|decided| rules.scope_decision(decided)).collect(),
        None => lessons(&province)?.0.scope_decisions(&rules, &Settings::default())?,
    };
    let rows = Writing::ALL.map(|writing| row(writing, &decisions, &rules));
    if arguments.json {
        println!("{}", serde_json::to_string(&rows)?);
    } else {
        println!("{}", table(&rows));
        let bounds = rules.policy().bounds;
        println!(
            "With a confidence of {}, at most {} of the proposed returns are in scope and at most {} of the proposed fields out of \
             scope; that takes at least {} and {} decisions of a kind.",
            bounds.confidence,
            bounds.wrong_return,
            bounds.wrong_field,
            fewest(bounds.wrong_return, bounds.confidence),
            fewest(bounds.wrong_field, bounds.confidence),
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn row(writing: Writing, decisions: &[ScopeDecision], rules: &Classifier) -> Row {
    let policy = rules.policy();
    let own: Vec<ScopeDecision> =
        decisions.iter().filter(|decision| decision.writing == writing).copied().collect();
    let Band { low, high } = band(&policy.bands, writing);
    let allowed = allowed(&own, &policy.bounds);
    let moved = Band { low: allowed.low.unwrap_or(low), high: allowed.high.unwrap_or(high) };
    let then = Bands { ordinary: moved, unaccented: moved, short: moved.low };
    let may_return = writing != Writing::Short;
    Row {
        writing,
        decisions: own.len(),
        low,
        high: may_return.then_some(high),
        allowed: Allowed { high: allowed.high.filter(|_| may_return), ..allowed },
        now: effect(&own, &policy.bands),
        then: effect(&own, &then),
    }
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table.set_header([
        "writing",
        "decisions",
        "",
        "field up to",
        "return from",
        "fields",
        "wrong",
        "to a person",
        "returns",
        "wrong",
    ]);
    let threshold = |threshold: Option<f64>| threshold.map_or_else(|| "–".to_owned(), |p| format!("{p:.2}"));
    for row in rows {
        let kinds = [
            ("in force", Some(row.low), row.high, row.now),
            ("allowed", row.allowed.low, row.allowed.high, row.then),
        ];
        for (name, low, high, effect) in kinds {
            let Effect { fields, wrong_fields, persons, returns, wrong_returns } = effect;
            let counts =
                [fields, wrong_fields, persons, returns, wrong_returns].map(|count| count.to_string());
            let first = [
                row.writing.as_str().to_owned(),
                row.decisions.to_string(),
                name.to_owned(),
                threshold(low),
                threshold(high),
            ];
            table.add_row(first.into_iter().chain(counts));
        }
    }
    table
}
