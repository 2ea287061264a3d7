//! Kills the system in every way while citizens use it, and has an independent checker say what became of their reports.
//! README.md says how to read what it prints.

#![expect(clippy::large_futures, reason = "a few hundred of them, in a program that only tests")]

mod answers;
mod canary;
mod checker;
mod cluster;
mod engines;
mod faults;
mod ledger;
mod nemesis;
mod options;
mod outcome;
mod planted;
mod proxy;
mod run;
mod site;
mod stage;
mod summary;
mod town;

use std::process::ExitCode;

use clap::Parser as _;
use outcome::Outcome;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let options = options::Options::parse();
    let outcome = tokio::select! {
        outcome = play(&options) => outcome?,
        () = told_to_stop() => {
            eprintln!("stopped");
            return Ok(ExitCode::FAILURE);
        }
    };
    outcome.print()?;
    Ok(if outcome.well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn play(options: &options::Options) -> anyhow::Result<Outcome> {
    match (&options.planted, &options.faults) {
        (Some(numbers), _) => planted::run(options, numbers).await,
        (None, Some(names)) => faults::run(options, names).await,
        (None, None) => run::run(options).await,
    }
}

/// Whoever stops the loop stops what it has started, too.
async fn told_to_stop() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
