//! `migrate`: brings the databases of a data folder to this binary's schema.

use std::process::ExitCode;

use crate::cli::Common;
use crate::commands::{block_on, load_config};
use crate::system;

/// Runs.
pub fn run(common: &Common) -> anyhow::Result<ExitCode> {
    let config = load_config(common)?;
    block_on(system::migrate(&config.data))?;
    eprintln!("the databases in {} are of this version's schema", config.data.display());
    Ok(ExitCode::SUCCESS)
}
