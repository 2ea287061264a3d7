//! `outbox`: events that wait to be sent, and sending again what was sent.

use std::process::ExitCode;

use messaging::{Envelope, Selection};
use vocabulary::{EventId, ReportId, Timestamp};

use crate::cli::{List, OutboxDrop, OutboxReplay};
use crate::commands::events::{Desk, Line, print};
use crate::commands::{Misconfigured, block_on};

/// Lines of one service that are shown.
const SHOWN: u64 = 1_000;

impl Line {
    fn unsent(event: &Envelope) -> Self {
        Self {
            id: event.id.to_string(),
            service: event.source.clone(),
            event: event.event_type.clone(),
            report: event.report.name(),
            time: event.time.rfc3339(),
            size: event.body.len(),
            attempts: None,
            reason: None,
        }
    }
}

/// Lists.
pub fn list(arguments: &List) -> anyhow::Result<ExitCode> {
    let (lines, waiting) = block_on(async {
        let desk = Desk::open(&arguments.common).await?;
        let (mut lines, mut waiting) = (Vec::new(), 0);
        for outbox in &desk.outboxes {
            waiting += outbox.depth().await?;
            lines.extend(outbox.unsent(SHOWN).await?.iter().map(Line::unsent));
        }
        Ok((lines, waiting))
    })?;
    print(&lines, arguments.json)?;
    eprintln!("{waiting} events wait to be sent, {} are shown", lines.len());
    Ok(ExitCode::SUCCESS)
}

/// Sends again.
pub fn replay(arguments: &OutboxReplay) -> anyhow::Result<ExitCode> {
    let since = arguments.since.as_deref().map(|text| {
        let wrong = || Misconfigured(format!("--since {text:?} is no instant such as 2026-11-29T08:00:00Z"));
        Timestamp::parse_rfc3339(text).ok_or_else(wrong)
    });
    let reports = arguments.report.iter().map(|name| ReportId::parse_name(name));
    let selection = Selection {
        reports: reports.collect::<Result<_, _>>().map_err(|error| Misconfigured(error.to_string()))?,
        since: since.transpose()?,
        events: arguments.ids.iter().copied().map(EventId).collect(),
    };
    let replayed = block_on(async {
        let desk = Desk::open(&arguments.common).await?;
        let mut replayed = 0;
        for outbox in &desk.outboxes {
            replayed += outbox.replay(&selection).await?;
        }
        Ok(replayed)
    })?;
    eprintln!("{replayed} events will be sent again");
    Ok(ExitCode::SUCCESS)
}

/// Gives up sending.
pub fn drop(arguments: &OutboxDrop) -> anyhow::Result<ExitCode> {
    let events: Vec<EventId> = arguments.ids.iter().copied().map(EventId).collect();
    let dropped = block_on(async {
        let desk = Desk::open(&arguments.common).await?;
        let mut dropped = 0;
        for outbox in &desk.outboxes {
            dropped += outbox.drop_unsent(&events).await?;
        }
        Ok(dropped)
    })?;
    anyhow::ensure!(dropped > 0, "none of these events waits to be sent");
    eprintln!("{dropped} events will never be sent");
    Ok(ExitCode::SUCCESS)
}
