//! `check-config`: reads configuration and province pack and says every mistake.

use std::process::ExitCode;

use classification::Machine;

use crate::cli::Common;
use crate::commands::{Misconfigured, load_config, load_province};

/// Runs.
pub fn run(common: &Common) -> anyhow::Result<ExitCode> {
    let config = load_config(common)?;
    let province = load_province(&config.province)?;
    Machine::load(&province).map_err(|error| Misconfigured(format!("{:#}", anyhow::Error::from(error))))?;
    eprintln!(
        "configuration and province pack are in order: {} {}, {} communes, {} agencies, {} matrix rows, digest {}",
        province.profile.name.vi,
        province.version(),
        province.communes.all().len(),
        province.agencies.all().len(),
        province.matrix.rows().len(),
        &province.digest()[..12],
    );
    Ok(ExitCode::SUCCESS)
}
