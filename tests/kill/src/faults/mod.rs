//! Faults one at a time, each with a clear verdict: `tests/kill-loop --faults [name…]`.

mod broker;
mod database;
mod rolling;
mod stalls;
mod storm;

use std::time::Duration;

use anyhow::Context as _;
use futures::future::BoxFuture;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::options::Options;
use crate::outcome::Outcome;
use crate::site::Site;
use crate::stage::{Props, Stage};
use crate::town::{Act, Pace};

/// One measured promise.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    /// What was measured.
    pub what: String,
    /// What was promised.
    pub target: String,
    /// What was found.
    pub measured: String,
    /// Whether that is enough.
    pub holds: bool,
}

impl Figure {
    /// A count that must be zero.
    pub fn none(what: &str, found: u64) -> Self {
        let (what, target) = (what.to_owned(), "0".to_owned());
        Self { what, target, measured: found.to_string(), holds: found == 0 }
    }

    /// A time that must not be exceeded.
    pub fn within(what: &str, limit: Duration, took: Duration) -> Self {
        let said = |time: Duration| format!("{:.1} s", time.as_secs_f64());
        let target = format!("≤ {}", said(limit));
        Self { what: what.to_owned(), target, measured: said(took), holds: took <= limit }
    }

    /// Something that must be so.
    pub fn holds(what: &str, holds: bool) -> Self {
        let measured = if holds { "yes" } else { "no" }.to_owned();
        Self { what: what.to_owned(), target: "yes".to_owned(), measured, holds }
    }
}

/// A fault script.
struct Script {
    name: &'static str,
    says: &'static str,
    play: for<'a> fn(&'a Play<'a>) -> BoxFuture<'a, anyhow::Result<Vec<Figure>>>,
}

macro_rules! scripts {
    ($($name:literal: $says:literal => $module:ident::$function:ident;)+) => {
        &[$(Script { name: $name, says: $says, play: |play| Box::pin($module::$function(play)) }),+]
    };
}

const SCRIPTS: &[Script] = scripts! {
    "broker-down-at-start": "the broker is down when everything starts" => broker::down_at_start;
    "broker-down": "the broker is away while reports come in" => broker::down;
    "broker-restarts": "the broker is killed and started again, again and again" => broker::restarts;
    "alarm": "the broker raises a memory alarm" => broker::alarm;
    "queue-deleted": "somebody deletes queues of a running system" => broker::queue_deleted;
    "binding-removed": "somebody removes bindings of a running system" => broker::binding_removed;
    "database-down": "the database is away while reports come in" => database::down;
    "database-restarts": "the database is killed and started again under load" => database::restarts;
    "stalls": "every part stands still once" => stalls::every_part;
    "rolling": "twenty rolling restarts under load, with silent sockets open" => rolling::restarts;
    "cancel-storm": "10,000 calls are cancelled, then 100 are acknowledged, then sessions are killed" => storm::cancel;
};

/// What a script plays with.
pub struct Play<'a> {
    options: &'a Options,
    site: Site,
}

impl Play<'_> {
    /// A stage in the play's folder.
    async fn stage(&self, props: Props) -> anyhow::Result<Stage> {
        Stage::open(self.options, self.site.clone(), props).await
    }

    /// The whole town's life.
    fn town(&self, rate: f64) -> Pace {
        self.options.pace(rate)
    }

    /// Nothing but reports.
    fn creates(&self, rate: f64) -> Pace {
        Pace { only: Some(Act::Create), ..self.town(rate) }
    }
}

/// A figure of a script, for programs.
#[derive(Serialize)]
struct Row {
    fault: &'static str,
    #[serde(flatten)]
    figure: Figure,
}

/// Runs the named scripts, or all; well if every figure holds.
pub async fn run(options: &Options, names: &[String]) -> anyhow::Result<Outcome> {
    let unknown: Vec<&String> =
        names.iter().filter(|name| SCRIPTS.iter().all(|script| script.name != **name)).collect();
    let known: Vec<&str> = SCRIPTS.iter().map(|script| script.name).collect();
    anyhow::ensure!(unknown.is_empty(), "unknown: {unknown:?}; there are {}", known.join(", "));
    let wanted = |script: &&Script| names.is_empty() || names.iter().any(|name| name == script.name);
    let mut rows = Vec::new();
    for script in SCRIPTS.iter().filter(wanted) {
        eprintln!("\n==== {}: {}", script.name, script.says);
        let site = Site::make(options.folder_of(script.name), &options.root)?;
        let play = Play { options, site: site.clone() };
        let figures = match (script.play)(&play).await {
            Ok(figures) => figures,
            Err(error) => {
                eprintln!("{error:#}");
                vec![Figure::holds("the script can be played", false)]
            }
        };
        let well = figures.iter().all(|figure| figure.holds);
        if !well {
            site.violated(script.name)?;
        }
        site.leave(options.keep || !well)?;
        rows.extend(figures.into_iter().map(|figure| Row { fault: script.name, figure }));
    }
    eprintln!();
    for Row { fault, figure: Figure { what, target, measured, holds } } in &rows {
        let verdict = if *holds { "holds" } else { "DOES NOT HOLD" };
        eprintln!("{fault:<22} {what:<70} {target:>10} {measured:>10}  {verdict}");
    }
    Outcome::new(rows.iter().all(|row| row.figure.holds), &rows)
}

/// The end of every script: everything settles within `limit`, every invariant holds, every process ends well.
async fn conclude(stage: &Stage, limit: Duration) -> anyhow::Result<Vec<Figure>> {
    let begun = Instant::now();
    let well = stage.settle_and_check("everything must have settled").await?;
    let bad = stage.close().await?;
    bad.iter().for_each(|bad| eprintln!("NOT WELL: {bad}"));
    let alone =
        stage.cluster().lives().iter().filter(|life| life.cause.as_deref() == Some("by itself")).count();
    Ok(vec![
        Figure::within("everything has settled", limit, begun.elapsed()),
        Figure::holds("every invariant holds", well),
        Figure::none("processes that ended by themselves", alone as u64),
        Figure::none("processes that did not end in order", bad.len() as u64),
    ])
}

/// How long one fresh report takes from its acknowledgement to an owner: whether everything flows.
async fn time_to_flow(stage: &Stage, limit: Duration) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    loop {
        if let Some(took) = stage.town.one_report_to_its_owner(limit).await? {
            return Ok(took);
        }
        if begun.elapsed() > limit {
            return Ok(begun.elapsed());
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// Attempts of creates that failed so far.
fn failed_creates(stage: &Stage) -> u64 {
    stage.town.tally.counts().failed_creates
}

/// Acknowledged creates so far.
fn acknowledged(stage: &Stage) -> u64 {
    stage.town.tally.counts().answered.get("create").copied().unwrap_or(0)
}

/// Waits until creates are acknowledged again; answers how long that took.
async fn until_acknowledged(stage: &Stage, limit: Duration) -> anyhow::Result<Duration> {
    let (begun, before) = (Instant::now(), acknowledged(stage));
    while acknowledged(stage) == before {
        anyhow::ensure!(begun.elapsed() < limit, "no report was acknowledged within {limit:?}");
        sleep(Duration::from_millis(20)).await;
    }
    Ok(begun.elapsed())
}

/// The engine's own words when it is told something.
async fn broker(stage: &Stage, words: &[&str]) -> anyhow::Result<String> {
    let engines = stage.engines().context("this script needs engines")?;
    let said = [&["ctl"], words].concat();
    engines.tell(crate::engines::Engine::Broker, &said).await
}
