//! The consumer loop: takes a batch, does inbox + effects + outbox in one transaction, and only then settles.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use rand::RngExt as _;
use sea_orm::DbErr;
use tokio_util::sync::CancellationToken;

use crate::bus::{Delivery, Settlement};
use crate::{Bus, BusError, Envelope, Outbox, Work, inbox};

/// The safety net under the wake-up after each publish; also what finds delayed deliveries.
const POLL: Duration = Duration::from_millis(500);
const BATCH: u64 = 200;

/// What a handler made of one event. `Retry` and `Reject` mean that nothing was written for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The effect is in the transaction (or there is none to have).
    Done,
    /// Not now; for the reason given.
    Retry(String),
    /// Never: parked for an operator, with the reason.
    Reject(String),
}

/// A service's reaction to events.
pub trait Handler: Send + Sync + 'static {
    /// Works on events that were never seen before, in the order of arrival (which may differ from the order in which they
    /// happened). Answers one outcome per event. An error undoes the whole batch, which is then repeated one by one.
    fn handle(
        &self,
        work: &mut Work,
        events: &[Envelope],
    ) -> impl Future<Output = Result<Vec<Outcome>, DbErr>> + Send;
}

/// How often and how soon a failed event comes back.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// Delay after the first failure; doubles with each further one.
    pub base: Duration,
    /// Longest delay.
    pub maximum: Duration,
    /// Failures after which the event is parked.
    pub attempts: i32,
}

impl RetryPolicy {
    /// Five attempts over about six seconds.
    pub const STANDARD: Self =
        Self { base: Duration::from_millis(200), maximum: Duration::from_secs(60), attempts: 5 };
    /// The same in milliseconds, for tests.
    pub const FAST: Self =
        Self { base: Duration::from_millis(2), maximum: Duration::from_millis(20), attempts: 5 };

    fn delay(&self, attempts: i32) -> Duration {
        let doubled = self.base.saturating_mul(1 << attempts.clamp(0, 16));
        doubled.min(self.maximum).mul_f64(rand::rng().random_range(0.5..1.0))
    }
}

/// Runs until `stop`: gives the events of `queue` to `handler`, in transactions of the service's `outbox`.
pub async fn consume<H: Handler>(
    bus: Bus,
    queue: &'static str,
    outbox: Outbox,
    handler: H,
    policy: RetryPolicy,
    stop: CancellationToken,
) -> Result<(), BusError> {
    let consumer = Consumer { outbox, handler, policy, queue };
    while !stop.is_cancelled() {
        match step(&bus, &consumer).await {
            Ok(0) => {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = bus.woken(queue) => {}
                    () = tokio::time::sleep(POLL) => {}
                }
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(queue, error = %error, "deliveries wait: the bus does not give or settle them");
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(POLL) => {}
                }
            }
        }
    }
    Ok(())
}

async fn step<H: Handler>(bus: &Bus, consumer: &Consumer<H>) -> Result<usize, BusError> {
    let batch = bus.fetch(consumer.queue, BATCH).await?;
    if batch.is_empty() {
        return Ok(0);
    }
    let taken = batch.len();
    bus.settle(consumer.work_on(batch).await).await?;
    Ok(taken)
}

struct Consumer<H> {
    outbox: Outbox,
    handler: H,
    policy: RetryPolicy,
    queue: &'static str,
}

/// Why a transaction came to nothing.
enum Failure {
    /// The database: the events are innocent.
    Database(DbErr),
    /// The handler could not bear it: counted against the event.
    Event(String),
}

impl<H: Handler> Consumer<H> {
    async fn work_on(&self, batch: Vec<Delivery>) -> Vec<(i64, Settlement)> {
        match self.transact(&batch).await {
            Ok(outcomes) => self.settlements(&batch, outcomes),
            Err(failure) if batch.len() == 1 => vec![self.after_failure(&batch[0], failure)],
            Err(_) => self.work_on_each(batch).await,
        }
    }

    /// One transaction per event, so that the one that fails harms no other.
    async fn work_on_each(&self, batch: Vec<Delivery>) -> Vec<(i64, Settlement)> {
        let mut settlements = Vec::with_capacity(batch.len());
        let mut failed = Vec::new();
        for delivery in batch {
            let alone = [delivery];
            match self.transact(&alone).await {
                Ok(outcomes) => settlements.extend(self.settlements(&alone, outcomes)),
                Err(failure) => {
                    let [delivery] = alone;
                    failed.push((delivery, failure));
                }
            }
        }
        // When the database served the others, it is not the database's fault.
        let database_works = !settlements.is_empty();
        for (delivery, failure) in failed {
            let failure = match failure {
                Failure::Database(error) if database_works => Failure::Event(error.to_string()),
                other => other,
            };
            settlements.push(self.after_failure(&delivery, failure));
        }
        settlements
    }

    /// Inbox, effects and outbox of the whole batch in one transaction; an outcome per delivery.
    async fn transact(&self, batch: &[Delivery]) -> Result<Vec<Outcome>, Failure> {
        let mut work = self.outbox.begin().await?;
        let now = self.outbox.clock().now();
        let mut fresh = inbox::claim(work.tx(), batch.iter().map(|delivery| &delivery.envelope), now).await?;
        let events: Vec<Envelope> = batch
            .iter()
            .filter(|delivery| fresh.remove(&delivery.envelope.id.0))
            .map(|delivery| delivery.envelope.clone())
            .collect();
        let handled = AssertUnwindSafe(self.handler.handle(&mut work, &events)).catch_unwind().await;
        let outcomes = handled.map_err(|panic| Failure::Event(describe(&*panic)))??;
        let without_effect = events
            .iter()
            .zip(&outcomes)
            .filter(|(_, outcome)| **outcome != Outcome::Done)
            .map(|(event, _)| event.id.0)
            .collect();
        inbox::release(work.tx(), without_effect).await?;
        work.commit().await?;
        let of_event = |delivery: &Delivery| {
            let position = events.iter().position(|event| event.id == delivery.envelope.id);
            position.and_then(|index| outcomes.get(index).cloned()).unwrap_or(Outcome::Done)
        };
        Ok(batch.iter().map(of_event).collect())
    }

    fn settlements(&self, batch: &[Delivery], outcomes: Vec<Outcome>) -> Vec<(i64, Settlement)> {
        let settle = |(delivery, outcome): (&Delivery, Outcome)| match outcome {
            Outcome::Done => {
                self.count("done");
                (delivery.id, Settlement::Remove)
            }
            Outcome::Retry(reason) => (delivery.id, self.again(delivery, reason)),
            Outcome::Reject(reason) => (delivery.id, self.park(delivery, reason)),
        };
        batch.iter().zip(outcomes).map(settle).collect()
    }

    fn after_failure(&self, delivery: &Delivery, failure: Failure) -> (i64, Settlement) {
        let settlement = match failure {
            Failure::Database(error) => {
                tracing::warn!(queue = self.queue, error = %error, "an event waits for the database");
                self.count("waiting");
                Settlement::Again { after: self.policy.delay(3), counted: false }
            }
            Failure::Event(message) => self.again(delivery, message),
        };
        (delivery.id, settlement)
    }

    fn again(&self, delivery: &Delivery, reason: String) -> Settlement {
        if delivery.attempts + 1 >= self.policy.attempts {
            return self.park(delivery, reason);
        }
        self.count("retry");
        tracing::warn!(queue = self.queue, event_id = %delivery.envelope.id, reason, "an event will be retried");
        Settlement::Again { after: self.policy.delay(delivery.attempts), counted: true }
    }

    fn park(&self, delivery: &Delivery, reason: String) -> Settlement {
        self.count("parked");
        tracing::error!(queue = self.queue, event_id = %delivery.envelope.id, reason, "an event was parked");
        Settlement::Park { reason }
    }

    fn count(&self, outcome: &'static str) {
        metrics::counter!("events_consumed_total", "queue" => self.queue, "outcome" => outcome).increment(1);
    }
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

/// A constant text of the code is repeated; a formatted one may quote a citizen and is not.
fn describe(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&'static str>().copied().unwrap_or("its message is withheld");
    format!("the handler panicked: {text}")
}
