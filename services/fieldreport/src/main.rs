//! `fieldreport`: serve, demo, and the operators' commands.

use std::process::ExitCode;

use clap::Parser as _;
use fieldreport::cli::Cli;

fn main() -> ExitCode {
    fieldreport::commands::run(Cli::parse())
}
