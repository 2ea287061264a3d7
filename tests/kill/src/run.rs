//! One kill loop: warm → chaos → heal → quiesce → check → restart everything → check again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use vocabulary::{Clock, Timestamp};

use crate::answers::Answers;
use crate::canary::Canary;
use crate::checker::Checker;
use crate::cluster::{Cluster, Program, layout};
use crate::ledger::Ledger;
use crate::nemesis::schedule::schedule;
use crate::nemesis::{self, Victim};
use crate::options::Options;
use crate::site::Site;
use crate::summary::Summary;
use crate::town::lines::Lines;
use crate::town::people::People;
use crate::town::script::Script;
use crate::town::{Pace, Town, live};

const START: Duration = Duration::from_secs(60);
const WARM: Duration = Duration::from_secs(10);
/// How long the town goes on after chaos, to show that all is well again.
const AFTERWARDS: Duration = Duration::from_secs(5);
/// How long outcomes may stay unknown once nothing is broken any more.
const OUTCOMES: Duration = Duration::from_secs(60);
const QUIESCE: Duration = Duration::from_secs(120);
const STOP: Duration = Duration::from_secs(30);

/// Runs; answers whether everything holds.
pub async fn run(options: &Options) -> anyhow::Result<bool> {
    let folder = options.folder.clone().unwrap_or_else(|| {
        std::env::temp_dir().join(format!("fieldreport-kill-{}-{}", options.seed, std::process::id()))
    });
    let site = Site::make(folder, &options.root)?;
    let outcome = in_site(options, &site).await;
    let well = matches!(outcome, Ok(true));
    if well && !options.keep {
        site.remove()?;
    } else {
        eprintln!("seed, schedule, ledger, logs and databases are in {}", site.folder.display());
    }
    outcome
}

async fn in_site(options: &Options, site: &Site) -> anyhow::Result<bool> {
    let clock = Clock::system();
    let canary = Canary::of(options.seed);
    site.write("site.json", &site.describe_embedded(&canary))?;
    let specs = layout::embedded()?;
    let names: Vec<String> = specs.iter().map(|spec| spec.name.clone()).collect();
    let actions = schedule(options.seed, options.seconds * 1_000, &names, !options.embedded);
    site.write("schedule.json", &actions)?;
    actions.iter().for_each(|action| eprintln!("{action}"));

    let program = Program {
        binary: options.binary.canonicalize()?,
        data: site.data(),
        province: site.province(),
        settings: vec!["telemetry.log_level=info".to_owned()],
    };
    let cluster = Arc::new(Cluster::new(&program, specs.clone(), options.embedded, &site.logs()));
    cluster.start(START).await?;
    let victim = Victim { cluster: cluster.clone(), engines: None };
    let town = Arc::new(Town::new(
        Lines::to(&specs)?,
        People::of(&site.data(), canary.clone())?,
        Script::read(&site.province())?,
        Ledger::create(&site.ledger())?,
        Answers::create(&site.answers())?,
    ));

    let stop = Arc::new(AtomicBool::new(false));
    let pace = Pace { citizens: options.citizens, rate: options.rate, seed: options.seed };
    let begun = clock.now();
    let living = tokio::task::JoinSet::from_iter([live(town.clone(), pace, stop.clone())]);
    tokio::time::sleep(WARM).await;
    let chaos_began = clock.now();
    let deeds = nemesis::carry_out(&victim, &actions).await?;
    let left = Duration::from_secs(options.seconds).saturating_sub(clock.now().since(chaos_began));
    tokio::time::sleep(left).await;
    nemesis::heal(&victim).await?;
    cluster.until_ready(START).await?;
    tokio::time::sleep(AFTERWARDS).await;
    let ended = clock.now();
    let acts = finish(&town, living, &stop).await?;

    let checker = Checker::new(options.python.clone(), site.clone());
    let mut summary = Summary::new(&town.tally.counts(), acts, (begun, ended), &deeds, &cluster.lives());
    summary.print();
    let mut well = summary.is_well();
    well &= settle_and_check(&checker, "after chaos").await?;
    let bad = cluster.stop(STOP).await;
    bad.iter().for_each(|bad| eprintln!("NOT WELL: {bad}"));
    well &= bad.is_empty();
    cluster.start(START).await?;
    well &= settle_and_check(&checker, "after a restart of everything").await?;
    cluster.stop(STOP).await;
    summary.verdict(well);
    site.write("summary.json", &summary)?;
    Ok(well)
}

/// Nobody acts any more; outcomes that are unknown get a last chance.
async fn finish(
    town: &Arc<Town>,
    mut living: tokio::task::JoinSet<anyhow::Result<u64>>,
    stop: &AtomicBool,
) -> anyhow::Result<u64> {
    stop.store(true, Ordering::SeqCst);
    let ended = match tokio::time::timeout(OUTCOMES, living.join_next()).await {
        Ok(ended) => ended,
        Err(_) => {
            town.give_up();
            living.join_next().await
        }
    };
    town.answers.flush()?;
    ended.transpose()?.transpose().map(Option::unwrap_or_default)
}

async fn settle_and_check(checker: &Checker, when: &str) -> anyhow::Result<bool> {
    eprintln!("\n== {when}");
    match checker.until_idle(QUIESCE).await? {
        Ok(took) => eprintln!("no work is open after {:.1} s", took.as_secs_f64()),
        Err(open) => {
            eprintln!("NOT WELL: work is still open after {QUIESCE:?}: {open}");
            checker.check().await?;
            return Ok(false);
        }
    }
    checker.check().await
}

/// From the first to the last act.
pub type Span = (Timestamp, Timestamp);
