//! `serve`: runs the system until a signal.

use std::process::ExitCode;

use runtime::Lifecycle;
use vocabulary::Clock;

use crate::cli::Serve;
use crate::commands::{block_on, load_config, load_province};
use crate::system::System;

/// Runs.
pub fn run(arguments: &Serve) -> anyhow::Result<ExitCode> {
    let mut common = arguments.common.clone();
    common.set.extend(arguments.services.iter().map(|names| ("services".to_owned(), names.clone())));
    let config = load_config(&common)?;
    let province = load_province(&config.province)?;
    block_on(async move {
        let telemetry = telemetry::start(&config.telemetry)?;
        let lifecycle = Lifecycle::new(config.grace.get());
        lifecycle.listen_for_signals()?;
        let outcome = System::start(config, province, telemetry.clone(), lifecycle, Clock::system()).await;
        let ended = match outcome {
            Ok(system) => {
                let internal = system.internal_address.map(|address| address.to_string());
                tracing::info!(address = %system.address, internal, "listening");
                Ok(system.run().await.into())
            }
            Err(error) => Err(error),
        };
        telemetry.shutdown().await;
        ended
    })
}
