//! Fills the databases of all services with consistent reports of two years, so that reading can be measured at any size.
//!
//! Every report lives as real ones do (`script`); intake's own rules make its code, its hash chain and its seal. What
//! is not filled: answered requests, inboxes and outboxes (their rows are short-lived), photos.

mod classification_rows;
mod endings;
mod facts;
mod hands;
mod intake_rows;
mod life;
mod plan;
mod postgres;
mod routing_rows;
mod satisfaction_rows;
mod scene;
mod script;
mod sqlite;
mod table;
mod words;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use vocabulary::Clock;

pub use self::plan::Plan;

use self::facts::Facts;
use self::scene::Scene;
use self::table::Rows;
use crate::operation::Service;
use crate::options::SeedOptions;
use crate::run::load_province;
use crate::server::Server;

/// Reports made at once.
const BATCH: u64 = 2_000;
/// Batches that may wait for a database.
const AHEAD: usize = 2;

/// What was filled, and how fast.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Filled {
    /// Reports.
    pub reports: u64,
    /// Rows in all databases.
    pub rows: u64,
    /// Seconds it took.
    pub seconds: f64,
}

/// The command.
#[expect(clippy::print_stdout, reason = "the figures are this command's output")]
pub async fn run(options: &SeedOptions) -> anyhow::Result<()> {
    if let Some(binary) = &options.binary {
        create_schema(binary, &options.data_dir, &options.province).await?;
    }
    let plan = Plan {
        reports: options.reports,
        citizens: options.citizens.max(1),
        seed: options.seed,
        until: Clock::system().now(),
    };
    let filled = fill(plan, &options.province, &options.data_dir, options.database_url.as_deref()).await?;
    let per_second = |count: u64| (count as f64 / filled.seconds).round();
    let figures = json!({
        "reports": filled.reports,
        "rows": filled.rows,
        "seconds": filled.seconds,
        "reports_per_second": per_second(filled.reports),
        "rows_per_second": per_second(filled.rows),
    });
    println!("{}", serde_json::to_string_pretty(&figures)?);
    Ok(())
}

/// A system that has been started once has its files and its keys.
async fn create_schema(binary: &Path, data: &Path, province: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(data)?;
    let log = data.join("seed.log");
    Server::start(binary, data, province, &log, &[]).await?.stop().await?;
    Ok(std::fs::remove_file(log)?)
}

/// Fills the SQLite files in `data`, or with a URL the PostgreSQL databases whose keys lie in `data`.
pub async fn fill(plan: Plan, province: &Path, data: &Path, url: Option<&str>) -> anyhow::Result<Filled> {
    anyhow::ensure!(plan.reports > 0, "at least one report must be made");
    let _owned = take(data)?;
    let begin = Instant::now();
    let scene = Arc::new(Scene::prepare(plan.clone(), load_province(province)?, data)?);
    let (mut writers, mut databases) = (JoinSet::new(), Vec::new());
    for service in Service::ALL {
        let database = Database::open(*service, data, url).await?;
        let (sender, receiver) = mpsc::channel(AHEAD);
        databases.push(sender);
        writers.spawn(database.write_all(receiver));
    }
    let maker = tokio::task::spawn_blocking(move || make(&scene, &databases));
    // A database that fails takes its channel with it; its own error says more than that of the maker.
    let mut rows = 0;
    while let Some(written) = writers.join_next().await {
        rows += written??;
    }
    maker.await??;
    plan.write(data)?;
    Ok(Filled { reports: plan.reports, rows, seconds: begin.elapsed().as_secs_f64() })
}

/// No server may run on the folder meanwhile.
fn take(data: &Path) -> anyhow::Result<std::fs::File> {
    let file = data.join("lock");
    let lock = std::fs::File::create(&file).with_context(|| format!("{} is not there", data.display()))?;
    lock.try_lock().with_context(|| format!("{} is in use: stop the system first", data.display()))?;
    Ok(lock)
}

/// Makes all reports, and hands each service what is its own.
fn make(scene: &Scene, databases: &[mpsc::Sender<Rows>]) -> anyhow::Result<()> {
    let mut facts = Facts::default();
    let mut first = 0;
    while first < scene.plan.reports {
        let end = scene.plan.reports.min(first + BATCH);
        let mut rows: [Rows; 4] = Default::default();
        for number in first..end {
            let life = script::play(scene, number)?;
            let [intake, classification, routing, satisfaction] = &mut rows;
            intake_rows::add(intake, scene, &life)?;
            classification_rows::add(classification, scene, &life);
            routing_rows::add(routing, scene, &life);
            satisfaction_rows::add(satisfaction, &mut facts, scene, &life);
        }
        for (database, rows) in databases.iter().zip(rows) {
            database.blocking_send(rows).context("a database does not take rows any more")?;
        }
        first = end;
    }
    databases[Service::Satisfaction as usize].blocking_send(facts.into_rows())?;
    Ok(())
}

enum Database {
    Sqlite(sqlite::File),
    Postgres(postgres::Base),
}

impl Database {
    async fn open(service: Service, data: &Path, url: Option<&str>) -> anyhow::Result<Self> {
        Ok(match url {
            None => Self::Sqlite(sqlite::File::open(&data.join(format!("{service}.db"))).await?),
            Some(url) => {
                Self::Postgres(postgres::Base::open(&url.replace("{service}", service.as_str())).await?)
            }
        })
    }

    /// Writes whatever comes, and answers how many rows it was.
    async fn write_all(mut self, mut batches: mpsc::Receiver<Rows>) -> anyhow::Result<u64> {
        let mut count = 0;
        while let Some(rows) = batches.recv().await {
            count += rows.count();
            match &mut self {
                Self::Sqlite(file) => file.write(rows).await?,
                Self::Postgres(base) => base.write(rows).await?,
            }
        }
        match self {
            Self::Sqlite(file) => file.finish().await?,
            Self::Postgres(base) => base.finish().await?,
        }
        Ok(count)
    }
}
