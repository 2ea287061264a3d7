//! One kill loop: warm → chaos → heal → quiesce → check → restart everything → check again.

use std::time::Duration;

use vocabulary::{Clock, Timestamp};

use crate::nemesis::schedule::{Action, Fault, schedule};
use crate::nemesis::{self, Deed};
use crate::options::Options;
use crate::outcome::Outcome;
use crate::site::Site;
use crate::stage::{Props, START, STOP, Stage};
use crate::summary::Summary;
use crate::town::{Crowd, Pace};

const WARM: Duration = Duration::from_secs(10);
/// How long the town goes on after chaos, to show that all is well again.
const AFTERWARDS: Duration = Duration::from_secs(5);

/// Rounds of a loop before too little is a failure, and how many of them are each half as busy as the one before.
const ROUNDS: u8 = 5;
const CALMER: u8 = 2;

/// What the rounds of a loop have brought.
#[derive(Debug, Default)]
pub struct Seen {
    /// What the town did.
    pub acts: u64,
    /// From the first to the last act of each round.
    pub spans: Vec<(Timestamp, Timestamp)>,
    /// What was done to the system.
    pub deeds: Vec<Deed>,
}

impl Seen {
    /// Kills that hit somebody.
    pub fn kills(&self) -> usize {
        self.hits(true).filter(|hit| *hit > 0).count()
    }

    /// How many each kill hit, or each stall.
    pub fn hits(&self, kill: bool) -> impl Iterator<Item = usize> {
        let deeds = self.deeds.iter().filter(move |deed| (deed.action.fault == Fault::Kill) == kill);
        deeds.map(|deed| deed.hit)
    }
}

/// Runs. The folder of a run that did not go well is kept.
pub async fn run(options: &Options) -> anyhow::Result<Outcome> {
    let site = Site::make(options.folder_of("loop"), &options.root)?;
    let outcome = in_site(options, &site).await;
    site.leave(options.keep || !outcome.as_ref().is_ok_and(|outcome| outcome.well))?;
    outcome
}

async fn in_site(options: &Options, site: &Site) -> anyhow::Result<Outcome> {
    let stage = Stage::open(options, site.clone(), Props::default()).await?;
    let mut summary = live_through(options, &stage, site).await?;
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

/// The town lives while everything goes wrong, and a little longer; once more, and more slowly, if that was too much for
/// this machine to show enough.
async fn live_through(options: &Options, stage: &Stage, site: &Site) -> anyhow::Result<Summary> {
    let enough = options.enough();
    let mut seen = Seen::default();
    for round in 0..ROUNDS {
        if round > 0 {
            eprintln!("\n== too little yet: again, more calmly");
        }
        // Other acts each time: a request id is used once.
        let seed = options.seed + 1_000 * u64::from(round);
        // Where everything takes long, so does coming back: a system that is always struck down answers nobody.
        let calmer = f64::from(1_u8 << round.min(CALMER));
        let pace = Pace { seed, ..options.pace(options.rate / calmer) };
        let names = stage.cluster().members.iter().map(|member| member.spec.name.clone());
        let names: Vec<String> = names.collect();
        let length = options.seconds() * 1_000;
        let actions = schedule(seed, length, options.slowness() * calmer, &names, stage.victim.targets());
        site.write(&format!("schedule-{round}.json"), &actions)?;
        eprintln!("seed {seed}: {} actions", actions.len());
        actions.iter().for_each(|action| eprintln!("{action}"));
        live_round(options.seconds(), pace, stage, &actions, &mut seen).await?;
        if seen.kills() >= enough.kills && stage.town.tally.counts().reports() as u64 >= enough.acknowledged {
            break;
        }
    }
    Ok(Summary::new(&stage.town.tally.counts(), &seen, &stage.cluster().lives()))
}

async fn live_round(
    seconds: u64,
    pace: Pace,
    stage: &Stage,
    actions: &[Action],
    seen: &mut Seen,
) -> anyhow::Result<()> {
    let clock = Clock::system();
    let begun = clock.now();
    let crowd = Crowd::gather(&stage.town, pace);
    tokio::time::sleep(WARM).await;
    let chaos = clock.now();
    seen.deeds.extend(nemesis::carry_out(&stage.victim, actions).await?);
    let left = Duration::from_secs(seconds).saturating_sub(clock.now().since(chaos));
    tokio::time::sleep(left).await;
    stage.victim.heal().await?;
    stage.cluster().until_ready(START).await?;
    tokio::time::sleep(AFTERWARDS).await;
    seen.spans.push((begun, clock.now()));
    seen.acts += crowd.leave().await?;
    Ok(())
}
