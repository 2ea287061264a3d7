//! `--json`: one line per report, then the summary. The format is described in this crate's README.

use serde::Serialize;

use super::played::Played;
use super::summary::{self, Summary};

/// One report.
#[derive(Debug, Serialize)]
struct Line<'a> {
    kind: &'static str,
    id: &'a str,
    about: &'a str,
    code: &'a str,
    report: &'a str,
    state: String,
    leaf: &'a str,
    urgency: String,
    access: String,
    agency: &'a str,
    commune: &'a str,
    commune_match: String,
    respond_due: Option<String>,
    outcome: Option<String>,
    suggested: Suggested<'a>,
    expected: Expected<'a>,
    agreed: Agreement,
    review_reasons: Option<&'a [String]>,
    hand_backs: u32,
    rounds: i32,
    verdict: Option<String>,
    reopened: bool,
    duplicate_same: Option<bool>,
    secrecy_probes: usize,
    kept_secret: bool,
    acknowledged_ms: Option<f64>,
    classified_ms: Option<f64>,
    assigned_ms: Option<f64>,
    fault: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Suggested<'a> {
    leaf: &'a str,
    confidence: f64,
    urgency: String,
    access: String,
}

#[derive(Debug, Serialize)]
struct Expected<'a> {
    leaf: &'a str,
    urgency: String,
    way: String,
}

#[derive(Debug, Serialize)]
struct Agreement {
    leaf: bool,
    field: bool,
    urgency: bool,
    way: bool,
}

/// All lines.
pub fn lines(all: &[Played], summary: &Summary) -> anyhow::Result<String> {
    let mut text = String::new();
    for played in all {
        text.push_str(&serde_json::to_string(&line(played))?);
        text.push('\n');
    }
    text.push_str(&serde_json::to_string(summary)?);
    text.push('\n');
    Ok(text)
}

fn line(played: &Played) -> Line<'_> {
    let (part, report) = (&played.part, &played.report);
    let answered =
        report.answer.as_ref().map(|answer| answer.outcome()).filter(|outcome| i32::from(*outcome) != 0);
    let due = report.respond_due_time.and_then(|due| runtime::wire::parse_timestamp("due", Some(due)).ok());
    Line {
        kind: "report",
        id: &part.id,
        about: &part.about,
        code: &report.code,
        report: &report.name,
        state: summary::state(report.state()),
        leaf: &report.leaf,
        urgency: urgency(report.urgency()),
        access: access(played.access),
        agency: &report.agency,
        commune: &played.place.commune_code,
        commune_match: summary::word(played.place.r#match().as_str_name(), "COMMUNE_MATCH_"),
        respond_due: due.map(|due| due.rfc3339()),
        outcome: answered.map(|outcome| summary::word(outcome.as_str_name(), "OUTCOME_")),
        suggested: suggested(played),
        expected: expected(played),
        agreed: agreement(played),
        review_reasons: played.review_reasons.as_deref(),
        hand_backs: played.hand_backs,
        rounds: played.rounds,
        verdict: played.verdict.map(|verdict| summary::word(verdict.as_str_name(), "VERDICT_")),
        reopened: played.reopened,
        duplicate_same: played.duplicate_same,
        secrecy_probes: played.secrecy.len(),
        kept_secret: played.kept_secret(),
        acknowledged_ms: played.acknowledged.map(summary::millis),
        classified_ms: played.until_classified().map(summary::millis),
        assigned_ms: played.until_assigned().map(summary::millis),
        fault: played.fault.as_deref(),
    }
}

fn suggested(played: &Played) -> Suggested<'_> {
    let suggestion = &played.suggestion;
    Suggested {
        leaf: &suggestion.leaf,
        confidence: suggestion.confidence,
        urgency: urgency(suggestion.urgency()),
        access: access(suggestion.access()),
    }
}

fn expected(played: &Played) -> Expected<'_> {
    let part = &played.part;
    Expected {
        leaf: &part.expected_leaf,
        urgency: urgency(part.expected_urgency),
        way: format!("{:?}", part.expected_path).to_lowercase(),
    }
}

fn agreement(played: &Played) -> Agreement {
    Agreement {
        leaf: played.leaf_agreed(),
        field: played.field_agreed(),
        urgency: played.urgency_agreed(),
        way: played.way_agreed(),
    }
}

fn urgency(urgency: contract::common::v1::Urgency) -> String {
    summary::word(urgency.as_str_name(), "URGENCY_")
}

fn access(access: contract::common::v1::Access) -> String {
    summary::word(access.as_str_name(), "ACCESS_")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::super::played::tests::assigned;
    use super::super::summary::tests::of;
    use super::*;

    const README: &str = include_str!("../../README.md");

    fn parse(text: &str) -> Vec<Value> {
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn one_line_per_report_and_one_summary() {
        let all = [assigned(), assigned()];
        let lines = parse(&lines(&all, &of(&all)).unwrap());
        assert_eq!(lines.len(), 3);
        assert!(lines[..2].iter().all(|line| line["kind"] == "report" && line["state"] == "assigned"));
        assert_eq!(
            (&lines[0]["agreed"]["leaf"], &lines[0]["classified_ms"]),
            (&Value::Bool(true), &7.0.into())
        );
        assert_eq!((&lines[2]["kind"], &lines[2]["reports"]), (&"summary".into(), &2.into()));
    }

    #[test]
    fn the_readme_names_every_key() {
        let all = [assigned()];
        let described: BTreeSet<&str> = README.split('`').skip(1).step_by(2).collect();
        for line in parse(&lines(&all, &of(&all)).unwrap()) {
            for key in line.as_object().unwrap().keys() {
                assert!(described.contains(key.as_str()), "{key} is not described");
            }
        }
    }
}
