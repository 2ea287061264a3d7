//! Gives events that failed, or that somebody had when they died, their further attempts: alone, each on record before it
//! begins, until it works or is given up.

use std::sync::Arc;
use std::time::Duration;

use crate::backoff::Backoff;
use crate::consumer::{Consumer, Failure};
use crate::retries::{self, Retry};
use crate::{Handler, Outcome};

/// How often it is looked whether an event's time has come.
const POLL: Duration = Duration::from_millis(500);

/// Runs until the consumer stops.
pub(crate) async fn run<H: Handler>(consumer: Arc<Consumer<H>>) {
    let mut backoff = Backoff::default();
    while !consumer.stop.is_cancelled() {
        let now = consumer.pace.now();
        match retries::take(&consumer.outbox, now, now + consumer.policy.lease).await {
            Ok(Some(retry)) => {
                backoff.reset();
                attempt(&consumer, retry).await;
            }
            Ok(None) => {
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
async fn attempt<H: Handler>(consumer: &Consumer<H>, retry: Retry) {
    let mut backoff = Backoff::default();
    while !consumer.stop.is_cancelled() {
        let recorded = match transact(consumer, &retry).await {
            Ok(Outcome::Done) => {
                consumer.count("done", 1);
                return;
            }
            Ok(Outcome::Failed(reason)) | Err(Failure::Event(reason)) => {
                record(consumer, &retry, &reason).await
            }
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

/// Effect and end of the debt in one transaction.
async fn transact<H: Handler>(consumer: &Consumer<H>, retry: &Retry) -> Result<Outcome, Failure> {
    let event = match retry.envelope() {
        Ok(event) => event,
        Err(unreadable) => return Ok(Outcome::Failed(unreadable.to_string())),
    };
    let mut work = consumer.outbox.begin().await?;
    work.lock(vec![event.report]).await?;
    // Somebody else was faster, after the lease of this attempt had ended; or a commit that seemed lost was not.
    if !retries::settle(work.tx(), event.id.0).await? {
        return Ok(Outcome::Done);
    }
    let outcomes = consumer.handle(&mut work, std::slice::from_ref(&event)).await?;
    let outcome = outcomes.into_iter().next().unwrap_or(Outcome::Done);
    if outcome == Outcome::Done {
        database::fault_point!("messaging.retries.before-attempt-commit");
        work.commit().await?;
        database::fault_point!("messaging.retries.after-attempt-commit");
    }
    Ok(outcome)
}

async fn record<H: Handler>(
    consumer: &Consumer<H>,
    retry: &Retry,
    reason: &str,
) -> Result<(), sea_orm::DbErr> {
    let id = retry.letter.id;
    if retry.attempts >= consumer.policy.attempts {
        consumer.count("parked", 1);
        tracing::error!(queue = consumer.queue, event_id = %id, reason, "an event was parked");
        return retries::postpone(&consumer.outbox, id, reason, None).await;
    }
    consumer.count("retry", 1);
    consumer.warn(id, reason, "an event failed and will be retried");
    let next = consumer.pace.now() + consumer.policy.delay(retry.attempts);
    retries::postpone(&consumer.outbox, id, reason, Some(next)).await
}
