//! `load`: puts load on a running system, compares two builds, fills databases. README.md says how figures are taken.

use clap::Parser as _;
use load::options::{Cli, Command, Compare, Steps};
use load::{Ledger, System, Theatre};
use serde_json::json;
use tokio::runtime::Builder;
use vocabulary::Clock;

/// As in the product: the generator should take little from the cores that it shares with what it measures.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let mut runtime = Builder::new_multi_thread();
    let threads = match &cli.command {
        Some(Command::Compare(options)) => options.play.threads,
        Some(Command::Seed(_)) => None,
        None => cli.play.threads,
    };
    if let Some(threads) = threads {
        runtime.worker_threads(usize::from(threads));
    }
    runtime.enable_all().build()?.block_on(async {
        match &cli.command {
            Some(Command::Compare(options)) => compare(options).await,
            Some(Command::Seed(options)) => load::seed::run(options).await,
            None => put_load(&cli).await,
        }
    })
}

async fn put_load(cli: &Cli) -> anyhow::Result<()> {
    let system = System::connect(&cli.place.addresses(), cli.place.connections)?;
    let ledger = match &cli.ledger {
        Some(path) => Ledger::open(path, Clock::system())?,
        None => Ledger::default(),
    };
    let data = &cli.place.data_dir;
    let mut theatre = Theatre::open(system, data, ledger, cli.watched.clone(), &cli.play)?;
    if let Some(steps) = &cli.ceiling {
        return find_ceiling(&mut theatre, steps).await;
    }
    let figures = theatre.play(cli.play.rate).await?;
    eprintln!("{}", load::render_figures(&figures, &cli.targets));
    print(&figures)?;
    let mut faults = figures.faults();
    let missed = cli.targets.iter().filter(|target| !target.is_met(&figures));
    faults.extend(missed.map(|target| format!("{} is not {target}", target.name)));
    anyhow::ensure!(faults.is_empty(), "{}", faults.join("; "));
    Ok(())
}

async fn find_ceiling(theatre: &mut Theatre, steps: &Steps) -> anyhow::Result<()> {
    let done = load::find_ceiling(theatre, steps).await?;
    for step in &done {
        eprintln!("{}/s: {}", step.rate, step.too_much.as_deref().unwrap_or("sustained"));
    }
    let sustained = done.iter().filter(|step| step.too_much.is_none()).map(|step| step.rate).next_back();
    let steps: Vec<_> = done
        .iter()
        .map(|step| json!({ "rate": step.rate, "too_much": step.too_much, "figures": step.figures }))
        .collect();
    print(&json!({ "ceiling_per_second": sustained, "steps": steps }))?;
    anyhow::ensure!(sustained.is_some(), "the system does not sustain the first step");
    Ok(())
}

async fn compare(options: &Compare) -> anyhow::Result<()> {
    let rows = load::compare(options).await?;
    eprintln!("{}", load::render_comparison(&rows));
    print(&rows)
}

#[expect(clippy::print_stdout, reason = "the figures are this program's output")]
fn print(figures: &impl serde::Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(figures)?);
    Ok(())
}
