//! `fieldreport` with its fault points compiled in: follows the orders of `FAILPOINTS`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let _orders = database::faults::from_environment();
    fieldreport::commands::run(fieldreport::cli::Cli::parse())
}
