//! What the demonstration tells its audience, around the tables.

use std::net::SocketAddr;
use std::path::Path;

use contract::common::v1::{Access, CommuneMatch, ReportState};
use province::Province;

use super::cast::PlaceKind;
use super::played::Played;
use super::summary::Summary;
use super::tables::{self, WIDTH};

/// Where the system can be tried.
pub struct Place<'a> {
    /// Its port.
    pub address: SocketAddr,
    /// Its data folder.
    pub data: &'a Path,
    /// Whether it goes on.
    pub serving: bool,
}

/// Everything, for a terminal.
pub fn tell(all: &[Played], summary: &Summary, province: &Province, place: &Place<'_>) -> String {
    let mut text = String::new();
    let mut part = |title: &str, body: &str| {
        text.push_str(&format!("\n{title}\n{}\n", body.trim_end()));
    };
    part(&opening(all, province), &tables::reports(all, province).trim_fmt());
    part("HONESTLY", &honesty(summary));
    if let Some(chosen) = most_eventful(all) {
        let title = format!(
            "ONE LIFE: {}, {} – every entry is chained to the one before by its hash",
            chosen.report.code, chosen.part.about
        );
        part(&tables::shorten(&title, usize::from(WIDTH)), &tables::timeline(chosen, province).trim_fmt());
    }
    part("WORTH A LOOK", &notable(all, province));
    part(
        "WHAT CITIZENS THINK – few answers are hidden, with whatever would let them be derived",
        &tables::scores(&summary.scores).trim_fmt(),
    );
    part("WHERE THE TIME WENT – system and all its callers on this machine", &time(summary));
    part("TRY IT", &next_steps(place));
    text
}

fn opening(all: &[Played], province: &Province) -> String {
    format!(
        "{}: {} REPORTS THROUGH THE REAL API\n\
         ! urgent  !! emergency  ~ nearest commune  ■ hidden from all but cleared officers  ★ verdict  ↻ reopened\n\
         machine against a careful registrar: = the same  ○ the same, but a person looked first  ≈ same field  ≠ other",
        province.profile.name.vi.to_uppercase(),
        all.len()
    )
}

fn honesty(summary: &Summary) -> String {
    let (agreed, of) = (summary.agreed, summary.reports);
    let states: Vec<String> =
        summary.states.iter().map(|(state, count)| format!("{count} {}", state.replace('_', " "))).collect();
    let model: String = summary.model_version.chars().take(8).collect();
    let mut lines = format!(
        "  The model ({model}; it has never seen these texts) agreed with a careful registrar in:\n  \
         leaf {} of {of}, field {} of {of}, urgency {} of {of}, way {} of {of}. What it got wrong, people put right.\n  \
         In the end: {}. Without end or owner: {}.",
        agreed.leaf,
        agreed.field,
        agreed.urgency,
        agreed.way,
        states.join(", "),
        summary.lost
    );
    if summary.faults > 0 {
        lines.push_str(&format!("\n  REPORTS WITH A STEP THAT FAILED: {}", summary.faults));
    }
    lines
}

/// The reopened one, else the one with the longest timeline.
fn most_eventful(all: &[Played]) -> Option<&Played> {
    all.iter().max_by_key(|played| (played.reopened, played.report.timeline.len()))
}

/// The cases to look for, as they really went.
fn notable(all: &[Played], province: &Province) -> String {
    let mut text = String::new();
    let mut say = |title: &str, played: &Played, words: String| {
        text.push_str(&format!("  {title:<17}{}  {}\n", played.report.code, indent(&words)));
    };
    for played in all {
        for (title, words) in cases(played, province) {
            say(title, played, words);
        }
        if let Some(fault) = &played.fault {
            say("FAILED", played, format!("{}: {fault}", played.part.id));
        }
    }
    text
}

fn cases(played: &Played, province: &Province) -> Vec<(&'static str, String)> {
    let report = &played.report;
    let mut cases = where_it_lies(played);
    let agency = || tables::agency_name(&report.agency, province);
    if let Some(same) = played.duplicate_same {
        let outcome = if same { "the same report" } else { "ANOTHER REPORT" };
        cases.push(("sent twice", format!("same request_id → {outcome}")));
    }
    if let Some(advice) = &report.advice {
        cases.push(("emergency", format!("{} has it; the citizen reads at once: “{}”", agency(), advice.vi)));
    }
    if played.hand_backs > 0 {
        let then = match report.state() {
            ReportState::Returned | ReportState::Rejected => "the citizen, with the right channel".to_owned(),
            _ => agency(),
        };
        cases.push(("handed back", format!("not theirs; a coordinator sent it on → {then}")));
    }
    if played.reopened {
        cases.push(("not satisfied", format!("reopened, answered again in round {}", played.rounds)));
    }
    let public = report.messages.iter().filter(|message| !message.internal).count();
    if public > 0 {
        cases.push(("asked back", format!("{public} messages in the thread")));
    }
    match report.state() {
        ReportState::Withdrawn => {
            cases.push(("withdrawn", "stays on record, nobody is asked to rate".to_owned()))
        }
        ReportState::AnsweredDeferred => {
            let promised = report.answer.as_ref().and_then(|answer| answer.promised_time);
            let promised = promised.and_then(|at| runtime::wire::parse_timestamp("promised", Some(at)).ok());
            let date = promised.map(|at| tables::local_day(at, province)).unwrap_or_default();
            cases.push(("promised", format!("answered with a date: {date}")));
        }
        _ => {}
    }
    if !played.secrecy.is_empty() {
        cases.push(("hidden", secrecy(played)));
    }
    cases
}

fn where_it_lies(played: &Played) -> Vec<(&'static str, String)> {
    let place = &played.place;
    let commune = || format!("{} ({})", place.commune_name, place.commune_code);
    match (played.part.place, place.r#match()) {
        (PlaceKind::Island, _) => vec![("island", format!("→ {}", commune()))],
        (PlaceKind::Border, _) => {
            let near: Vec<String> = place
                .candidates
                .iter()
                .map(|near| format!("{} {:.0} m", near.display_name, near.distance_metres))
                .collect();
            vec![("on a border", format!("→ {}; borders near: {}", commune(), near.join(", ")))]
        }
        (_, CommuneMatch::Nearest) => {
            vec![("mudflat", format!("in no commune, {:.0} m from {}", place.distance_metres, commune()))]
        }
        (_, CommuneMatch::Outside) => {
            let channel = played.report.answer.as_ref().and_then(|answer| answer.channel.as_ref());
            let channel = channel.map(|channel| channel.vi.clone()).unwrap_or_default();
            vec![("outside", format!("another province: returned, {}", tables::shorten(&channel, 70)))]
        }
        _ => Vec::new(),
    }
}

fn secrecy(played: &Played) -> String {
    let held = played.secrecy.iter().filter(|probe| probe.held).count();
    // Once in full; the others are as boring as they should be.
    if played.kept_secret() && played.access != Access::Quarantine {
        let since = match played.access {
            Access::Ordinary => "the machine suspected more: hidden until a cleared officer had looked",
            _ => "for good",
        };
        return format!("{since} ({held} of {} attempts held)", played.secrecy.len());
    }
    let title =
        if played.kept_secret() { "from all who may not see it, tried live" } else { "NOT KEPT HIDDEN" };
    let probes: Vec<String> = played
        .secrecy
        .iter()
        .map(|probe| {
            let mark = if probe.held { "✓" } else { "✗" };
            format!("{mark} {:<62}{}", probe.what, probe.answer)
        })
        .collect();
    format!("{title}:\n{}", probes.join("\n"))
}

/// Further lines under the first, so that a case reads as one.
fn indent(words: &str) -> String {
    const COLUMN: usize = 35;
    const ROOM: usize = WIDTH as usize - COLUMN;
    let mut lines: Vec<String> = Vec::new();
    for line in words.lines() {
        let mut row = String::new();
        // Columns inside a line are made of runs of spaces and must stay.
        for word in line.split_inclusive(' ') {
            if row.chars().count() + word.trim_end().chars().count() > ROOM {
                lines.push(std::mem::take(&mut row));
            }
            row.push_str(word);
        }
        lines.push(row);
    }
    for line in &mut lines {
        line.truncate(line.trim_end().len());
    }
    lines.join(&format!("\n{}", " ".repeat(COLUMN)))
}

fn time(summary: &Summary) -> String {
    format!(
        "{}\n  {} reports, {} photos and everything people did with them: {:.2} s; before that, start and painting: {:.2} s{}",
        tables::times(summary).trim_fmt(),
        summary.reports,
        summary.photos,
        summary.wall_ms / 1_000.0,
        summary.prepared_ms / 1_000.0,
        if cfg!(debug_assertions) { "\n  (a debug build; `--release` is faster)" } else { "" }
    )
}

fn next_steps(place: &Place<'_>) -> String {
    // As it was called, so that the lines can be copied.
    let program = std::env::args().next().unwrap_or_else(|| "fieldreport".to_owned());
    let (address, data) = match place.serving {
        true => (place.address.to_string(), place.data.display().to_string()),
        false => ("127.0.0.1:50051".to_owned(), "demo-data".to_owned()),
    };
    let first = match place.serving {
        true => String::new(),
        false => format!(
            "  {program} demo --serve --data-dir {data}          # keeps running; then, in another shell:\n"
        ),
    };
    format!(
        "{first}  TOKEN=$({program} token --data-dir {data} --role coordinator --subject coordinator-1)\n  \
         grpcurl -plaintext -H \"authorization: Bearer $TOKEN\" -d '{{\"page_size\": 3}}' {address} \\\n    \
         fieldreport.routing.v1.DispatchService/ListAssignments\n  \
         pip install grpcio-tools && TOKEN=$TOKEN python3 -c 'import os, sys, grpc; sys.path.insert(0, \"proto\")\n\
         pb, rpc = grpc.protos_and_services(\"fieldreport/satisfaction/v1/satisfaction.proto\")\n\
         scores = rpc.ScoreServiceStub(grpc.insecure_channel(\"{address}\"))\n\
         print(scores.ListScores(pb.ListScoresRequest(dimension=1), metadata=[(\"authorization\", \"Bearer \" + os.environ[\"TOKEN\"])]))'"
    )
}
