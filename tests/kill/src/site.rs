//! The folder of a run, and what the checker must know about it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::canary::Canary;
use crate::cluster::Service;
use crate::engines::Engines;

/// Where everything of a run lies. Removed at the end unless something is to be looked at.
#[derive(Debug, Clone)]
pub struct Site {
    /// The folder.
    pub folder: PathBuf,
    /// The repository.
    pub root: PathBuf,
}

/// What the checker reads first.
#[derive(Debug, Serialize)]
pub struct Description<'a> {
    /// `sqlite` or `postgres`.
    pub engine: &'static str,
    /// Data folder of the system.
    pub data: PathBuf,
    /// Connection strings of PostgreSQL by service; empty for SQLite.
    pub databases: BTreeMap<&'static str, String>,
    /// The command that speaks to the broker (`rabbitmqctl`); empty without one.
    pub broker: Vec<String>,
    /// The command that asks the database's standby (`psql`); empty without one.
    pub standby: Vec<String>,
    /// The province pack.
    pub province: PathBuf,
    /// The contract.
    pub proto: PathBuf,
    /// Logs of all processes and engines.
    pub logs: PathBuf,
    /// What was asked and answered.
    pub ledger: PathBuf,
    /// What was answered to others than the reporter.
    pub answers: PathBuf,
    /// The identity that must be found nowhere.
    pub canary: &'a Canary,
}

impl Site {
    /// Makes the folder.
    pub fn make(folder: PathBuf, root: &Path) -> anyhow::Result<Self> {
        let root = root.canonicalize()?;
        std::fs::create_dir_all(folder.parent().unwrap_or(&folder))?;
        std::fs::create_dir(&folder)?;
        let site = Self { folder: folder.canonicalize()?, root };
        for part in [site.data(), site.logs()] {
            std::fs::create_dir(part)?;
        }
        Ok(site)
    }

    /// Data folder of the system.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Logs of all processes.
    pub fn logs(&self) -> PathBuf {
        self.folder.join("logs")
    }

    /// The ledger.
    pub fn ledger(&self) -> PathBuf {
        self.folder.join("ledger.jsonl")
    }

    /// Answers to others than the reporter.
    pub fn answers(&self) -> PathBuf {
        self.folder.join("answers.bin")
    }

    /// The province pack.
    pub fn province(&self) -> PathBuf {
        self.root.join("deploy/camau")
    }

    /// The file that the checker reads first.
    pub fn description(&self) -> PathBuf {
        self.folder.join("site.json")
    }

    /// What the last check has found.
    pub fn findings(&self) -> PathBuf {
        self.folder.join("findings.json")
    }

    /// Where the engines lie.
    pub fn engines(&self) -> PathBuf {
        self.folder.join("engines")
    }

    /// Describes the system; without engines it is an embedded one.
    pub fn describe<'a>(
        &self,
        canary: &'a Canary,
        engines: Option<&Engines>,
    ) -> anyhow::Result<Description<'a>> {
        let mut databases = BTreeMap::new();
        let (mut broker, mut standby) = (Vec::new(), Vec::new());
        if let Some(engines) = engines {
            // The superuser sees everything: the checker looks into the identity schema, too.
            let server = engines.url("FIELDREPORT_TEST_POSTGRES")?.trim_end_matches("/postgres");
            for service in Service::ALL {
                databases.insert(service.as_str(), format!("{server}/fieldreport_{}", service.as_str()));
            }
            (broker, standby) = (engines.broker_control(), engines.standby_control());
        }
        Ok(Description {
            engine: if engines.is_some() { "postgres" } else { "sqlite" },
            data: self.data(),
            databases,
            broker,
            standby,
            province: self.province(),
            proto: self.root.join("proto"),
            logs: self.logs(),
            ledger: self.ledger(),
            answers: self.answers(),
            canary,
        })
    }

    /// Writes something of the run as JSON.
    pub fn write(&self, name: &str, value: &impl Serialize) -> anyhow::Result<()> {
        Ok(std::fs::write(self.folder.join(name), serde_json::to_vec_pretty(value)?)?)
    }

    /// Writes down that a promise was broken; the checker does so too.
    pub fn violated(&self, name: &str) -> anyhow::Result<()> {
        use std::io::Write as _;
        let path = self.folder.join("violated.txt");
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
        Ok(writeln!(file, "{name}")?)
    }

    /// At the end: everything is removed, or kept and named.
    pub fn leave(&self, keep: bool) -> anyhow::Result<()> {
        if keep {
            eprintln!("seed, schedule, ledger, logs and databases are in {}", self.folder.display());
            return Ok(());
        }
        if self.engines().exists() {
            Engines::remove(&self.root, &self.engines())?;
        }
        Ok(std::fs::remove_dir_all(&self.folder)?)
    }
}
