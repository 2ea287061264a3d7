//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use serde::Serialize;

use crate::proxy::Link;
use crate::town::Pace;

/// Acts a second that two cores carry.
const RATE: f64 = 150.0;

/// Kills everything again and again while citizens use the system, and proves that nothing acknowledged was lost,
/// doubled or told to the wrong person.
#[derive(Debug, Clone, Parser)]
#[command(name = "kill-loop")]
pub struct Options {
    /// How long things go wrong. Without it: as long as it usually takes to see enough, and for as long again at
    /// half the rate, at most twice, on a machine that carries less; too little in the end is a failure.
    #[arg(long)]
    pub seconds: Option<u64>,
    /// Enough is 200 kills and 100,000 acknowledged reports instead of 60 and 20,000.
    #[arg(long, conflicts_with = "seconds")]
    pub full: bool,
    /// Repeats the schedule and what the citizens do.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Acts of the town a second; 60 % of them are reports. At a lower rate the loop takes longer, so that as much is done
    /// and as much goes wrong, unless --seconds says how long.
    #[arg(long, default_value_t = RATE)]
    pub rate: f64,
    /// Citizens.
    #[arg(long, default_value_t = 96)]
    pub citizens: usize,
    /// Processes of each service.
    #[arg(long, default_value_t = 2)]
    pub replicas: usize,
    /// One process on SQLite instead of many on PostgreSQL and RabbitMQ.
    #[arg(long)]
    pub embedded: bool,
    /// Plays single faults instead: these, or all.
    #[arg(long, num_args = 0.., value_name = "NAME")]
    pub faults: Option<Vec<String>>,
    /// How long the broker is away in the fault `broker-down`, in seconds.
    #[arg(long, default_value_t = 30)]
    pub outage: u64,
    /// How often something is restarted in faults that restart it.
    #[arg(long, default_value_t = 20)]
    pub rounds: u64,
    /// Holds every piece between processes and database back, by so many milliseconds.
    #[arg(long, default_value_t = 0)]
    pub slow: u64,
    /// Plants known bugs instead: these numbers, or all; the checker must catch each.
    #[arg(long, num_args = 0.., value_name = "NN")]
    pub planted: Option<Vec<String>>,
    /// A setting of every process of the system, e.g. intake.stuck_after=1h; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub settings: Vec<String>,
    /// How long work may stay open once nothing is broken any more, in seconds.
    #[arg(long, default_value_t = 300)]
    pub quiesce: u64,
    /// Makes copies of the databases wrong in many ways at the end, and has the checker find each (embedded only).
    #[arg(long)]
    pub doctored: bool,
    /// Gives the database a synchronous standby, which suffers as everything else does.
    #[arg(long)]
    pub standby: bool,
    /// Keeps the folder of the run even if all is well.
    #[arg(long)]
    pub keep: bool,
    /// Folder of the run; must not exist.
    #[arg(long)]
    pub folder: Option<PathBuf>,
    /// The product; `tests/kill-loop` builds it.
    #[arg(long)]
    pub binary: PathBuf,
    /// Python with the packages of `tests/python/requirements.txt`.
    #[arg(long, default_value = "python3")]
    pub python: PathBuf,
    /// The repository.
    #[arg(long, default_value = ".")]
    pub root: PathBuf,
}

/// What a kill loop must have seen to prove anything.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Enough {
    /// Kills that hit somebody.
    pub kills: usize,
    /// Reports that were acknowledged.
    pub acknowledged: u64,
}

impl Options {
    /// How long things go wrong.
    pub fn seconds(&self) -> u64 {
        let usual = if self.full { 1_260 } else { 260 };
        self.seconds.unwrap_or_else(|| (f64::from(usual) * self.slowness()).ceil() as u64)
    }

    /// How much longer everything takes than at the usual rate.
    pub fn slowness(&self) -> f64 {
        if self.seconds.is_some() { 1.0 } else { (RATE / self.rate).max(1.0) }
    }

    /// What the loop must have seen; whoever says how long it is to last takes what comes.
    pub fn enough(&self) -> Enough {
        match (self.seconds, self.full) {
            (Some(_), _) => Enough::default(),
            (None, false) => Enough { kills: 60, acknowledged: 20_000 },
            (None, true) => Enough { kills: 200, acknowledged: 100_000 },
        }
    }

    /// The town's pace at so many acts a second.
    pub fn pace(&self, rate: f64) -> Pace {
        Pace { citizens: self.citizens, rate, seed: self.seed, only: None }
    }

    /// How the link to the database behaves when nothing is wrong with it.
    pub const fn usual_link(&self) -> Link {
        if self.slow == 0 { Link::Quick } else { Link::Slow(Duration::from_millis(self.slow)) }
    }

    /// Where a play takes place.
    pub fn folder_of(&self, play: &str) -> PathBuf {
        let name = format!("fieldreport-kill-{play}-{}-{}", self.seed, std::process::id());
        self.folder.clone().unwrap_or_else(|| std::env::temp_dir().join(name))
    }
}
