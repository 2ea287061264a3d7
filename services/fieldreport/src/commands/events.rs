//! What the operators' commands on events share: the databases, and how events are shown.

use std::io::Write as _;

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
use messaging::Outbox;
use serde::Serialize;

use crate::cli::Common;
use crate::commands::{Misconfigured, load_config};
use crate::config::{Config, Name};
use crate::data_folder::DataFolder;
use crate::system;

/// The databases of the configured services.
pub(super) struct Desk {
    pub(super) config: Config,
    pub(super) outboxes: Vec<Outbox>,
    _data: Option<DataFolder>,
}

impl Desk {
    /// Opens them. Looking makes nothing: a folder on which no system has run is refused.
    pub(super) async fn open(common: &Common) -> anyhow::Result<Self> {
        let config = load_config(common)?;
        let embedded = config.database.url.is_none();
        if embedded && !config.data.join("intake.db").exists() {
            let folder = config.data.display();
            return Err(Misconfigured(format!("no system has run on the data folder {folder}")).into());
        }
        let data = if embedded { Some(DataFolder::take(&config.data)?) } else { None };
        Ok(Self { outboxes: system::open_outboxes(&config).await?, config, _data: data })
    }
}

/// The database of a service, if it is one of those that are configured.
pub(super) fn database_of(outboxes: &[Outbox], name: Name) -> Option<&Outbox> {
    outboxes.iter().find(|outbox| outbox.source() == name.as_str())
}

/// An event as operators see it.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    pub(super) id: String,
    pub(super) service: String,
    pub(super) event: String,
    pub(super) report: String,
    pub(super) time: String,
    pub(super) size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attempts: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
}

/// As a table, or one JSON object a line.
pub(super) fn print(lines: &[Line], json: bool) -> anyhow::Result<()> {
    let mut output = std::io::stdout().lock();
    if json {
        for line in lines {
            serde_json::to_writer(&mut output, line)?;
            output.write_all(b"\n")?;
        }
    } else if !lines.is_empty() {
        writeln!(output, "{}", table(lines))?;
    }
    Ok(())
}

/// A table without rows, as operators' commands print them.
pub(super) fn empty_table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─')));
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header);
    table
}

fn table(lines: &[Line]) -> Table {
    let mut table = empty_table(["Id", "Service", "Event", "Report", "Told", "Reason"]);
    for line in lines {
        let event = line.event.rsplit('.').next().unwrap_or(&line.event);
        let reason = line.reason.as_deref().unwrap_or_default();
        table.add_row([&line.id, &line.service, event, &line.report, &line.time, reason]);
    }
    table
}
