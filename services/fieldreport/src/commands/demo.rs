//! `demo`: plays realistic reports through a fresh system.

use std::process::ExitCode;

use crate::cli::Demo;
use crate::commands::block_on;

/// Runs.
pub fn run(arguments: &Demo) -> anyhow::Result<ExitCode> {
    block_on(crate::demo::play(arguments))
}
