//! The play as tables that fit 120 columns.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use contract::common::v1::{Access, CommuneMatch, Outcome, ReportState, Urgency, Verdict};
use province::Province;
use time::macros::format_description;
use vocabulary::{AgencyId, LeafCode, Timestamp};

use super::played::{self, Played};
use super::summary::{self, ScoreLine, Spread, Summary};

/// Columns of a terminal that the tables fit.
pub const WIDTH: u16 = 120;
/// One line under the header, nothing else: forty rows are to be read, not framed.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─'));

/// Each report's way.
pub fn reports(all: &[Played], province: &Province) -> Table {
    let header = ["Code", "Report", "Commune", "Field", "Agency", "Due", "Ended as", "★", "="];
    let mut table = plain(&header);
    for played in all {
        table.add_row(row(played, province));
    }
    table
}

fn row(played: &Played, province: &Province) -> Vec<String> {
    let report = &played.report;
    // What is returned is nobody's to answer, whoever had it before.
    let (agency, due) = match report.state() {
        ReportState::Returned | ReportState::Rejected => ("–".to_owned(), "–".to_owned()),
        _ => (agency_name(&report.agency, province), due(played, province)),
    };
    vec![
        report.code.clone(),
        shorten(&format!("{}{}", urgency_mark(played), played.part.text), 22),
        shorten(&commune(played), 13),
        shorten(&leaf_name(&report.leaf, province), 18),
        shorten(&agency, 17),
        due,
        shorten(&ended_as(played), 11),
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

/// What citizens think, per agency; what is hidden is only counted.
pub fn scores(scores: &[ScoreLine]) -> Table {
    let mut table =
        plain(&["Agency", "Asked", "Answered", "Rate", "Satisfied", "[95 % interval]", "Disclosure"]);
    let percent = |value: f64| format!("{:.0} %", value * 100.0);
    let dash = || "–".to_owned();
    for line in scores {
        let Some((asked, answered)) = line.asked.zip(line.answered) else { continue };
        let interval =
            |share: summary::Interval| format!("[{} – {}]", percent(share.lower), percent(share.upper));
        table.add_row([
            shorten(&line.name, 44),
            asked.to_string(),
            answered.to_string(),
            line.response_rate.map_or_else(dash, percent),
            line.satisfied.map_or_else(dash, |share| percent(share.value)),
            line.satisfied.map_or_else(dash, interval),
            line.disclosure.clone(),
        ]);
    }
    let hidden = scores.iter().filter(|line| line.asked.is_none()).count();
    table.add_row([&format!("{hidden} more agencies"), "–", "–", "–", "–", "–", "hidden"]);
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

/// A day on the province's calendar: `06/01/2027`.
pub fn local_day(at: Timestamp, province: &Province) -> String {
    let format = format_description!("[day]/[month]/[year]");
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
        Urgency::Emergency => "!! ",
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
        None if matches!(played.access, Access::Restricted | Access::Quarantine) => {
            format!("{} ■", summary::state(played.report.state()))
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

/// `=` as the registrar would have it, `○` the right leaf but a person looked first, `≈` another leaf of the same field,
/// `≠` another field.
fn agreement(played: &Played) -> &'static str {
    match (played.leaf_agreed(), played.field_agreed(), played.way_agreed()) {
        (true, _, true) => "=",
        (true, _, false) => "○",
        (false, true, _) => "≈",
        (false, false, _) => "≠",
    }
}

fn plain(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE);
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use contract::common::v1::LocalizedText;
    use contract::intake::v1::Answer;

    use super::super::played::tests::{assigned, entry};
    use super::super::summary::Interval;
    use super::*;

    fn pack() -> Province {
        Province::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/camau")).unwrap()
    }

    fn fits(table: &Table) -> Vec<String> {
        let lines: Vec<String> = table.trim_fmt().lines().map(str::to_owned).collect();
        let widest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
        assert!(widest <= usize::from(WIDTH), "{widest}:\n{}", lines.join("\n"));
        lines
    }

    #[test]
    fn texts_are_shortened_to_one_line() {
        assert_eq!(shorten("đường\n hỏng  nặng", 20), "đường hỏng nặng");
        assert_eq!(shorten("đường hỏng nặng", 11), "đường hỏng…");
        assert_eq!(shorten("đường hỏng nặng", 7), "đường…");
    }

    #[test]
    fn a_report_is_one_line_however_long_its_words() {
        let province = pack();
        let mut played = assigned();
        played.part.text = "Ngập-".repeat(50);
        played.report.code = "CM-4F7K2-9QX3M".to_owned();
        played.report.leaf = "infrastructure.sidewalk_manhole".to_owned();
        played.report.set_urgency(Urgency::Emergency);
        played.report.respond_due_time = entry(1, "", 0).time;
        played.report.answer = Some(Answer { outcome: Outcome::NoFaultFound.into(), ..Answer::default() });
        played.place.commune_name = "Nguyễn Phích Thới Bình".to_owned();
        played.place.set_match(CommuneMatch::Nearest);
        (played.verdict, played.reopened) = (Some(Verdict::Unsatisfied), true);
        let lines = fits(&reports(&[played], &province));
        assert_eq!(lines.len(), 3);
        for part in ["CM-4F7K2-9QX3M", "!! Ngập", "~Nguyễn", "no fault", "★☆☆↻", "UBND phường"]
        {
            assert!(lines[2].contains(part), "{part}: {}", lines[2]);
        }
    }

    #[test]
    fn the_mark_says_what_differed() {
        let mut played = assigned();
        assert_eq!(agreement(&played), "=");
        played.review_reasons = Some(Vec::new());
        assert_eq!(agreement(&played), "○");
        played.suggestion.leaf = "electricity_lighting.grid".to_owned();
        assert_eq!(agreement(&played), "≈");
        played.suggestion.field = "health".to_owned();
        assert_eq!(agreement(&played), "≠");
    }

    #[test]
    fn long_words_of_a_timeline_are_wrapped() {
        let mut played = assigned();
        let vi = "Phản ánh đã chuyển đến cơ quan có thẩm quyền. ".repeat(8);
        played.report.timeline[2].text = Some(LocalizedText { vi, en: String::new() });
        assert!(fits(&timeline(&played, &pack())).len() > 6);
    }

    #[test]
    fn hidden_scores_are_only_counted() {
        let shown = ScoreLine {
            subject: "agencies/a".to_owned(),
            name: "A".to_owned(),
            disclosure: "unranked".to_owned(),
            asked: Some(8),
            answered: Some(7),
            response_rate: Some(0.875),
            satisfied: Some(Interval { value: 0.714, lower: 0.359, upper: 0.918 }),
        };
        let hidden = ScoreLine { asked: None, answered: None, name: "B".to_owned(), ..shown.clone() };
        let lines = fits(&scores(&[shown, hidden]));
        assert!(lines[2].contains("[36 % – 92 %]") && lines[2].contains("88 %"), "{}", lines[2]);
        assert!(lines[3].starts_with("1 more agencies") && !lines[3].contains('B'), "{}", lines[3]);
    }
}
