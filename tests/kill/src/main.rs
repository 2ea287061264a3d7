//! Kills the system in every way while citizens use it, and has an independent checker say what became of their reports.
//! README.md says how to read what it prints.

mod answers;
mod canary;
mod checker;
mod cluster;
mod engines;
mod faults;
mod ledger;
mod nemesis;
mod options;
mod proxy;
mod run;
mod site;
mod stage;
mod summary;
mod town;

use std::process::ExitCode;

use clap::Parser as _;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let options = options::Options::parse();
    let well = tokio::select! {
        outcome = play(&options) => outcome?,
        _ = tokio::signal::ctrl_c() => {
            eprintln!("stopped");
            false
        }
    };
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn play(options: &options::Options) -> anyhow::Result<bool> {
    match &options.faults {
        Some(names) => faults::run(options, names).await,
        None => run::run(options).await,
    }
}
