//! The relay: carries what waits in an outbox to the bus, and counts it as sent only when the bus has it.
//!
//! Several relays of one service may run at once: each claims rows that no other holds.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::backoff::Backoff;
use crate::bus::Publisher;
use crate::consumer::request_what_was_lost;
use crate::pace::pace;
use crate::{Bus, BusError, Envelope, Outbox};

/// The safety net under the wake-up after each commit.
const POLL: Duration = Duration::from_millis(500);
const BATCH: u64 = 512;
/// Between two claims under load: one carries what several transactions have left.
const PACE: Duration = Duration::from_millis(40);
/// How often old sent events are looked for, and how many go at once.
const FORGET_EVERY: Duration = Duration::from_secs(30);
const FORGET_BATCH: u64 = 5_000;

/// Runs until `stop`. Events that were sent are kept for `retention`.
pub async fn relay(
    outbox: Outbox,
    bus: Bus,
    retention: Duration,
    stop: CancellationToken,
) -> Result<(), BusError> {
    let source = outbox.source();
    let mut publisher = bus.publisher(source);
    let mut backoff = Backoff::default();
    let mut pace = pace(PACE);
    // A process that never lives long must forget as well.
    let mut forgotten: Option<tokio::time::Instant> = None;
    while !stop.is_cancelled() {
        pace.tick().await;
        let pause = match carry(&outbox, &mut publisher).await {
            Ok(Carried { refused: 0, taken: 0 }) => {
                backoff.reset();
                POLL
            }
            Ok(Carried { refused: 0, .. }) => {
                backoff.reset();
                Duration::ZERO
            }
            Ok(Carried { refused, .. }) => {
                tracing::warn!(source, refused, "events wait in the outbox: the bus has no queue for them");
                metrics::counter!("outbox_failures_total", "source" => source).increment(1);
                backoff.next()
            }
            Err(error) => {
                tracing::warn!(source, error = %error, "events wait in the outbox: the bus does not take them");
                metrics::counter!("outbox_failures_total", "source" => source).increment(1);
                backoff.next()
            }
        };
        if forgotten.is_none_or(|at| at.elapsed() >= FORGET_EVERY) {
            forgotten = Some(tokio::time::Instant::now());
            forget(&outbox, retention).await;
        }
        if pause.is_zero() {
            continue;
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = outbox.woken(), if pause == POLL => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    Ok(())
}

struct Carried {
    taken: usize,
    refused: usize,
}

/// Carries one batch.
async fn carry(outbox: &Outbox, publisher: &mut Publisher) -> Result<Carried, BusError> {
    let source = outbox.source();
    // Before any row is held: connecting may take a while.
    match publisher.check().await {
        Err(BusError::QueueVanished) => {
            request_what_was_lost(outbox).await?;
            publisher.make_queues();
            publisher.check().await?;
        }
        checked => checked?,
    }
    let mut claim = outbox.claim(BATCH).await?;
    let events = std::mem::take(&mut claim.events);
    let lag = events.first().map_or(Duration::ZERO, |(_, oldest)| outbox.clock().now().since(oldest.time));
    metrics::gauge!("outbox_oldest_seconds", "source" => source).set(lag.as_secs_f64());
    if events.is_empty() {
        metrics::gauge!("outbox_waiting", "source" => source).set(0.0);
        return Ok(Carried { taken: 0, refused: 0 });
    }
    database::fault_point!("messaging.relay.after-claim");
    let depth = if events.len() as u64 == BATCH { outbox.depth().await? } else { events.len() as u64 };
    metrics::gauge!("outbox_waiting", "source" => source).set(depth as f64);
    let (numbers, envelopes): (Vec<i64>, Vec<Envelope>) = events.into_iter().unzip();
    database::fault_point!("messaging.relay.before-publish");
    let taken = publisher.publish(&envelopes).await?;
    database::fault_point!("messaging.relay.after-publish");
    let sent: Vec<i64> =
        numbers.iter().zip(&taken).filter(|(_, taken)| **taken).map(|(seq, _)| *seq).collect();
    let carried = Carried { taken: sent.len(), refused: numbers.len() - sent.len() };
    if !sent.is_empty() {
        outbox.mark_sent(claim, sent).await?;
        database::fault_point!("messaging.relay.after-mark");
    }
    metrics::counter!("events_published_total", "source" => source).increment(carried.taken as u64);
    Ok(carried)
}

async fn forget(outbox: &Outbox, retention: Duration) {
    let before = outbox.clock().now() - retention;
    loop {
        match outbox.forget(before, FORGET_BATCH).await {
            // Some of the oldest may still wait.
            Ok(gone) if gone > FORGET_BATCH / 2 => {}
            Ok(_) => return,
            Err(error) => {
                let error = database::describe(&error);
                tracing::warn!(source = outbox.source(), error, "old sent events stay for now");
                return;
            }
        }
    }
}
