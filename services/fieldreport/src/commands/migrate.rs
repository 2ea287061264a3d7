//! `migrate`: brings the services' databases to this binary's schema.

use std::process::ExitCode;

use crate::cli::Common;
use crate::commands::{block_on, load_config};
use crate::system;

/// Runs.
pub fn run(common: &Common) -> anyhow::Result<ExitCode> {
    let config = load_config(common)?;
    block_on(system::migrate(&config))?;
    let names: Vec<&str> = config.services.iter().map(|name| name.as_str()).collect();
    eprintln!("the databases of {} are of this version's schema", names.join(", "));
    Ok(ExitCode::SUCCESS)
}
