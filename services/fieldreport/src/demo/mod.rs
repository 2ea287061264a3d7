//! The demonstration.

use std::process::ExitCode;

use crate::cli::Demo;

/// Plays.
pub async fn play(_: &Demo) -> anyhow::Result<ExitCode> {
    anyhow::bail!("the demonstration is being written")
}
