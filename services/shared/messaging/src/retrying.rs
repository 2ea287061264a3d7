//! Gives events that failed, or that somebody had when they died, their further attempts, each on record before it begins,
//! until it works or is given up. What failed is alone; what only lay where somebody died is attempted in company first.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::backoff::Backoff;
use crate::consumer::{Consumer, Failure};
use crate::retries::{self, AT_ONCE, Retry};
use crate::{Envelope, Handler};

/// How often it is looked whether an event's time has come.
const POLL: Duration = Duration::from_millis(500);

/// Runs until the consumer stops.
pub(crate) async fn run<H: Handler>(consumer: Arc<Consumer<H>>) {
    let mut backoff = Backoff::default();
    while !consumer.stop.is_cancelled() {
        let now = consumer.pace.now();
        match retries::take(&consumer.outbox, now, now + consumer.policy.lease).await {
            Ok(retries) if !retries.is_empty() => {
                backoff.reset();
                attempt(&consumer, &retries).await;
            }
            Ok(_) => {
                backoff.reset();
                let pause = POLL.min(consumer.policy.maximum);
                tokio::select! {
                    () = consumer.stop.cancelled() => {}
                    () = consumer.deferred.notified() => {}
                    () = tokio::time::sleep(pause) => {}
                }
            }
            Err(error) => {
                let error = database::describe(&error);
                tracing::warn!(queue = consumer.queue, error, "retries wait for the database");
                consumer.pause(backoff.next()).await;
            }
        }
    }
}

/// One attempt, for as long as the database is away; then its record.
async fn attempt<H: Handler>(consumer: &Consumer<H>, retries: &[Retry]) {
    let mut backoff = Backoff::default();
    while !consumer.stop.is_cancelled() {
        let recorded = match transact(consumer, retries).await {
            Ok(()) => return,
            Err(Failure::Event(reason)) => record(consumer, retries, &reason).await,
            Err(Failure::Database(error)) => Err(error),
        };
        match recorded {
            Ok(()) => return,
            Err(error) => {
                let error = database::describe(&error);
                tracing::warn!(queue = consumer.queue, error, "an event waits for the database");
                consumer.pause(backoff.next()).await;
            }
        }
    }
}

/// Effects and the end of the debts in one transaction.
async fn transact<H: Handler>(consumer: &Consumer<H>, retries: &[Retry]) -> Result<(), Failure> {
    let mut events = retries
        .iter()
        .map(Retry::envelope)
        .collect::<Result<Vec<Envelope>, _>>()
        .map_err(|unreadable| Failure::Event(unreadable.to_string()))?;
    let mut work = consumer.outbox.begin().await?;
    work.lock(events.iter().map(|event| event.report).collect()).await?;
    let owed = retries::settle(work.tx(), &ids(retries)).await?;
    // Somebody else was faster, after the lease of this attempt had ended; or a commit that seemed lost was not.
    events.retain(|event| owed.contains(&event.id.0));
    if events.is_empty() {
        return Ok(());
    }
    // What goes together was never attempted before: the number is the same for all.
    let attempts = retries.iter().map(|retry| retry.attempts).max().unwrap_or(1);
    let failed = consumer.work_off(&mut work, &events, attempts).await?;
    retries::insert(work.tx(), &failed).await?;
    database::fault_point!("messaging.retries.before-attempt-commit");
    work.commit().await?;
    database::fault_point!("messaging.retries.after-attempt-commit");
    consumer.count("done", (events.len() - failed.len()) as u64);
    consumer.count("retry", failed.len() as u64);
    Ok(())
}

fn ids(retries: &[Retry]) -> Vec<Uuid> {
    retries.iter().map(|retry| retry.letter.id).collect()
}

async fn record<H: Handler>(
    consumer: &Consumer<H>,
    retries: &[Retry],
    reason: &str,
) -> Result<(), sea_orm::DbErr> {
    let [retry] = retries else {
        // One of them; which, the attempts of each alone will say.
        consumer.count("retry", retries.len() as u64);
        return retries::postpone(&consumer.outbox, &ids(retries), reason, Some(AT_ONCE)).await;
    };
    let id = retry.letter.id;
    if retry.attempts >= consumer.policy.attempts {
        consumer.count("parked", 1);
        tracing::error!(queue = consumer.queue, event_id = %id, reason, "an event was parked");
        return retries::postpone(&consumer.outbox, &[id], reason, None).await;
    }
    consumer.count("retry", 1);
    consumer.warn(id, reason, "an event failed and will be retried");
    let next = consumer.pace.now() + consumer.policy.delay(retry.attempts);
    retries::postpone(&consumer.outbox, &[id], reason, Some(next)).await
}
