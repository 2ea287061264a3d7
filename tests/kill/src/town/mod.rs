//! The town: citizens, coordinators, agencies and readers who use the system in an open loop. A slow or missing answer
//! delays nobody else, and its own person only when many are missing; whoever does not know the outcome asks again under the same id.

pub use acts::Act;

pub mod ask;
pub mod commands;
pub mod lines;
pub mod people;
pub mod script;
pub mod tally;

mod acts;
mod memory;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tonic::Status;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;
use vocabulary::Clock;

use crate::answers::Answers;
use crate::cluster::Service;
use crate::ledger::Ledger;
use lines::Lines;
use memory::Memory;
use people::{People, Person};
use script::Script;
use tally::Tally;

/// Everybody, and what they work with.
pub struct Town {
    /// Where the system listens.
    pub lines: Lines,
    /// Who calls.
    pub people: People,
    /// What they say.
    pub script: Script,
    /// What was asked and answered.
    pub ledger: Ledger,
    /// What was answered to others than the reporter.
    pub answers: Answers,
    /// Counts.
    pub tally: Tally,
    /// The machine's clock.
    pub clock: Clock,
    memory: Memory,
    over: AtomicBool,
}

impl Town {
    /// A town whose people know nothing yet.
    pub fn new(lines: Lines, people: People, script: Script, ledger: Ledger, answers: Answers) -> Self {
        Self {
            lines,
            people,
            script,
            ledger,
            answers,
            tally: Tally::default(),
            clock: Clock::system(),
            memory: Memory::default(),
            over: AtomicBool::new(false),
        }
    }

    /// Whether nobody asks again from now on.
    fn give_up(&self, over: bool) {
        self.over.store(over, Ordering::SeqCst);
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    /// Reads something once; none when nobody answers or it may not be read.
    async fn read_once<R, F: Future<Output = Result<R, Status>>>(
        &self,
        service: Service,
        person: &Person,
        read: impl FnOnce(MetadataValue<Ascii>, Channel) -> F,
    ) -> anyhow::Result<Option<R>> {
        let token = self.people.token(person)?;
        match read(token, self.lines.next(service).channel.clone()).await {
            Ok(answer) => Ok(Some(answer)),
            Err(status) => {
                self.tally.failed("read", &status);
                Ok(None)
            }
        }
    }
}

/// How a town behaves.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// People who act.
    pub citizens: usize,
    /// Acts a second, of all together.
    pub rate: f64,
    /// Repeats the run.
    pub seed: u64,
    /// Everybody does the same; none: the town's mix.
    pub only: Option<Act>,
}

/// A random UUID of a seeded run.
pub fn fresh_id(rng: &mut StdRng) -> String {
    uuid::Builder::from_random_bytes(rng.random()).into_uuid().to_string()
}

/// How long outcomes may stay unknown once nobody acts any more.
const OUTCOMES: Duration = Duration::from_secs(180);

/// Acts of one person that may be under way; more would only pile up where the machine is too slow for the pace.
const UNDER_WAY: usize = 12;

/// Everybody acting, each on a clock of their own.
pub struct Crowd {
    town: Arc<Town>,
    stop: Arc<AtomicBool>,
    people: JoinSet<anyhow::Result<u64>>,
}

impl Crowd {
    /// Begins to act.
    pub fn gather(town: &Arc<Town>, pace: Pace) -> Self {
        town.give_up(false);
        let (town, stop) = (town.clone(), Arc::new(AtomicBool::new(false)));
        let people = (0..pace.citizens).map(|number| one_life(town.clone(), number, pace, stop.clone()));
        Self { people: JoinSet::from_iter(people), town, stop }
    }

    /// Nobody begins anything any more, and all outcomes are waited for, within reason. Answers how many acts there were.
    pub async fn leave(mut self) -> anyhow::Result<u64> {
        self.stop.store(true, Ordering::SeqCst);
        let last_chance = tokio::time::Instant::now() + OUTCOMES;
        let mut acts = 0;
        loop {
            match tokio::time::timeout_at(last_chance, self.people.join_next()).await {
                Ok(Some(ended)) => acts += ended??,
                Ok(None) => break,
                Err(_) => {
                    self.town.give_up(true);
                    while let Some(ended) = self.people.join_next().await {
                        acts += ended??;
                    }
                    break;
                }
            }
        }
        self.town.answers.flush()?;
        Ok(acts)
    }
}

async fn one_life(town: Arc<Town>, number: usize, pace: Pace, stop: Arc<AtomicBool>) -> anyhow::Result<u64> {
    let mut rng = StdRng::seed_from_u64(pace.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ number as u64);
    let mean = pace.citizens as f64 / pace.rate;
    let mut under_way: JoinSet<anyhow::Result<()>> = JoinSet::new();
    let (mut due, mut acts) = (Instant::now(), 0);
    while !stop.load(Ordering::SeqCst) {
        // Exponential pauses: people do not act in step.
        due += Duration::from_secs_f64(-mean * f64::ln(1.0 - rng.random::<f64>()));
        sleep_until(due).await;
        let act = pace.only.unwrap_or_else(|| Act::next(&mut rng));
        let (town, mut own) = (town.clone(), StdRng::seed_from_u64(rng.random()));
        under_way.spawn(async move { town.act(act, number, &mut own).await });
        acts += 1;
        while let Some(done) = under_way.try_join_next() {
            done??;
        }
        while under_way.len() >= UNDER_WAY {
            if let Some(done) = under_way.join_next().await {
                done??;
            }
            due = Instant::now();
        }
    }
    while let Some(done) = under_way.join_next().await {
        done??;
    }
    Ok(acts)
}
