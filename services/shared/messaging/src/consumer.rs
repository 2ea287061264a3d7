//! The consumer: takes a batch, does inbox + effects + outbox in one transaction, and only then tells the bus. What fails
//! moves into the service's own database and comes back from there, alone (`retrying`).

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use contract::event::v1::RedriveRequested;
use database::Fault;
use futures::FutureExt as _;
use rand::RngExt as _;
use sea_orm::DbErr;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vocabulary::Clock;

use crate::backoff::Backoff;
use crate::bus::{Arrival, Batch, Feed, Vanished};
use crate::pace::pace;
use crate::retries::{self, Letter, Retry};
use crate::{Bus, BusError, Envelope, Outbox, Work, inbox, retrying};

/// A power of two: see [`database::insert_all`].
const BATCH: u64 = 256;
/// Between the beginnings of two transactions under load.
const PACE: Duration = Duration::from_millis(50);
/// When a queue has vanished, how much before the last consumed event is asked for again.
const LOOK_BACK: Duration = Duration::from_secs(3_600);

/// What a handler made of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The effect is in the transaction (or there is none to have).
    Done,
    /// Nothing was written for it, for the reason given. It comes back, and is parked after enough attempts: another version
    /// of this service, or a later moment, may make something of it.
    Failed(String),
}

/// A service's reaction to events.
pub trait Handler: Send + Sync + 'static {
    /// Works on events that were never seen before, in the order of arrival (which may differ from the order in which they
    /// happened). Answers one outcome per event. No other work is about their reports meanwhile. An error undoes the whole
    /// batch, which is then repeated one by one.
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
    /// Attempts after which the event is parked.
    pub attempts: i32,
    /// How long an attempt may take before another consumer may try.
    pub lease: Duration,
}

impl RetryPolicy {
    /// Five attempts over about three seconds.
    pub const STANDARD: Self = Self {
        base: Duration::from_millis(200),
        maximum: Duration::from_secs(60),
        attempts: 5,
        lease: Duration::from_secs(15),
    };
    /// The same in milliseconds, for tests.
    pub const FAST: Self = Self {
        base: Duration::from_millis(2),
        maximum: Duration::from_millis(20),
        attempts: 5,
        lease: Duration::from_secs(15),
    };

    pub(crate) fn delay(&self, attempts: i32) -> Duration {
        let doubled = self.base.saturating_mul(1 << (attempts - 1).clamp(0, 16));
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
    let deferred = Arc::new(Notify::new());
    let pace = Clock::system();
    let consumer = Arc::new(Consumer { outbox, handler, policy, queue, stop, pace, deferred });
    tokio::join!(follow(bus, consumer.clone()), retrying::run(consumer));
    Ok(())
}

pub(crate) struct Consumer<H> {
    pub(crate) outbox: Outbox,
    pub(crate) handler: H,
    pub(crate) policy: RetryPolicy,
    pub(crate) queue: &'static str,
    pub(crate) stop: CancellationToken,
    /// Attempts are paced by the machine's time: it goes on where a test makes the province's stand still.
    pub(crate) pace: Clock,
    /// Wakes who looks after `retries`.
    pub(crate) deferred: Arc<Notify>,
}

/// Why a transaction came to nothing.
pub(crate) enum Failure {
    /// The database, for the moment: the events are innocent.
    Database(DbErr),
    /// The handler could not bear it: counted against the event.
    Event(String),
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        match database::fault(&error) {
            Fault::Unavailable | Fault::Conflict | Fault::Full => Self::Database(error),
            Fault::Defect => Self::Event(format!("the database refused it: {}", database::describe(&error))),
        }
    }
}

/// Subscribes, works, and begins anew when the connection ends.
async fn follow<H: Handler>(bus: Bus, consumer: Arc<Consumer<H>>) {
    let mut backoff = Backoff::default();
    let mut vanished = Vanished::Tell;
    while !consumer.stop.is_cancelled() {
        let outcome = match bus.subscribe(consumer.queue, vanished).await {
            Ok(feed) => {
                vanished = Vanished::Tell;
                work_on_feed(feed, &consumer, &mut backoff).await
            }
            Err(BusError::QueueVanished) => match request_what_was_lost(&consumer.outbox).await {
                Ok(()) => {
                    vanished = Vanished::Make;
                    continue;
                }
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            tracing::warn!(queue = consumer.queue, error = %error, "deliveries wait: the bus does not give them");
            metrics::counter!("consumer_failures_total", "queue" => consumer.queue).increment(1);
            consumer.pause(backoff.next()).await;
        }
    }
}

async fn work_on_feed<H: Handler>(
    mut feed: Feed,
    consumer: &Consumer<H>,
    backoff: &mut Backoff,
) -> Result<(), BusError> {
    let mut pace = pace(PACE);
    loop {
        pace.tick().await;
        let batch = tokio::select! {
            biased;
            () = consumer.stop.cancelled() => return Ok(()),
            batch = feed.next(BATCH) => batch?,
        };
        let Batch { arrivals, receipt } = batch;
        database::fault_point!("messaging.consumer.after-fetch");
        if !consumer.work_on(arrivals).await {
            return Ok(());
        }
        database::fault_point!("messaging.consumer.before-ack");
        receipt.settle().await?;
        database::fault_point!("messaging.consumer.after-ack");
        backoff.reset();
    }
}

/// A queue is not there: unless this service is new as well, what was in it is asked for again. The request waits in the
/// outbox before the queue is made: whoever dies in between leaves a request too many, never a loss that nobody knows of.
pub(crate) async fn request_what_was_lost(outbox: &Outbox) -> Result<(), BusError> {
    let Some(last) = inbox::last_receive_time(outbox.database().read()).await? else { return Ok(()) };
    tracing::warn!(source = outbox.source(), "a queue had vanished; what was in it is asked for again");
    let mut work = outbox.begin().await?;
    work.request_redrive(&[], Some(last - LOOK_BACK));
    work.commit().await?;
    Ok(())
}

impl<H: Handler> Consumer<H> {
    /// Waits, but not beyond the end of the process.
    pub(crate) async fn pause(&self, pause: Duration) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }

    /// Brings a batch into the database: its effect, or what is owed to it. Holds on to it for as long as the database is
    /// away; `false` when the process stops before.
    async fn work_on(&self, arrivals: Vec<Arrival>) -> bool {
        let mut fresh = Vec::with_capacity(arrivals.len());
        let mut owed = Vec::new();
        for arrival in arrivals {
            match arrival {
                Arrival::Fresh(event) => fresh.push(event),
                Arrival::Again(event, reason) => owed.push(self.owe(Letter::from(&event), reason)),
                Arrival::Unreadable(letter, reason) => owed.push(self.owe(letter, reason)),
            }
        }
        let mut backoff = Backoff::default();
        loop {
            let failure = match self.transact(&fresh, &owed).await {
                Ok(()) => return true,
                Err(failure) => failure,
            };
            let why = match failure {
                // This was their first attempt. Alone each of them, so that the one that fails harms no other.
                Failure::Event(reason) if !fresh.is_empty() => {
                    let failed = fresh.drain(..).map(|event| self.owe(Letter::from(&event), reason.clone()));
                    owed.extend(failed.map(|retry| Retry { attempts: 1, ..retry }));
                    continue;
                }
                Failure::Event(reason) => reason,
                Failure::Database(error) => database::describe(&error),
            };
            tracing::warn!(queue = self.queue, why, "events wait for the database");
            self.count("waiting", 1);
            self.pause(backoff.next()).await;
            if self.stop.is_cancelled() {
                return false;
            }
        }
    }

    fn owe(&self, letter: Letter, reason: String) -> Retry {
        Retry { letter, attempts: 0, next_attempt: retries::AT_ONCE, reason }
    }

    /// Inbox, effects, outbox and what is owed, in one transaction.
    async fn transact(&self, fresh: &[Envelope], owed: &[Retry]) -> Result<(), Failure> {
        let mut work = self.outbox.begin().await?;
        let now = self.outbox.clock().now();
        work.lock(fresh.iter().map(|event| event.report).collect()).await?;
        let ids = fresh.iter().map(|event| event.id.0).chain(owed.iter().map(|retry| retry.letter.id));
        let mut new = inbox::claim(work.tx(), ids, now).await?;
        database::fault_point!("messaging.consumer.after-inbox");
        let events: Vec<Envelope> = fresh.iter().filter(|event| new.remove(&event.id.0)).cloned().collect();
        let mut retries: Vec<Retry> =
            owed.iter().filter(|retry| new.remove(&retry.letter.id)).cloned().collect();
        let failed = self.work_off(&mut work, &events, 1).await?;
        let done = events.len() - failed.len();
        retries.extend(failed);
        database::fault_point!("messaging.consumer.after-handler");
        retries::insert(work.tx(), &retries).await?;
        database::fault_point!("messaging.consumer.before-commit");
        work.commit().await?;
        database::fault_point!("messaging.consumer.after-commit");
        self.count("done", done as u64);
        if let Some(oldest) = events.iter().map(|event| event.time).min() {
            let lag = now.since(oldest).as_secs_f64();
            metrics::histogram!("event_lag_seconds", "queue" => self.queue).record(lag);
        }
        if !retries.is_empty() {
            self.count("retry", retries.len() as u64);
            self.deferred.notify_one();
        }
        Ok(())
    }

    /// The effects of events that nobody had before, or that are owed. Answers those that failed in this attempt, their
    /// `attempts`th, and come back; one that does not is an error.
    pub(crate) async fn work_off(
        &self,
        work: &mut Work,
        events: &[Envelope],
        attempts: i32,
    ) -> Result<Vec<Retry>, Failure> {
        let mut failed = Vec::new();
        for (event, outcome) in events.iter().zip(self.handle(work, events).await?) {
            let Outcome::Failed(reason) = outcome else { continue };
            if attempts >= self.policy.attempts {
                return Err(Failure::Event(reason));
            }
            self.warn(event.id.0, &reason, "an event failed and will be retried");
            let next_attempt = self.pace.now() + self.policy.delay(attempts);
            failed.push(Retry { letter: Letter::from(event), attempts, next_attempt, reason });
        }
        Ok(failed)
    }

    /// The handler's outcomes. Requests to send again are followed here.
    async fn handle(&self, work: &mut Work, events: &[Envelope]) -> Result<Vec<Outcome>, Failure> {
        let mut asked: HashSet<Uuid> = HashSet::new();
        for event in events.iter().filter(|event| event.is::<RedriveRequested>()) {
            let request: RedriveRequested =
                event.decode().map_err(|error| Failure::Event(error.to_string()))?;
            work.redrive(&request).await?;
            asked.insert(event.id.0);
        }
        let ours: Vec<Envelope> =
            events.iter().filter(|event| !asked.contains(&event.id.0)).cloned().collect();
        let handled = AssertUnwindSafe(self.handler.handle(work, &ours)).catch_unwind().await;
        let outcomes = handled.map_err(|panic| Failure::Event(describe(&*panic)))??;
        let mut outcomes = outcomes.into_iter();
        let outcome = |event: &Envelope| match asked.contains(&event.id.0) {
            true => Outcome::Done,
            false => outcomes.next().unwrap_or(Outcome::Done),
        };
        Ok(events.iter().map(outcome).collect())
    }

    pub(crate) fn warn(&self, event: Uuid, reason: &str, what: &'static str) {
        tracing::warn!(queue = self.queue, event_id = %event, reason, "{what}");
    }

    pub(crate) fn count(&self, outcome: &'static str, events: u64) {
        metrics::counter!("events_consumed_total", "queue" => self.queue, "outcome" => outcome)
            .increment(events);
    }
}

/// A constant text of the code is repeated; a formatted one may quote a citizen and is not.
fn describe(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&'static str>().copied().unwrap_or("its message is withheld");
    format!("the handler panicked: {text}")
}
