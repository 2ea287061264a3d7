//! Clocks that run down are told about, each once.

use std::collections::BTreeSet;

use metrics::gauge;
use vocabulary::AssignmentId;

use super::Desk;
use crate::domain::Rules;
use crate::error::Error;
use crate::{events, store};

/// Tells about the `limit` clocks that have waited longest. Answers whether there may be more.
pub(crate) async fn tell_deadlines(desk: &Desk, limit: u64) -> Result<bool, Error> {
    let now = desk.clock.now();
    // Most looks find nothing: they must not take the write lock.
    if store::reports_with_alarm(desk.database.read(), now, 1).await?.is_empty() {
        return Ok(false);
    }
    let mut work = desk.outbox.begin().await?;
    let reports = store::reports_with_alarm(work.tx(), now, limit).await?;
    let more = reports.len() as u64 == limit;
    let reports: BTreeSet<_> = reports.into_iter().collect();
    work.lock(reports.iter().copied().collect()).await?;
    let before = store::load(work.tx(), reports).await?;
    let mut after: Vec<_> = before.values().cloned().collect();
    let mint = || AssignmentId(desk.clock.mint());
    for case in &mut after {
        let facts = case.ring(Rules { province: &desk.province, now, mint: &mint });
        events::publish(&mut work, &desk.province, now, case, facts);
    }
    store::save(&mut work, after.iter_mut().map(|case| (before.get(&case.report), case))).await?;
    database::fault_point!("routing.deadlines.before-commit");
    work.commit().await?;
    database::fault_point!("routing.deadlines.after-commit");
    Ok(more)
}

/// Sets the gauges of running and overdue clocks.
pub(crate) async fn observe_clocks(desk: &Desk) -> Result<(), Error> {
    for running in store::count_running(desk.database.read(), desk.clock.now()).await? {
        gauge!("open_clocks", "kind" => running.kind.as_str()).set(running.open as f64);
        gauge!("overdue_clocks", "kind" => running.kind.as_str()).set(running.overdue as f64);
    }
    Ok(())
}
