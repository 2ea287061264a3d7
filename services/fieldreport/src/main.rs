//! `fieldreport`: serve, demo, and the operators' commands.

use std::process::ExitCode;

use clap::Parser as _;
use fieldreport::cli::Cli;

/// Under load a sixth of the processors' time went into the allocator of the C library.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    fieldreport::commands::run(Cli::parse())
}
