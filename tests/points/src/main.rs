//! `fieldreport` with its fault points compiled in: follows the orders of `FAULT_POINTS`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    if let Err(unclear) = database::faults::order_all(&orders()) {
        eprintln!("FAULT_POINTS: {unclear}");
        return ExitCode::FAILURE;
    }
    fieldreport::commands::run(fieldreport::cli::Cli::parse())
}

#[expect(clippy::disallowed_methods, reason = "not a setting of the product")]
fn orders() -> String {
    std::env::var("FAULT_POINTS").unwrap_or_default()
}
