//! PostgreSQL and RabbitMQ of a run: private ones, made, killed and stalled by `deploy/local`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::cluster::Signal;

/// One engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// PostgreSQL.
    Database,
    /// RabbitMQ.
    Broker,
}

impl Engine {
    /// As `deploy/local/engine` names it.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Database => "postgres",
            Self::Broker => "rabbitmq",
        }
    }
}

/// The engines in one folder.
#[derive(Debug, Clone)]
pub struct Engines {
    scripts: PathBuf,
    folder: PathBuf,
}

impl Engines {
    /// Makes and starts engines in `folder`.
    pub async fn up(root: &Path, folder: &Path) -> anyhow::Result<Self> {
        let engines = Self { scripts: root.join("deploy/local"), folder: folder.to_owned() };
        engines.run("up", &[]).await?;
        Ok(engines)
    }

    /// Stops them and removes what they held.
    pub async fn down(&self) -> anyhow::Result<()> {
        self.run("down", &[]).await
    }

    /// Sends a signal to an engine.
    pub async fn signal(&self, engine: Engine, signal: Signal) -> anyhow::Result<()> {
        let what = match signal {
            Signal::Kill => "kill",
            Signal::Terminate => "stop",
            Signal::Stop => "stall",
            Signal::Continue => "resume",
        };
        self.run("engine", &[engine.as_str(), what]).await
    }

    /// `kill -9`, and start again: returns when it answers.
    pub async fn crash(&self, engine: Engine) -> anyhow::Result<()> {
        self.signal(engine, Signal::Kill).await?;
        self.run("engine", &[engine.as_str(), "start"]).await
    }

    async fn run(&self, script: &str, arguments: &[&str]) -> anyhow::Result<()> {
        let mut command = std::process::Command::new(self.scripts.join(script));
        command.args(arguments).arg("--folder").arg(&self.folder);
        let said = format!("{command:?}");
        let done = tokio::task::spawn_blocking(move || command.output()).await?;
        let done = done.with_context(|| format!("{said} cannot be started"))?;
        anyhow::ensure!(done.status.success(), "{said}: {}", String::from_utf8_lossy(&done.stderr).trim());
        Ok(())
    }
}
