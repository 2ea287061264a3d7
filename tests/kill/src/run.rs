//! One kill loop: warm → chaos → heal → quiesce → check → restart everything → check again.

use std::time::Duration;

use vocabulary::{Clock, Timestamp};

use crate::nemesis;
use crate::nemesis::schedule::{Action, schedule};
use crate::options::Options;
use crate::outcome::Outcome;
use crate::site::Site;
use crate::stage::{Props, START, STOP, Stage};
use crate::summary::Summary;
use crate::town::Crowd;

const WARM: Duration = Duration::from_secs(10);
/// How long the town goes on after chaos, to show that all is well again.
const AFTERWARDS: Duration = Duration::from_secs(5);

/// From the first to the last act.
pub type Span = (Timestamp, Timestamp);

/// Runs. The folder of a run that did not go well is kept.
pub async fn run(options: &Options) -> anyhow::Result<Outcome> {
    let site = Site::make(options.folder_of("loop"), &options.root)?;
    let outcome = in_site(options, &site).await;
    site.leave(options.keep || !outcome.as_ref().is_ok_and(|outcome| outcome.well))?;
    outcome
}

async fn in_site(options: &Options, site: &Site) -> anyhow::Result<Outcome> {
    let stage = Stage::open(options, site.clone(), Props::default()).await?;
    let names: Vec<String> = stage.cluster().members.iter().map(|member| member.spec.name.clone()).collect();
    let actions =
        schedule(options.seed, options.seconds() * 1_000, options.slowness(), &names, stage.victim.targets());
    site.write("schedule.json", &actions)?;
    eprintln!("seed {}: {} actions", options.seed, actions.len());
    actions.iter().for_each(|action| eprintln!("{action}"));

    let mut summary = live_through(options, &stage, &actions).await?;
    summary.print();
    let mut well = stage.settle_and_check("after chaos").await?;
    let bad = stage.cluster().stop(STOP).await;
    bad.iter().for_each(|bad| eprintln!("NOT WELL: {bad}"));
    well &= bad.is_empty();
    if let Some(engines) = &stage.victim.engines {
        for engine in &engines.all {
            engines.crash(*engine).await?;
        }
    }
    stage.cluster().start(START).await?;
    well &= stage.settle_and_check("after a restart of everything").await?;
    stage.close().await?;
    if options.doctored {
        eprintln!("\n== does the checker see what it should?");
        well &= stage.checker.prove().await?;
    }
    let well = summary.verdict(well, &stage.checker.findings()?, options.enough());
    site.write("summary.json", &summary)?;
    Outcome::new(well, &summary)
}

/// The town lives while everything goes wrong, and a little longer.
async fn live_through(options: &Options, stage: &Stage, actions: &[Action]) -> anyhow::Result<Summary> {
    let clock = Clock::system();
    let begun = clock.now();
    let crowd = Crowd::gather(&stage.town, options.pace(options.rate));
    tokio::time::sleep(WARM).await;
    let chaos = clock.now();
    let deeds = nemesis::carry_out(&stage.victim, actions).await?;
    let left = Duration::from_secs(options.seconds()).saturating_sub(clock.now().since(chaos));
    tokio::time::sleep(left).await;
    stage.victim.heal().await?;
    stage.cluster().until_ready(START).await?;
    tokio::time::sleep(AFTERWARDS).await;
    let ended = clock.now();
    let acts = crowd.leave().await?;
    let counts = stage.town.tally.counts();
    Ok(Summary::new(&counts, acts, (begun, ended), &deeds, &stage.cluster().lives()))
}
