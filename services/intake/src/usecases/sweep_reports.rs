//! Finds reports that should move on by themselves and do not, and asks everybody to send again what they have told about
//! them. Whatever a broker may lose, the databases know.

use std::collections::HashMap;
use std::time::Duration;

use vocabulary::{ReportId, Timestamp};

use crate::store::{held, reports};
use crate::{Error, Intake};

/// Reports in one request.
const BATCH: u64 = 500;
/// How long a request may take to help before it is repeated.
const PATIENCE: Duration = Duration::from_secs(300);

/// When help was last asked for, by report.
pub type Asked = HashMap<ReportId, Timestamp>;

/// Asks about reports that have stood still for `stuck_after`. While events wait anywhere, standing still is no sign of a
/// loss, and sending more would only add to the queue: then nothing is asked.
pub async fn sweep_reports(
    intake: &Intake,
    stuck_after: Duration,
    asked: &mut Asked,
) -> Result<usize, Error> {
    let now = intake.outbox.clock().now();
    asked.retain(|_, at| now.since(*at) < PATIENCE);
    let db = intake.outbox.database().read();
    let before = now - stuck_after;
    let mut stuck = reports::list_stuck(db, before, BATCH).await?;
    stuck.extend(held::list_reports(db, before, BATCH).await?);
    stuck.sort_unstable();
    stuck.dedup();
    stuck.retain(|report| !asked.contains_key(report));
    if stuck.is_empty() || events_wait(intake).await? {
        return Ok(0);
    }
    let mut work = intake.outbox.begin().await?;
    work.request_redrive(&stuck, None);
    database::fault_point!("intake.sweep.before-commit");
    work.commit().await?;
    database::fault_point!("intake.sweep.after-commit");
    tracing::warn!(reports = stuck.len(), "reports stand still; what was told about them is asked for again");
    metrics::counter!("reports_swept_total").increment(stuck.len() as u64);
    asked.extend(stuck.iter().map(|report| (*report, now)));
    Ok(stuck.len())
}

async fn events_wait(intake: &Intake) -> Result<bool, Error> {
    if intake.outbox.depth().await? > 0 {
        return Ok(true);
    }
    let bus = &intake.platform.bus;
    for queue in bus.queues() {
        // A bus that does not answer carries nothing either.
        if bus.depth(queue).await.unwrap_or(u64::MAX) > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}
