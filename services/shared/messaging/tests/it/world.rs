//! Two services on real files: a publisher and a consumer that counts effects in its own database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contract::Event as _;
use contract::event::v1::ReportClosed;
use database::Database;
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
        vec![Box::new(messaging::migration::Outbox), Box::new(messaging::migration::Inbox)]
    }
}

pub const QUEUE: &str = "listener";
pub const BOUND: Subscription = Subscription { queue: QUEUE, types: &[ReportClosed::TYPE] };

pub struct World {
    pub folder: tempfile::TempDir,
    pub clock: Clock,
    pub bus: Bus,
    pub outbox: Outbox,
    pub stop: CancellationToken,
}

impl World {
    pub async fn new(chaos: Option<Chaos>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::system();
        let bus = Bus::open(&folder.path().join("bus.db"), vec![BOUND], clock.clone(), chaos).await.unwrap();
        let outbox = Self::service(&folder, "speaker", &clock).await;
        Self { folder, clock, bus, outbox, stop: CancellationToken::new() }
    }

    async fn service(folder: &tempfile::TempDir, name: &'static str, clock: &Clock) -> Outbox {
        let database = Database::open(&folder.path().join(format!("{name}.db"))).await.unwrap();
        database.migrate::<Tables>().await.unwrap();
        Outbox::new(database, name, clock.clone())
    }

    pub async fn listener(&self) -> Outbox {
        Self::service(&self.folder, "listener", &self.clock).await
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
        background(async move { relay(outbox, bus, stop).await.unwrap() })
    }

    pub async fn start_listener(&self, listener: Listener) -> tokio::task::JoinHandle<()> {
        let (bus, outbox, stop) = (self.bus.clone(), self.listener().await, self.stop.clone());
        background(
            async move { consume(bus, QUEUE, outbox, listener, RetryPolicy::FAST, stop).await.unwrap() },
        )
    }

    pub async fn until_idle(&self) {
        eventually("the outbox and every queue are empty", async || {
            self.outbox.depth().await.unwrap() == 0 && self.bus.is_idle().await.unwrap()
        })
        .await;
    }
}

#[expect(clippy::disallowed_methods, reason = "a test owns its tasks and joins or drops them")]
pub fn background(future: impl Future<Output = ()> + Send + 'static) -> tokio::task::JoinHandle<()> {
    tokio::spawn(future)
}

pub async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    for _ in 0..2_000 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("not within 10 s: {what}");
}

/// Remembers what it saw; misbehaves on demand.
#[derive(Clone, Default)]
pub struct Listener {
    pub seen: Arc<Mutex<Vec<(ReportId, i64, i32)>>>,
    pub faults: Arc<Mutex<HashMap<i32, Fault>>>,
}

#[derive(Clone, Copy)]
pub enum Fault {
    Panic { times: u32 },
    Reject,
    Retry { times: u32 },
}

impl Handler for Listener {
    async fn handle(&self, _: &mut Work, events: &[Envelope]) -> Result<Vec<Outcome>, DbErr> {
        let mut outcomes = Vec::new();
        let mut seen = Vec::new();
        for event in events {
            let round = event.decode::<ReportClosed>().unwrap().round;
            let outcome = self.misbehave(round);
            if outcome == Outcome::Done {
                seen.push((event.report, event.sequence, round));
            }
            outcomes.push(outcome);
        }
        self.seen.lock().unwrap().extend(seen);
        Ok(outcomes)
    }
}

impl Listener {
    fn misbehave(&self, round: i32) -> Outcome {
        let mut faults = self.faults.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match faults.get_mut(&round) {
            Some(Fault::Reject) => Outcome::Reject("not for me".to_owned()),
            Some(Fault::Panic { times }) if *times > 0 => {
                *times -= 1;
                drop(faults);
                panic!("round {round} is too much");
            }
            Some(Fault::Retry { times }) if *times > 0 => {
                *times -= 1;
                Outcome::Retry("not yet".to_owned())
            }
            _ => Outcome::Done,
        }
    }
}
