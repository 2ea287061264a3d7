//! The command line.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::arrivals::Spacing;
use crate::mix::Mix;
use crate::operation::Service;
use crate::processes::Watched;
use crate::system::Addresses;
use crate::target::Target;

/// Puts load on a running system and says how it did.
#[derive(Debug, Parser)]
#[command(name = "load", args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// Another thing to do than to put load on a running system.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Where the system is.
    #[command(flatten)]
    pub place: Place,
    /// What is played.
    #[command(flatten)]
    pub play: PlayOptions,
    /// Fails unless a figure is good enough, e.g. create_p99=20ms or sustained_per_second=1500; may be repeated.
    #[arg(long = "target", value_name = "FIGURE=LIMIT")]
    pub targets: Vec<Target>,
    /// Where every changing operation is written down before it is sent and after it was answered.
    #[arg(long)]
    pub ledger: Option<PathBuf>,
    /// Measures a process and its children, e.g. intake=4711; may be repeated.
    #[arg(long = "watch-pid", value_name = "NAME=PID")]
    pub watched: Vec<Watched>,
    /// Finds the highest rate that the system sustains: from:to:step, in actions a second, --seconds each.
    #[arg(long, value_name = "FROM:TO:STEP")]
    pub ceiling: Option<Steps>,
}

/// Something else.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs two builds (or one on two folders) in turn, A B A B …, and prints the ratio of every figure.
    Compare(Box<Compare>),
    /// Fills the databases of a system that is not running with reports of two years.
    Seed(SeedOptions),
}

/// Where the system is.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// Where all services listen; several replicas separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "http://127.0.0.1:50051")]
    pub address: Vec<String>,
    /// Where intake listens, if elsewhere.
    #[arg(long, value_delimiter = ',')]
    pub intake: Vec<String>,
    /// Where classification listens, if elsewhere.
    #[arg(long, value_delimiter = ',')]
    pub classification: Vec<String>,
    /// Where routing listens, if elsewhere.
    #[arg(long, value_delimiter = ',')]
    pub routing: Vec<String>,
    /// Where satisfaction listens, if elsewhere.
    #[arg(long, value_delimiter = ',')]
    pub satisfaction: Vec<String>,
    /// Connections to each replica.
    #[arg(long, default_value_t = 2)]
    pub connections: usize,
    /// Data folder of the system: its development key signs the load's tokens.
    #[arg(long, default_value = "data")]
    pub data_dir: PathBuf,
}

impl Place {
    /// Every service's replicas.
    pub fn addresses(&self) -> Addresses {
        let own = [
            (Service::Intake, &self.intake),
            (Service::Classification, &self.classification),
            (Service::Routing, &self.routing),
            (Service::Satisfaction, &self.satisfaction),
        ];
        let elsewhere = own.into_iter().filter(|(_, replicas)| !replicas.is_empty());
        elsewhere.fold(Addresses::same(&self.address), |all, (service, replicas)| all.with(service, replicas))
    }
}

/// What is played.
#[derive(Debug, Clone, Args)]
pub struct PlayOptions {
    /// create, media, dispatch, rating, reads, mixed, or action=weight separated by commas.
    #[arg(long, default_value = "create")]
    pub mix: Mix,
    /// How long is measured.
    #[arg(long, default_value_t = 10)]
    pub seconds: u64,
    /// How long before that the load rises; it is not measured.
    #[arg(long, default_value_t = 2)]
    pub warmup_seconds: u64,
    /// Actions a second (open loop: a slow answer delays no other action); 0 begins one whenever one has ended.
    #[arg(long, default_value_t = 0.0)]
    pub rate: f64,
    /// even or poisson.
    #[arg(long, default_value = "poisson")]
    pub arrivals: Spacing,
    /// Actions under way at one time when the rate is 0.
    #[arg(long, default_value_t = 64)]
    pub concurrency: usize,
    /// How many citizens send.
    #[arg(long, default_value_t = 50)]
    pub citizens: usize,
    /// Threads that send and hear; one for each core unless told. One takes less from shared cores, and is late more often.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub threads: Option<u16>,
    /// Share of reports that are sent again under the same request id.
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    pub replay: f64,
    /// Size of the largest photo in bytes; photos have 1 KiB, 4 KiB, 16 KiB … up to this.
    #[arg(long, default_value_t = 4 << 20)]
    pub largest_photo: usize,
    /// Repeats calls whose outcome is open (UNAVAILABLE, broken connections …), under the same request id.
    #[arg(long)]
    pub retry: bool,
    /// Longest time of one attempt, in seconds.
    #[arg(long, default_value_t = 10)]
    pub timeout_seconds: u64,
    /// Follows every acknowledged report to an agency, a person or an end.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = true, default_missing_value = "true")]
    pub follow: bool,
    /// How long reports may take to settle after the last was sent.
    #[arg(long, default_value_t = 120)]
    pub settle_seconds: u64,
    /// How many timelines are read afterwards for figures that are counted by the system's clock.
    #[arg(long, default_value_t = 5_000)]
    pub sample: usize,
    /// Reads the reports that `load seed` has put into the databases.
    #[arg(long)]
    pub seeded: bool,
    /// Makes the run repeatable.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Province pack: places and texts come from it.
    #[arg(long, default_value = "deploy/camau")]
    pub province: PathBuf,
    /// `iss` of the system's tokens.
    #[arg(long, default_value = "https://fieldreport.invalid/development")]
    pub issuer: String,
    /// `aud` of the system's tokens.
    #[arg(long, default_value = "fieldreport")]
    pub audience: String,
}

impl PlayOptions {
    /// How long the load rises.
    pub fn warmup(&self) -> Duration {
        Duration::from_secs(self.warmup_seconds)
    }

    /// How long is measured.
    pub fn window(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

/// Options of `compare`.
#[derive(Debug, Args)]
pub struct Compare {
    /// One build of `fieldreport`.
    #[arg(long)]
    pub a: PathBuf,
    /// The other build.
    #[arg(long)]
    pub b: PathBuf,
    /// The first build runs on this folder instead of a fresh one, e.g. one that `load seed` has filled.
    #[arg(long)]
    pub data_a: Option<PathBuf>,
    /// The same for the other build.
    #[arg(long)]
    pub data_b: Option<PathBuf>,
    /// Overrides one key of the first build's configuration; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set_a: Vec<String>,
    /// The same for the other build.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set_b: Vec<String>,
    /// How often each of them runs.
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// What is played.
    #[command(flatten)]
    pub play: PlayOptions,
    /// Further options of `fieldreport serve`, for both.
    #[arg(last = true)]
    pub serve: Vec<String>,
}

/// Options of `seed`.
#[derive(Debug, Args)]
pub struct SeedOptions {
    /// How many reports.
    #[arg(long)]
    pub reports: u64,
    /// Data folder: its keys seal the reports; without --database-url its SQLite files are filled.
    #[arg(long, default_value = "data")]
    pub data_dir: PathBuf,
    /// PostgreSQL, `{service}` standing for each service's name.
    #[arg(long)]
    pub database_url: Option<String>,
    /// Creates the schema of SQLite files: starts and stops this build of `fieldreport` once.
    #[arg(long)]
    pub binary: Option<PathBuf>,
    /// Citizens whose reports they are, the same as those of a run with this seed.
    #[arg(long, default_value_t = 50)]
    pub citizens: usize,
    /// Makes the reports repeatable.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Province pack.
    #[arg(long, default_value = "deploy/camau")]
    pub province: PathBuf,
}

/// Rates to be tried, rising.
#[derive(Debug, Clone, PartialEq)]
pub struct Steps {
    /// The first.
    pub from: f64,
    /// The last.
    pub to: f64,
    /// From one to the next.
    pub step: f64,
}

impl FromStr for Steps {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Option<Vec<f64>> = text.split(':').map(|part| part.parse().ok()).collect();
        match numbers.as_deref() {
            Some([from, to, step]) if *from > 0.0 && from <= to && *step > 0.0 => {
                Ok(Self { from: *from, to: *to, step: *step })
            }
            _ => Err(format!("{text:?} is not from:to:step, e.g. 500:4000:250")),
        }
    }
}

fn share(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| format!("{text:?} is not 0 to 1"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_service_may_listen_elsewhere_with_several_replicas() {
        let cli = Cli::parse_from(["load", "--address", "http://a", "--intake", "http://b,http://c"]);
        let same = Addresses::same(&["http://a".to_owned()]);
        let expected = same.with(Service::Intake, &["http://b".to_owned(), "http://c".to_owned()]);
        assert_eq!(cli.place.addresses(), expected);
        assert!(cli.play.follow);
        assert!(!Cli::parse_from(["load", "--follow=false"]).play.follow);
    }
}
