//! `parked`: deliveries that a service gave up after its last try: what they are, and another life for them.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::ExitCode;

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
use messaging::{Bus, Parked};
use serde::Serialize;
use vocabulary::Clock;

use crate::cli::{Common, ParkedList, ParkedReplay};
use crate::commands::{Misconfigured, block_on, load_config};
use crate::data_folder::DataFolder;
use crate::system;

/// A parked delivery as operators see it: never its body, which may hold what a citizen wrote.
#[derive(Serialize)]
struct Line<'a> {
    id: i64,
    queue: &'a str,
    event: &'a str,
    report: String,
    time: String,
    reason: &'a str,
}

impl<'a> Line<'a> {
    fn new(parked: &'a Parked) -> Self {
        let envelope = &parked.envelope;
        Self {
            id: parked.id,
            queue: &parked.queue,
            event: &envelope.event_type,
            report: envelope.report.to_string(),
            time: envelope.time.rfc3339(),
            reason: &parked.reason,
        }
    }
}

/// Lists.
pub fn list(arguments: &ParkedList) -> anyhow::Result<ExitCode> {
    let data = take(&arguments.common)?;
    let parked = block_on(async { Ok(open(&data).await?.parked().await?) })?;
    let mut output = std::io::stdout().lock();
    if arguments.json {
        for delivery in &parked {
            serde_json::to_writer(&mut output, &Line::new(delivery))?;
            output.write_all(b"\n")?;
        }
    } else if !parked.is_empty() {
        writeln!(output, "{}", table(&parked))?;
    }
    eprintln!("{} deliveries are parked in {}", parked.len(), data.path().display());
    Ok(ExitCode::SUCCESS)
}

/// Gives some or all another life: they are delivered when a server runs again.
pub fn replay(arguments: &ParkedReplay) -> anyhow::Result<ExitCode> {
    let data = take(&arguments.common)?;
    let replayed = block_on(async {
        let bus = open(&data).await?;
        let parked: BTreeSet<i64> = bus.parked().await?.iter().map(|parked| parked.id).collect();
        let chosen = if arguments.all { parked.clone() } else { arguments.ids.iter().copied().collect() };
        let unknown: Vec<String> = chosen.difference(&parked).map(ToString::to_string).collect();
        anyhow::ensure!(unknown.is_empty(), "not parked, so nothing was replayed: {}", unknown.join(", "));
        Ok(bus.replay(chosen.into_iter().collect()).await?)
    })?;
    eprintln!(
        "{replayed} deliveries will be delivered again when a server runs on {}",
        data.path().display()
    );
    Ok(ExitCode::SUCCESS)
}

fn take(common: &Common) -> anyhow::Result<DataFolder> {
    let data = load_config(common)?.data;
    if !data.join(system::BUS).exists() {
        return Err(Misconfigured(format!("no system has run on the data folder {}", data.display())).into());
    }
    DataFolder::take(&data)
}

async fn open(data: &DataFolder) -> anyhow::Result<Bus> {
    let file = data.path().join(system::BUS);
    Ok(Bus::open(&file, system::SUBSCRIPTIONS.to_vec(), Clock::system(), None).await?)
}

fn table(parked: &[Parked]) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─')));
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["Id", "Queue", "Event", "Report", "Told", "Reason"]);
    for delivery in parked {
        let line = Line::new(delivery);
        let event = delivery.envelope.short_type();
        table.add_row([&line.id.to_string(), line.queue, event, &line.report, &line.time, line.reason]);
    }
    table
}
