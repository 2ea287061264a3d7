//! The play as tables that fit 120 columns.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use contract::common::v1::{Access, CommuneMatch, Outcome, ReportState, Urgency, Verdict};
use province::Province;
use time::macros::format_description;
use vocabulary::{AgencyId, LeafCode, Timestamp};

use super::played::{self, Played};
use super::summary::{self, ScoreLine, Spread, Summary};

/// Columns of a terminal that the tables fit.
pub const WIDTH: u16 = 120;

/// Each report's way.
pub fn reports(all: &[Played], province: &Province) -> Table {
    let header = ["Code", "Report", "Commune", "Field", "Agency", "Due", "Ended as", "Rated", "="];
    let mut table = plain(&header);
    for played in all {
        table.add_row(row(played, province));
    }
    table
}

fn row(played: &Played, province: &Province) -> Vec<String> {
    let report = &played.report;
    vec![
        report.code.clone(),
        format!("{}{}", urgency_mark(played), shorten(&played.part.text, 23)),
        shorten(&commune(played), 13),
        shorten(&leaf_name(&report.leaf, province), 19),
        shorten(&agency_name(&report.agency, province), 17),
        due(played, province),
        shorten(&ended_as(played), 12),
        rated(played).to_owned(),
        agreement(played).to_owned(),
    ]
}

/// One report's timeline, in the words its reporter reads.
pub fn timeline(played: &Played, province: &Province) -> Table {
    let mut table = plain(&["#", "Time", "Event", "In words"]);
    for entry in &played.report.timeline {
        let at = played::instant(entry);
        let clock = format_description!("[hour]:[minute]:[second].[subsecond digits:3]");
        let time = at.map(|at| at.datetime().to_offset(province.profile.utc_offset));
        let time = time.and_then(|time| time.format(&clock).ok()).unwrap_or_default();
        let words = entry.text.as_ref().map(|text| text.vi.clone()).unwrap_or_default();
        table.add_row([entry.sequence.to_string(), time, entry.event.clone(), words]);
    }
    table
}

/// What citizens think, per agency.
pub fn scores(scores: &[ScoreLine]) -> Table {
    let mut table =
        plain(&["Agency", "Asked", "Answered", "Rate", "Satisfied", "[95 % interval]", "Disclosure"]);
    for line in scores {
        let number = |value: Option<i32>| value.map_or_else(|| "–".to_owned(), |value| value.to_string());
        let percent = |value: f64| format!("{:.0} %", value * 100.0);
        let dash = || "–".to_owned();
        table.add_row([
            shorten(&line.name, 44),
            number(line.asked),
            number(line.answered),
            line.response_rate.map_or_else(dash, percent),
            line.satisfied.map_or_else(dash, |share| percent(share.value)),
            line.satisfied
                .map_or_else(dash, |share| format!("[{} – {}]", percent(share.lower), percent(share.upper))),
            line.disclosure.clone(),
        ]);
    }
    for index in 1..6 {
        align_right(&mut table, index);
    }
    table
}

/// Where the time went.
pub fn times(summary: &Summary) -> Table {
    let mut table = plain(&["Step", "measured", "p50", "p95", "max"]);
    let latencies = &summary.latencies;
    for (step, spread) in [
        ("submit → acknowledged, durable (at the client)", latencies.acknowledged),
        ("submit → classified, or a person asked (on the timeline)", latencies.classified),
        ("submit → at the agency, no person needed (on the timeline)", latencies.assigned),
        ("upload of one photo, durable (at the client)", latencies.upload),
    ] {
        let Spread { count, p50_ms, p95_ms, max_ms } = spread;
        let millis = |value: f64| format!("{value:.1} ms");
        table.add_row([step.to_owned(), count.to_string(), millis(p50_ms), millis(p95_ms), millis(max_ms)]);
    }
    for index in 1..5 {
        align_right(&mut table, index);
    }
    table
}

/// An instant on the province's wall clock: `15:04 21/11`.
pub fn local(at: Timestamp, province: &Province) -> String {
    let format = format_description!("[hour]:[minute] [day]/[month]");
    at.datetime().to_offset(province.profile.utc_offset).format(&format).unwrap_or_default()
}

/// The short Vietnamese name of an agency, `agencies/{id}`.
pub fn agency_name(name: &str, province: &Province) -> String {
    let agency = AgencyId::parse_name(name).ok().and_then(|id| province.agencies.find(&id));
    agency.map_or_else(|| "–".to_owned(), |agency| agency.short_name_vi.clone())
}

/// The Vietnamese name of a leaf.
pub fn leaf_name(code: &str, province: &Province) -> String {
    let leaf = code.parse::<LeafCode>().ok();
    let leaf = leaf.and_then(|leaf| province.taxonomy.find_leaf(&leaf));
    leaf.map_or_else(|| "–".to_owned(), |leaf| leaf.name.vi.clone())
}

/// The first characters of a text, on one line.
pub fn shorten(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return line;
    }
    let kept: String = line.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

fn urgency_mark(played: &Played) -> &'static str {
    match played.report.urgency() {
        Urgency::Emergency => "‼ ",
        Urgency::Urgent => "! ",
        Urgency::Normal | Urgency::Unspecified => "",
    }
}

fn commune(played: &Played) -> String {
    match played.place.r#match() {
        CommuneMatch::Nearest => format!("~{}", played.place.commune_name),
        CommuneMatch::Outside => "(outside)".to_owned(),
        CommuneMatch::Inside | CommuneMatch::Unspecified => played.place.commune_name.clone(),
    }
}

fn due(played: &Played, province: &Province) -> String {
    let due = played.report.respond_due_time;
    let due = due.and_then(|due| runtime::wire::parse_timestamp("due", Some(due)).ok());
    due.map_or_else(|| "–".to_owned(), |due| local(due, province))
}

fn ended_as(played: &Played) -> String {
    let outcome = played.report.answer.as_ref().map(|answer| answer.outcome());
    match outcome.filter(|outcome| *outcome != Outcome::Unspecified) {
        Some(outcome) => summary::word(outcome.as_str_name(), "OUTCOME_").replace('_', " "),
        None if played.access == Access::Quarantine && played.report.state() == ReportState::Returned => {
            "returned ▪".to_owned()
        }
        None => summary::state(played.report.state()).replace('_', " "),
    }
}

fn rated(played: &Played) -> &'static str {
    match (played.verdict, played.reopened) {
        (Some(Verdict::Satisfied), _) => "★★★",
        (Some(Verdict::Acceptable), _) => "★★☆",
        (Some(Verdict::Unsatisfied), true) => "★☆☆↻",
        (Some(Verdict::Unsatisfied), false) => "★☆☆",
        (Some(Verdict::Unspecified) | None, _) => "",
    }
}

/// `=` as the registrar would have it, `≈` another leaf of the same field, `≠` another field or another way.
fn agreement(played: &Played) -> &'static str {
    match (played.leaf_agreed(), played.field_agreed(), played.way_agreed()) {
        (true, _, true) => "=",
        (false, true, true) => "≈",
        _ => "≠",
    }
}

fn plain(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    table.set_header(header);
    for column in table.column_iter_mut() {
        column.set_padding((0, 1));
    }
    table
}

fn align_right(table: &mut Table, index: usize) {
    if let Some(column) = table.column_mut(index) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}
