//! `fieldreport demo`: a fresh system, and a province's day on it, played through the real API.

mod actor;
mod cast;
mod citizen;
mod journey;
mod json;
mod photo;
mod plan;
mod played;
mod prose;
mod secrecy;
mod staff;
mod stage;
mod summary;
mod tables;
mod watch;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use province::Province;
use runtime::Lifecycle;
use runtime::grpc::GrpcConfig;
use tempfile::TempDir;
use vocabulary::Clock;

use crate::cli::Demo;
use crate::commands::{load_config, load_province};
use crate::config::Config;
use crate::system::System;

/// Starts a system, plays the province's cast on it, and says what happened. Succeeds only if nobody was lost, nothing was
/// doubled and what must stay hidden stayed hidden.
pub async fn play(arguments: &Demo) -> anyhow::Result<ExitCode> {
    let begin = Instant::now();
    let mut config = load_config(&arguments.common)?;
    let _folder = furnish(&mut config, arguments)?;
    let province = load_province(&config.province)?;
    let telemetry = telemetry::start(&config.telemetry)?;
    let lifecycle = Lifecycle::new(config.grace.get());
    lifecycle.listen_for_signals()?;
    let show = Show { arguments, config, province, lifecycle: lifecycle.clone(), begin };
    let stopping = lifecycle.stopping();
    let outcome = tokio::select! {
        outcome = Box::pin(show.run(telemetry.clone())) => outcome,
        () = stopping.cancelled() => Err(anyhow::anyhow!("interrupted")),
    };
    if arguments.serve && outcome.is_ok() {
        stopping.cancelled().await;
    }
    lifecycle.stop();
    lifecycle.run_until_stopped().await;
    telemetry.shutdown().await;
    let (_system, well) = outcome?;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Makes the configuration one of a demonstration, wherever the operator has not said otherwise: a folder that vanishes
/// afterwards, a free port, a quiet log.
fn furnish(config: &mut Config, arguments: &Demo) -> anyhow::Result<Option<TempDir>> {
    let defaults = crate::config::load(None, &[])?;
    if config.telemetry.log_level == defaults.telemetry.log_level {
        config.telemetry.log_level = "warn".to_owned();
    }
    if !arguments.serve && config.grpc.address == GrpcConfig::default().address {
        config.grpc.address.set_port(0);
    }
    if config.data != defaults.data {
        return Ok(None);
    }
    let folder = tempfile::Builder::new().prefix("fieldreport-demo-").tempdir();
    let folder = folder.context("no temporary folder can be made")?;
    config.data = folder.path().to_owned();
    Ok(Some(folder))
}

struct Show<'a> {
    arguments: &'a Demo,
    config: Config,
    province: Arc<Province>,
    lifecycle: Lifecycle,
    begin: Instant,
}

impl Show<'_> {
    /// Answers the system, which lives on, and whether everything went as it must.
    async fn run(self, telemetry: telemetry::Telemetry) -> anyhow::Result<(System, bool)> {
        let clock = Clock::system();
        let cast = cast::load(&self.province.demo_reports())?;
        let system = System::start(
            self.config.clone(),
            self.province.clone(),
            telemetry,
            self.lifecycle,
            clock.clone(),
        );
        let (system, albums) = tokio::join!(system, photo::paint_all(&cast));
        let (system, albums) = (system?, albums?);
        let issuer = system.issuer.clone().context("the demonstration needs auth.development_issuer")?;
        let stage = actor::Stage::open(system.address, issuer, clock).await?;
        let prepared = self.begin.elapsed();

        let play = stage::perform(&stage, &cast, &albums, &self.province).await?;
        let summary = summary::summarise(&play.reports, play.scores, prepared, play.wall);
        let text = if self.arguments.json {
            json::lines(&play.reports, &summary)?
        } else {
            let place = prose::Place {
                address: system.address,
                data: &self.config.data,
                serving: self.arguments.serve,
            };
            prose::tell(&play.reports, &summary, &self.province, &place)
        };
        let mut output = std::io::stdout().lock();
        output.write_all(text.as_bytes())?;
        output.flush()?;
        if self.arguments.serve {
            eprintln!("serving on {} until Ctrl-C", system.address);
        }
        Ok((system, summary.ok))
    }
}

#[cfg(test)]
mod tests {
    use crate::cli::{Cli, Command, Demo};
    use clap::Parser as _;

    use super::*;

    fn demo(options: &[&str]) -> (Config, Option<TempDir>) {
        let arguments: Vec<&str> = ["fieldreport", "demo"].iter().chain(options).copied().collect();
        let Command::Demo(arguments): Command = Cli::parse_from(arguments).command else { panic!() };
        let arguments: Demo = arguments;
        let mut config = load_config(&arguments.common).unwrap();
        let folder = furnish(&mut config, &arguments).unwrap();
        (config, folder)
    }

    #[test]
    fn it_leaves_nothing_behind_unless_told_to() {
        let (config, folder) = demo(&[]);
        assert_eq!(Some(config.data.as_path()), folder.as_ref().map(|folder| folder.path()));
        assert_eq!((config.grpc.address.port(), config.telemetry.log_level.as_str()), (0, "warn"));
        let (config, folder) =
            demo(&["--data-dir", "somewhere", "--serve", "--set", "telemetry.log_level=debug"]);
        assert_eq!((config.data.to_str(), folder.is_none()), (Some("somewhere"), true));
        assert_eq!((config.grpc.address.port(), config.telemetry.log_level.as_str()), (50051, "debug"));
    }
}
