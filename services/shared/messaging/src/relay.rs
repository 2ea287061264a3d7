//! The relay: carries what waits in an outbox to the bus, and forgets it only when the bus has it.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{Bus, BusError, Envelope, Outbox};

/// The safety net under the wake-up after each commit.
const POLL: Duration = Duration::from_millis(500);
const BATCH: u64 = 500;

/// Runs until `stop`. One relay per outbox: order per report depends on it.
pub async fn relay(outbox: Outbox, bus: Bus, stop: CancellationToken) -> Result<(), BusError> {
    let source = outbox.source();
    while !stop.is_cancelled() {
        match carry(&outbox, &bus).await {
            Ok(0) => {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = outbox.woken() => {}
                    () = tokio::time::sleep(POLL) => {}
                }
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(source, error = %error, "events wait in the outbox: the bus does not take them");
                metrics::counter!("outbox_failures_total", "source" => source).increment(1);
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(POLL) => {}
                }
            }
        }
    }
    Ok(())
}

/// Carries one batch; answers how many events went.
async fn carry(outbox: &Outbox, bus: &Bus) -> Result<usize, BusError> {
    let source = outbox.source();
    let waiting = outbox.unsent(BATCH).await?;
    let lag = waiting.first().map_or(Duration::ZERO, |(_, oldest)| outbox.clock().now().since(oldest.time));
    metrics::gauge!("outbox_oldest_seconds", "source" => source).set(lag.as_secs_f64());
    let depth = if waiting.len() as u64 == BATCH { outbox.depth().await? } else { waiting.len() as u64 };
    metrics::gauge!("outbox_waiting", "source" => source).set(depth as f64);
    if waiting.is_empty() {
        return Ok(0);
    }
    let (numbers, envelopes): (Vec<i64>, Vec<Envelope>) = waiting.into_iter().unzip();
    bus.publish(&envelopes).await?;
    let carried = numbers.len();
    outbox.remove(numbers).await?;
    metrics::counter!("events_published_total", "source" => source).increment(carried as u64);
    Ok(carried)
}
