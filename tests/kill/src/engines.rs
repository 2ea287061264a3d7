//! PostgreSQL and RabbitMQ of a run: private ones, made, killed and stalled by `deploy/local`.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;
use serde::Serialize;

use crate::cluster::Signal;

/// How often a start is waited for.
const STARTS: usize = 4;

/// One engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// PostgreSQL.
    Database,
    /// Its standby, on which commits wait.
    Standby,
    /// RabbitMQ.
    Broker,
}

impl Engine {
    /// As `deploy/local/engine` names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Database => "postgres",
            Self::Standby => "standby",
            Self::Broker => "rabbitmq",
        }
    }
}

/// The engines in one folder.
#[derive(Debug)]
pub struct Engines {
    scripts: PathBuf,
    folder: PathBuf,
    /// Which there are.
    pub all: Vec<Engine>,
    environment: BTreeMap<String, String>,
}

impl Engines {
    /// Makes and starts engines in `folder`; durable ones, as they are to survive their crashes.
    pub async fn up(root: &Path, folder: &Path, standby: bool) -> anyhow::Result<Self> {
        let scripts = root.join("deploy/local");
        let (mut arguments, mut all) = (vec![folder.as_os_str()], vec![Engine::Database, Engine::Broker]);
        if standby {
            arguments.push("--standby".as_ref());
            all.push(Engine::Standby);
        }
        let said = patiently(&scripts.join("up"), &arguments).await?;
        Ok(Self { scripts, folder: folder.to_owned(), all, environment: parse_environment(&said) })
    }

    /// Where clients find the engines; the names are those of `deploy/local/up`.
    pub fn url(&self, name: &str) -> anyhow::Result<&str> {
        self.environment.get(name).map(String::as_str).with_context(|| format!("the engines have no {name}"))
    }

    /// The command that asks the standby something, for others; empty without one.
    pub fn standby_control(&self) -> Vec<String> {
        let script = self.scripts.join("engine").display().to_string();
        let command = [&script, &self.folder.display().to_string(), Engine::Standby.as_str(), "psql"];
        let exists = self.all.contains(&Engine::Standby);
        command.iter().filter(|_| exists).map(|word| (*word).to_owned()).collect()
    }

    /// The command that speaks to the broker, for others.
    pub fn broker_control(&self) -> Vec<String> {
        let script = self.scripts.join("engine").display().to_string();
        vec![script, self.folder.display().to_string(), Engine::Broker.as_str().to_owned(), "ctl".to_owned()]
    }

    /// Stops them; what they hold stays.
    pub async fn down(&self) -> anyhow::Result<()> {
        run(&self.scripts.join("down"), &[self.folder.as_os_str()]).await.map(drop)
    }

    /// Kills whatever runs in `folder`, and removes it.
    pub fn remove(root: &Path, folder: &Path) -> anyhow::Result<()> {
        let mut command = Command::new(root.join("deploy/local/down"));
        let done = command.arg("--remove").arg(folder).stdin(Stdio::null()).output()?;
        let said = String::from_utf8_lossy(&done.stderr);
        anyhow::ensure!(done.status.success(), "the engines in {} stay: {}", folder.display(), said.trim());
        Ok(())
    }

    /// Sends a signal to an engine.
    pub async fn signal(&self, engine: Engine, signal: Signal) -> anyhow::Result<()> {
        let action = match signal {
            Signal::Kill => "kill",
            Signal::Terminate => "stop",
            Signal::Stop => "stall",
            Signal::Continue => "continue",
        };
        self.tell(engine, &[action]).await.map(drop)
    }

    /// Starts an engine that does not run; returns when it answers.
    pub async fn start(&self, engine: Engine) -> anyhow::Result<()> {
        let arguments = [self.folder.as_os_str(), engine.as_str().as_ref(), "start".as_ref()];
        patiently(&self.scripts.join("engine"), &arguments).await.map(drop)
    }

    /// `kill -9`, and start again: returns when it answers.
    pub async fn crash(&self, engine: Engine) -> anyhow::Result<()> {
        self.signal(engine, Signal::Kill).await?;
        self.start(engine).await
    }

    /// Tells an engine something, e.g. `psql -c …` or `ctl …`; answers what it said.
    pub async fn tell(&self, engine: Engine, words: &[&str]) -> anyhow::Result<String> {
        let mut arguments = vec![self.folder.as_os_str(), engine.as_str().as_ref()];
        arguments.extend(words.iter().map(|word| OsStr::new(*word)));
        run(&self.scripts.join("engine"), &arguments).await
    }
}

impl Drop for Engines {
    fn drop(&mut self) {
        // They have been stopped already when all went well; nobody else would stop them.
        let mut command = Command::new(self.scripts.join("down"));
        let stopped = command.arg(&self.folder).stdin(Stdio::null()).output();
        if !stopped.is_ok_and(|stopped| stopped.status.success()) {
            eprintln!("engines may still run in {}: deploy/local/down stops them", self.folder.display());
        }
    }
}

/// On a machine that is busy with other things a start takes longer than `deploy/local` waits: it is waited for again.
async fn patiently(script: &Path, arguments: &[&OsStr]) -> anyhow::Result<String> {
    let mut outcome = run(script, arguments).await;
    for _ in 1..STARTS {
        if outcome.is_ok() {
            break;
        }
        outcome = run(script, arguments).await;
    }
    outcome
}

async fn run(script: &Path, arguments: &[&OsStr]) -> anyhow::Result<String> {
    let mut command = Command::new(script);
    command.args(arguments).stdin(Stdio::null());
    let said = format!("{command:?}");
    let done = tokio::task::spawn_blocking(move || command.output()).await?;
    let done = done.with_context(|| format!("{said} cannot be started"))?;
    anyhow::ensure!(done.status.success(), "{said}: {}", String::from_utf8_lossy(&done.stderr).trim());
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

/// Lines of the form `export NAME='VALUE'`.
fn parse_environment(text: &str) -> BTreeMap<String, String> {
    let pair = |line: &str| {
        let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
        Some((name.to_owned(), value.trim_matches('\'').to_owned()))
    };
    text.lines().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_up_says_is_understood() {
        let said = "export A__URL='postgres://x_{service}:y=z@127.0.0.1:1/x'\nelse\n";
        let environment = parse_environment(said);
        assert_eq!(environment.len(), 1);
        assert_eq!(environment["A__URL"], "postgres://x_{service}:y=z@127.0.0.1:1/x");
    }
}
