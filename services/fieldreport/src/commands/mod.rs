//! One command per file. Exit codes follow sysexits.h: 0 done, 1 failed, 64 wrong usage or configuration.

mod batch;
mod check_config;
mod classify;
mod demo;
mod events;
mod locate;
mod migrate;
mod model;
mod models;
mod outbox;
mod parked;
mod reconcile;
mod route;
mod serve;
mod token;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use database::OpenError;
use province::Province;

use crate::cli::{Cli, Command, Common, Model, Outbox, Parked};
use crate::config::{self, Config};

/// Wrong usage or configuration (EX_USAGE).
const USAGE: u8 = 64;

/// A mistake of the operator: said in one line each, without a trace.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Misconfigured(pub String);

/// Runs one command.
pub fn run(cli: Cli) -> ExitCode {
    let outcome = match cli.command {
        Command::Serve(common) => serve::run(&common),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Migrate(common) => migrate::run(&common),
        Command::CheckConfig(common) => check_config::run(&common),
        Command::Token(arguments) => token::run(&arguments),
        Command::Parked(Parked::List(arguments)) => parked::list(&arguments),
        Command::Parked(Parked::Replay(arguments)) => parked::replay(&arguments),
        Command::Parked(Parked::Drop(arguments)) => parked::drop(&arguments),
        Command::Outbox(Outbox::List(arguments)) => outbox::list(&arguments),
        Command::Outbox(Outbox::Replay(arguments)) => outbox::replay(&arguments),
        Command::Outbox(Outbox::Drop(arguments)) => outbox::drop(&arguments),
        Command::Reconcile(arguments) => reconcile::run(&arguments),
        Command::Classify(arguments) => classify::run(&arguments),
        Command::Locate(arguments) => locate::run(&arguments),
        Command::Route(arguments) => route::run(&arguments),
        Command::Model(Model::Train(common)) => model::train(&common),
        Command::Model(Model::Evaluate(arguments)) => model::evaluate(&arguments),
        Command::Model(Model::Bands(arguments)) => model::bands(&arguments),
        Command::Model(Model::List(arguments)) => models::list(&arguments),
        Command::Model(Model::Rollback(common)) => models::rollback(&common),
        Command::Model(Model::Promote(arguments)) => models::promote(&arguments),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("fieldreport: {error:#}");
        let of_operator = error.is::<Misconfigured>()
            || error
                .chain()
                .filter_map(|cause| cause.downcast_ref::<OpenError>())
                .any(|cause| !cause.is_temporary());
        if of_operator { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
    })
}

/// Loads the configuration, or says what is wrong with it.
pub fn load_config(common: &Common) -> anyhow::Result<Config> {
    config::load(common.config.as_deref(), &common.overrides())
        .map_err(|error| Misconfigured(error.to_string()).into())
}

/// Loads the province pack, or says every mistake in it.
pub fn load_province(folder: &Path) -> anyhow::Result<Arc<Province>> {
    let loaded = Province::load(folder).map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        Misconfigured(format!("the province pack {} is refused:\n{}", folder.display(), lines.join("\n")))
    })?;
    Ok(Arc::new(loaded))
}

/// A runtime for commands that talk to files and networks.
pub fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.context("the async runtime cannot start")?.block_on(work)
}
