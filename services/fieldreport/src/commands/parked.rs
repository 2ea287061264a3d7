//! `parked`: events that a service gave up after its last attempt: what they are, another life for them, or their end.

use std::collections::BTreeSet;
use std::process::ExitCode;

use messaging::Parked;
use uuid::Uuid;

use crate::cli::{Chosen, List};
use crate::commands::block_on;
use crate::commands::events::{Desk, Line, print};

impl Line {
    /// Never the body, which may hold what a citizen wrote.
    fn parked(service: &str, parked: &Parked) -> Self {
        let attribute = |name: &str| parked.attributes.get(name).cloned().unwrap_or_default();
        Self {
            id: parked.event.to_string(),
            service: service.to_owned(),
            event: attribute("type"),
            report: attribute("subject"),
            time: attribute("time"),
            size: parked.size,
            attempts: Some(parked.attempts),
            reason: Some(parked.reason.clone()),
        }
    }
}

/// Lists.
pub fn list(arguments: &List) -> anyhow::Result<ExitCode> {
    let lines = block_on(async {
        let desk = Desk::open(&arguments.common).await?;
        let mut lines = Vec::new();
        for outbox in &desk.outboxes {
            lines.extend(outbox.parked().await?.iter().map(|parked| Line::parked(outbox.source(), parked)));
        }
        Ok(lines)
    })?;
    print(&lines, arguments.json)?;
    eprintln!("{} events are parked", lines.len());
    Ok(ExitCode::SUCCESS)
}

/// Gives some or all another life.
pub fn replay(arguments: &Chosen) -> anyhow::Result<ExitCode> {
    let replayed = for_each(arguments, async |outbox, ids| Ok(outbox.replay_parked(ids).await?))?;
    eprintln!("{replayed} events will be worked on again");
    Ok(ExitCode::SUCCESS)
}

/// Gives some or all up for ever.
pub fn drop(arguments: &Chosen) -> anyhow::Result<ExitCode> {
    let dropped = for_each(arguments, async |outbox, ids| Ok(outbox.drop_parked(ids).await?))?;
    eprintln!("{dropped} events were given up for ever");
    Ok(ExitCode::SUCCESS)
}

/// Nothing is done when one of the ids is not parked anywhere.
fn for_each(
    arguments: &Chosen,
    work: impl AsyncFn(&messaging::Outbox, &[Uuid]) -> anyhow::Result<u64>,
) -> anyhow::Result<u64> {
    block_on(async {
        let desk = Desk::open(&arguments.common).await?;
        let mut of_service = Vec::new();
        let mut unknown: BTreeSet<Uuid> = arguments.ids.iter().copied().collect();
        for outbox in &desk.outboxes {
            let parked: Vec<Uuid> = outbox.parked().await?.iter().map(|parked| parked.event).collect();
            let wanted = |id: &Uuid| arguments.all || arguments.ids.contains(id);
            let chosen: Vec<Uuid> = parked.into_iter().filter(wanted).collect();
            unknown.retain(|id| !chosen.contains(id));
            of_service.push((outbox, chosen));
        }
        let unknown: Vec<String> = unknown.iter().map(ToString::to_string).collect();
        anyhow::ensure!(unknown.is_empty(), "not parked, so nothing was done: {}", unknown.join(", "));
        let mut done = 0;
        for (outbox, chosen) in of_service {
            done += work(outbox, &chosen).await?;
        }
        Ok(done)
    })
}
