//! What was asked and what was answered, on disk before the next step: the truth that the system is held to.
//!
//! One JSON object a line. A line is durable (fdatasync, shared by all lines that wait together) when [`Ledger::write`]
//! returns: an *intent* before its request is sent for the first time, an *answer* after each reply or failure.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

/// Lines that wait for the disk at one time.
const WAITING: usize = 16_384;

/// One line.
#[derive(Debug, Serialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum Line {
    /// Something is about to be asked for the first time.
    Intent {
        /// µs since 1970.
        at: i64,
        /// The request's id, or the medium's for uploads.
        request: String,
        /// What kind of request, e.g. `create`.
        kind: &'static str,
        /// Who asks: the subject's number, or a role.
        caller: String,
        /// What the checker must find again, by kind.
        details: serde_json::Value,
    },
    /// One attempt has an outcome.
    Answer {
        /// µs since 1970.
        at: i64,
        /// The request's id.
        request: String,
        /// The process that was asked.
        address: String,
        /// `OK`, or the code of the refusal, e.g. `UNAVAILABLE`.
        code: String,
        /// The refusal's reason, e.g. `ETAG_MISMATCH`; empty where none was given.
        reason: String,
        /// SHA-256 of the encoded reply, hexadecimal; empty without one.
        digest: String,
        /// Name of what the reply is about, e.g. `reports/…`; empty without one.
        name: String,
        /// Why this attempt was made.
        why: Why,
    },
}

/// Why an attempt was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The first time.
    First,
    /// At the same time as the first.
    Twin,
    /// The outcome of the one before is unknown.
    Retry,
    /// It was answered, and is asked once more.
    Replay,
}

struct Waiting {
    line: Vec<u8>,
    durable: oneshot::Sender<()>,
}

/// The open ledger. Cheap to clone.
#[derive(Clone)]
pub struct Ledger(mpsc::Sender<Waiting>);

impl Ledger {
    /// Creates the file.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create_new(path).with_context(|| format!("{} cannot be made", path.display()))?;
        let (sender, receiver) = mpsc::channel(WAITING);
        std::thread::Builder::new().name("ledger".to_owned()).spawn(move || keep(file, receiver))?;
        Ok(Self(sender))
    }

    /// Returns when the line is on disk.
    pub async fn write(&self, line: &Line) -> anyhow::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        let (durable, written) = oneshot::channel();
        let gone = "the ledger cannot be written: the run proves nothing any more";
        self.0.send(Waiting { line: bytes, durable }).await.map_err(|_| anyhow::anyhow!(gone))?;
        written.await.context(gone)
    }
}

/// Writes what has come together and syncs once for all of it.
fn keep(mut file: File, mut lines: mpsc::Receiver<Waiting>) {
    let mut waiting = Vec::with_capacity(WAITING);
    while lines.blocking_recv_many(&mut waiting, WAITING) > 0 {
        let bytes: Vec<u8> = waiting.iter().flat_map(|waiting| waiting.line.iter().copied()).collect();
        if let Err(error) = file.write_all(&bytes).and_then(|()| file.sync_data()) {
            eprintln!("the ledger cannot be written: {error}");
            return;
        }
        for Waiting { durable, .. } in waiting.drain(..) {
            // Whoever stopped waiting has its line all the same.
            durable.send(()).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_on_disk_when_they_are_said_to_be() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.jsonl");
        let ledger = Ledger::create(&path).unwrap();
        let write = |number: usize| {
            let ledger = ledger.clone();
            async move {
                let line = Line::Intent {
                    at: 0,
                    request: number.to_string(),
                    kind: "create",
                    caller: String::new(),
                    details: serde_json::json!({}),
                };
                ledger.write(&line).await.unwrap();
            }
        };
        futures::future::join_all((0..200).map(write)).await;
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 200);
        assert!(text.lines().all(|line| line.contains(r#""line":"intent""#)));
        assert!(Ledger::create(&path).is_err(), "a ledger is never written over");
    }
}
