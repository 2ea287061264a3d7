//! Runs the independent checker: a Python program that shares no code with the services and reads their databases with
//! its own SQL.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::site::Site;

/// Looks for open work this often.
const LOOK: Duration = Duration::from_millis(500);

/// What the checker has found, invariant by invariant.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Findings(Vec<Finding>);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Finding {
    name: String,
    says: String,
    checked: u64,
    holds: bool,
    absent: String,
    figures: BTreeMap<String, u64>,
}

impl Findings {
    /// A count that some invariant has made; 0 if none has.
    pub fn figure(&self, name: &str) -> u64 {
        self.0.iter().find_map(|finding| finding.figures.get(name).copied()).unwrap_or(0)
    }
}

/// The checker of one run.
#[derive(Debug, Clone)]
pub struct Checker {
    python: PathBuf,
    site: Site,
}

impl Checker {
    /// The checker for `site`, run by this Python.
    pub fn new(python: PathBuf, site: Site) -> Self {
        Self { python, site }
    }

    /// Waits until no work is open; answers how long that took, or what was still open.
    pub async fn until_idle(&self, limit: Duration) -> anyhow::Result<Result<Duration, String>> {
        let begun = Instant::now();
        loop {
            let (idle, said) = self.run("open-work", true).await?;
            if idle {
                return Ok(Ok(begun.elapsed()));
            }
            if begun.elapsed() > limit {
                return Ok(Err(said));
            }
            sleep(LOOK).await;
        }
    }

    /// Checks every invariant and prints what was found; answers whether all hold.
    pub async fn check(&self) -> anyhow::Result<bool> {
        Ok(self.run("check", false).await?.0)
    }

    /// What the last check has found.
    pub fn findings(&self) -> anyhow::Result<Findings> {
        Ok(serde_json::from_slice(&std::fs::read(self.site.findings())?)?)
    }

    /// Has the checker find what is made wrong in copies of the databases; answers whether it found everything.
    pub async fn prove(&self) -> anyhow::Result<bool> {
        Ok(self.run("doctored", false).await?.0)
    }

    /// Exit code 0 means yes, 1 no; anything else is a broken checker.
    async fn run(&self, what: &str, quietly: bool) -> anyhow::Result<(bool, String)> {
        let mut command = Command::new(&self.python);
        command.args(["-m", "checker", what]).arg(self.site.description());
        command.current_dir(self.site.root.join("tests/kill")).env("PYTHONDONTWRITEBYTECODE", "1");
        command.stdin(Stdio::null());
        // Standard output is for the figures.
        command.stdout(if quietly { Stdio::piped() } else { Stdio::from(std::io::stderr()) });
        let child = command.spawn().with_context(|| format!("{} cannot be run", self.python.display()))?;
        let done = tokio::task::spawn_blocking(move || child.wait_with_output()).await??;
        let said = String::from_utf8_lossy(&done.stdout).trim().to_owned();
        match done.status.code() {
            Some(0) => Ok((true, said)),
            Some(1) => Ok((false, said)),
            _ => anyhow::bail!("the checker itself is broken: {} {said}", done.status),
        }
    }
}
