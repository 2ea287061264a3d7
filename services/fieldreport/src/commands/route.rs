//! `route`: text + point + time → agency, due times, explanation. In: JSON lines with `id`, `text`, `lat`, `lon` and
//! optionally `time` (RFC 3339; the present otherwise); out: one JSON line for each.

use std::process::ExitCode;

use classification::Machine;
use province::{ClockKind, Language, Match, Province};
use routing::domain::route::route;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use vocabulary::{Clock, Point, Scope, Timestamp};

use crate::cli;
use crate::commands::batch::json_lines;
use crate::commands::{load_config, load_province};

#[derive(Deserialize)]
struct Report {
    id: serde_json::Value,
    text: String,
    lat: f64,
    lon: f64,
    time: Option<String>,
}

#[derive(Serialize, Default)]
struct Answer {
    id: serde_json::Value,
    leaf: String,
    scope: &'static str,
    urgency: &'static str,
    needs_human: bool,
    /// Empty outside the province.
    commune: String,
    /// `inside`, `nearest` or `outside`.
    #[serde(rename = "match")]
    found: &'static str,
    /// Agency that would answer; empty when a person must decide.
    agency: String,
    agency_name: String,
    executor: Option<String>,
    /// Row of the competence matrix.
    matrix_row: String,
    receive_due: String,
    respond_due: String,
    /// Kind of the day of arrival.
    day_kind: &'static str,
    pack_version: String,
    explanation: String,
}

/// Runs.
pub fn run(arguments: &cli::Route) -> anyhow::Result<ExitCode> {
    let batch = &arguments.batch;
    let config = load_config(&batch.common)?;
    let province = load_province(&config.province)?;
    let machine = Machine::load(&province)?;
    let clock = Clock::system();
    json_lines(&batch.input, &batch.output, |report: Report| answer(&province, &machine, &clock, report))
}

fn answer(province: &Province, machine: &Machine, clock: &Clock, report: Report) -> Result<Answer, String> {
    let point = Point::parse(report.lat, report.lon).map_err(|error| error.to_string())?;
    let arrival = match &report.time {
        None => clock.now(),
        Some(text) => parse_time(text)?,
    };
    let suggestion = machine.classifier().suggest(&report.text);
    let route = route(province, &suggestion.leaf, suggestion.urgency, point, arrival);
    let located = &route.place;
    let receive = province.due(ClockKind::Receive, arrival, &[]);
    let respond = province.due(ClockKind::Respond, arrival, &[]);
    let mut answer = Answer {
        id: report.id,
        leaf: suggestion.leaf.as_str().to_owned(),
        scope: suggestion.scope.as_str(),
        urgency: suggestion.urgency.as_str(),
        needs_human: suggestion.needs_human,
        commune: located.commune().map(|commune| commune.code.to_string()).unwrap_or_default(),
        found: match located.place {
            Match::Inside(_) => "inside",
            Match::Nearest { .. } => "nearest",
            Match::Outside { .. } => "outside",
        },
        receive_due: receive.due.rfc3339(),
        respond_due: respond.due.rfc3339(),
        day_kind: receive.day_kind.as_str(),
        pack_version: province.version().to_owned(),
        ..Answer::default()
    };
    if suggestion.scope == Scope::Out {
        answer.explanation =
            "out of scope: a coordinator returns it to the citizen with the right channel".to_owned();
        return Ok(answer);
    }
    match route.competence {
        Ok(routed) => {
            let agency = province.agencies.find(&routed.owner);
            answer.agency = routed.owner.to_string();
            answer.agency_name =
                agency.map(|agency| agency.name.get(Language::Vi).to_owned()).unwrap_or_default();
            answer.executor = routed.executor.as_ref().map(ToString::to_string);
            answer.matrix_row = routed.row.id.clone();
            answer.explanation = routed.explanation.to_string();
        }
        Err(missing) => {
            answer.explanation = format!("{}: a coordinator decides", missing.reason());
        }
    }
    Ok(answer)
}

fn parse_time(text: &str) -> Result<Timestamp, String> {
    OffsetDateTime::parse(text, &Rfc3339)
        .map(Timestamp::from_datetime)
        .map_err(|error| format!("time {text:?} is not RFC 3339: {error}"))
}
