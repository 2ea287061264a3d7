//! The folder of a run, and what the checker must know about it.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::canary::Canary;

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
    pub databases: std::collections::BTreeMap<&'static str, String>,
    /// The broker, if there is one.
    pub broker: Option<String>,
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

    /// Describes an embedded system.
    pub fn describe_embedded<'a>(&self, canary: &'a Canary) -> Description<'a> {
        Description {
            engine: "sqlite",
            data: self.data(),
            databases: std::collections::BTreeMap::new(),
            broker: None,
            province: self.province(),
            proto: self.root.join("proto"),
            logs: self.logs(),
            ledger: self.ledger(),
            answers: self.answers(),
            canary,
        }
    }

    /// Writes something of the run as JSON.
    pub fn write(&self, name: &str, value: &impl Serialize) -> anyhow::Result<()> {
        Ok(std::fs::write(self.folder.join(name), serde_json::to_vec_pretty(value)?)?)
    }

    /// Removes everything.
    pub fn remove(&self) -> anyhow::Result<()> {
        Ok(std::fs::remove_dir_all(&self.folder)?)
    }
}
