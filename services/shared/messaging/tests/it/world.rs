//! Two services on real engines: a publisher and a consumer that counts effects in its own database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contract::Event as _;
use contract::event::v1::{RedriveRequested, ReportClosed};
use engines::{Ground, is_settled};
use messaging::{
    Bus, Chaos, Envelope, Handler, Outbox, Outcome, RetryPolicy, Subscription, Work, consume, relay,
};
use sea_orm::DbErr;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vocabulary::{Clock, ReportId};

pub struct Tables;

#[async_trait::async_trait]
impl MigratorTrait for Tables {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = OldTables::migrations();
        migrations.push(Box::new(messaging::migration::OutboxWaiting));
        migrations
    }
}

/// Where a column said when an event was sent.
pub struct OldTables;

#[async_trait::async_trait]
impl MigratorTrait for OldTables {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(messaging::migration::Outbox),
            Box::new(messaging::migration::Inbox),
            Box::new(messaging::migration::OutboxSent),
            Box::new(messaging::migration::Retries),
        ]
    }
}

pub const QUEUE: &str = "listener";
pub const BOUND: Subscription = Subscription { queue: QUEUE, types: &[ReportClosed::TYPE] };
pub const ASKED: Subscription = Subscription { queue: "speaker", types: &[RedriveRequested::TYPE] };
const RETENTION: Duration = Duration::from_secs(3_600);

pub struct World {
    pub folder: tempfile::TempDir,
    pub ground: Ground,
    pub clock: Clock,
    pub bus: Bus,
    /// The publisher's.
    pub outbox: Outbox,
    /// The consumer's.
    pub own: Outbox,
    pub stop: CancellationToken,
}

impl World {
    pub async fn new(chaos: Option<Chaos>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (clock, ground) = (Clock::system(), Ground::new());
        let bus = ground.bus(folder.path(), vec![BOUND, ASKED], chaos).await;
        let service = async |name: &'static str| {
            Outbox::new(ground.open::<Tables>(name, folder.path()).await, name, clock.clone())
        };
        let (outbox, own) = (service("speaker").await, service(QUEUE).await);
        Self { folder, ground, clock, bus, outbox, own, stop: CancellationToken::new() }
    }

    pub async fn say(&self, report: u128, rounds: std::ops::Range<i32>) {
        let mut work = self.outbox.begin().await.unwrap();
        for round in rounds {
            let event = ReportClosed { round, ..ReportClosed::default() };
            work.publish(ReportId(Uuid::from_u128(report)), self.clock.now(), &event);
        }
        work.commit().await.unwrap();
    }

    pub fn start_relay(&self) -> tokio::task::JoinHandle<()> {
        let (outbox, bus, stop) = (self.outbox.clone(), self.bus.clone(), self.stop.clone());
        background(async move { relay(outbox, bus, RETENTION, stop).await.unwrap() })
    }

    pub fn start_listener(&self, listener: Listener) -> tokio::task::JoinHandle<()> {
        self.start_consumer(QUEUE, self.own.clone(), listener, RetryPolicy::FAST)
    }

    /// A listener whose attempts are not its own for long.
    pub fn start_listener_without_lease(&self, listener: Listener) -> tokio::task::JoinHandle<()> {
        let policy = RetryPolicy { lease: Duration::ZERO, ..RetryPolicy::FAST };
        self.start_consumer(QUEUE, self.own.clone(), listener, policy)
    }

    /// The publisher's own consumer, which follows requests to send again.
    pub fn start_speaker(&self) -> tokio::task::JoinHandle<()> {
        self.start_consumer(ASKED.queue, self.outbox.clone(), Listener::default(), RetryPolicy::FAST)
    }

    fn start_consumer(
        &self,
        queue: &'static str,
        outbox: Outbox,
        handler: Listener,
        policy: RetryPolicy,
    ) -> tokio::task::JoinHandle<()> {
        let (bus, stop) = (self.bus.clone(), self.stop.clone());
        background(async move { consume(bus, queue, outbox, handler, policy, stop).await.unwrap() })
    }

    /// Everything that was said has reached the listener: its effect, or the end of its attempts.
    pub async fn until_settled(&self) {
        eventually("every event has arrived", async || {
            is_settled(&[(BOUND, &self.own), (Subscription { queue: "speaker", types: &[] }, &self.outbox)])
                .await
        })
        .await;
    }
}

#[expect(clippy::disallowed_methods, reason = "a test owns its tasks and joins or drops them")]
pub fn background(future: impl Future<Output = ()> + Send + 'static) -> tokio::task::JoinHandle<()> {
    tokio::spawn(future)
}

pub async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    for _ in 0..6_000 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("not within 30 s: {what}");
}

/// Remembers what it saw; misbehaves on demand.
#[derive(Clone, Default)]
pub struct Listener {
    pub seen: Arc<Mutex<Vec<(ReportId, i64, i32)>>>,
    pub faults: Arc<Mutex<HashMap<i32, Fault>>>,
    /// How many events came together.
    pub batches: Arc<Mutex<Vec<usize>>>,
    /// How long an event takes.
    pub pause: Duration,
}

#[derive(Clone, Copy)]
pub enum Fault {
    Panic { times: u32 },
    Fail { times: u32 },
}

impl Handler for Listener {
    async fn handle(&self, _: &mut Work, events: &[Envelope]) -> Result<Vec<Outcome>, DbErr> {
        self.batches.lock().unwrap().push(events.len());
        let mut outcomes = Vec::new();
        let mut seen = Vec::new();
        for event in events {
            let outcome = match event.decode::<ReportClosed>() {
                Ok(closed) => {
                    tokio::time::sleep(self.pause).await;
                    let outcome = self.misbehave(closed.round);
                    if outcome == Outcome::Done {
                        seen.push((event.report, event.sequence, closed.round));
                    }
                    outcome
                }
                Err(error) => Outcome::Failed(error.to_string()),
            };
            outcomes.push(outcome);
        }
        self.seen.lock().unwrap().extend(seen);
        Ok(outcomes)
    }
}

impl Listener {
    pub fn rounds(&self) -> Vec<i32> {
        let mut rounds: Vec<i32> = self.seen.lock().unwrap().iter().map(|(_, _, round)| *round).collect();
        rounds.sort_unstable();
        rounds
    }

    fn misbehave(&self, round: i32) -> Outcome {
        let mut faults = self.faults.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match faults.get_mut(&round) {
            Some(Fault::Panic { times }) if *times > 0 => {
                *times -= 1;
                drop(faults);
                panic!("round {round} is too much");
            }
            Some(Fault::Fail { times }) if *times > 0 => {
                *times -= 1;
                Outcome::Failed("not yet".to_owned())
            }
            _ => Outcome::Done,
        }
    }
}
