//! `reconcile`: whether every code that was issued has its report, every report is known where it must be, and every event
//! that was told has arrived. Nothing is changed.

mod deliveries;
mod knowledge;
mod report;

use std::process::ExitCode;

use anyhow::Context as _;
use intake::domain::reconciliation::Days;
use time::Date;
use time::macros::format_description;
use vocabulary::Clock;

use crate::cli::Reconcile;
use crate::commands::events::{Desk, database_of};
use crate::commands::{Misconfigured, block_on, load_province};
use crate::config::Name;
use crate::system;

use self::report::{Report, Wrong};

/// Gaps of intake that are named.
const NAMED: usize = 10_000;

/// Runs.
pub fn run(arguments: &Reconcile) -> anyhow::Result<ExitCode> {
    let report = block_on(compare(arguments))?;
    report.print(arguments.json)?;
    if report.adds_up {
        eprintln!("everything adds up");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{} things do not add up", report.wrong_count);
    Ok(ExitCode::FAILURE)
}

async fn compare(arguments: &Reconcile) -> anyhow::Result<Report> {
    let (from, to) = (parse_day("--from", &arguments.from)?, parse_day("--to", &arguments.to)?);
    let desk = Desk::open(&arguments.common).await?;
    let province = load_province(&desk.config.province)?;
    let now = Clock::system().now();
    let days = Days::new(from, to, province.local_date(now))
        .ok_or_else(|| Misconfigured("--from must not lie after --to".to_owned()))?;
    let settled = now - intake::patience(desk.config.intake.stuck_after.get());

    let mut report = Report::new(days);
    if let Some(taken) = database_of(&desk.outboxes, Name::Intake) {
        let found = intake::reconcile_reports(taken.database(), &province, days, settled, NAMED)
            .await
            .context("the reports of intake cannot be compared")?;
        report.enter_reports(&found);
        let unknown = knowledge::find_unknown(&desk.outboxes, taken, &province, days, settled).await?;
        report.enter_wrong(unknown);
    }
    let period = intake::hours(&province, days);
    let bus = system::open_bus(&desk.config).await?;
    for delivery in deliveries::compare(&desk.outboxes, &bus, period, settled).await? {
        report.enter_delivery(delivery);
    }
    for outbox in &desk.outboxes {
        let (retrying, _) = outbox.count_retries().await?;
        let parked = outbox.parked().await?;
        report.enter_service(outbox.source(), outbox.depth().await?, retrying, parked.len());
        report.enter_wrong(parked.iter().map(|parked| Wrong::parked(outbox.source(), parked)).collect());
    }
    Ok(report)
}

fn parse_day(option: &str, given: &Option<String>) -> Result<Option<Date>, Misconfigured> {
    let parse = |text: &String| {
        Date::parse(text, format_description!("[year]-[month]-[day]"))
            .map_err(|_| Misconfigured(format!("{option} {text:?} is no day such as 2026-11-29")))
    };
    given.as_ref().map(parse).transpose()
}
