//! The command line.

use std::path::PathBuf;

use clap::Parser;

use crate::town::Pace;

/// Kills everything again and again while citizens use the system, and proves that nothing acknowledged was lost,
/// doubled or told to the wrong person.
#[derive(Debug, Clone, Parser)]
#[command(name = "kill-loop")]
pub struct Options {
    /// How long things go wrong.
    #[arg(long, default_value_t = 240)]
    pub seconds: u64,
    /// Repeats the schedule and what the citizens do.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Acts of the town a second; half of them are reports.
    #[arg(long, default_value_t = 300.0)]
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
    /// Makes copies of the databases wrong in many ways at the end, and has the checker find each (embedded only).
    #[arg(long)]
    pub doctored: bool,
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

impl Options {
    /// The town's pace at so many acts a second.
    pub fn pace(&self, rate: f64) -> Pace {
        Pace { citizens: self.citizens, rate, seed: self.seed, only: None }
    }

    /// Where a play takes place.
    pub fn folder_of(&self, play: &str) -> PathBuf {
        let name = format!("fieldreport-kill-{play}-{}-{}", self.seed, std::process::id());
        self.folder.clone().unwrap_or_else(|| std::env::temp_dir().join(name))
    }
}
