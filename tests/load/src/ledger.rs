//! The ledger: what is asked stands in it before it is sent, what was answered is durable before it counts.
//!
//! README.md describes the file; an independent checker compares it with the databases after a crash of either side.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use anyhow::Context as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use vocabulary::Clock;

use crate::operation::Operation;
use crate::reply::Identity;

/// The shape of the lines; README.md says what belongs to it.
const VERSION: u32 = 1;

#[derive(Serialize)]
#[serde(tag = "line", rename_all = "snake_case")]
enum Line<'a> {
    Begin {
        version: u32,
        time: i64,
    },
    Intent {
        number: i64,
        time: i64,
        operation: &'a str,
        caller: &'a str,
        request_id: &'a str,
        request: &'a str,
    },
    Reply {
        number: i64,
        time: i64,
        #[serde(flatten)]
        reply: &'a Reply,
    },
}

/// What came back for an intent.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Reply {
    /// How often it was sent.
    pub(crate) attempts: u32,
    /// Canonical code.
    pub(crate) code: &'static str,
    /// Reason of a refusal.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) reason: String,
    /// SHA-256 of the answer's bytes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) reply: String,
    /// What the answer is about.
    #[serde(flatten)]
    pub(crate) identity: Identity,
}

/// A ledger, or none. Cheap to clone; the file is whole when the last clone is gone.
#[derive(Clone, Default)]
pub struct Ledger(Option<Arc<Book>>);

struct Book {
    clock: Clock,
    pages: Arc<Pages>,
    keeper: Option<JoinHandle<()>>,
}

struct Pages {
    written: Mutex<Written>,
    more: Condvar,
    /// Lines that are durable, or why none can be any more.
    durable: watch::Sender<Result<u64, String>>,
}

struct Written {
    file: File,
    lines: u64,
    next_number: i64,
    closing: bool,
}

/// An intent that waits for its reply.
#[derive(Debug)]
pub(crate) struct Entry(Option<i64>);

impl Ledger {
    /// Appends to the file at `path`, or begins it. A line that a crash cut off stays behind as one of its own.
    pub fn open(path: &Path, clock: Clock) -> anyhow::Result<Self> {
        let failed = || format!("the ledger {} cannot be written", path.display());
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).open(path).with_context(failed)?;
        if is_torn(&mut file).with_context(failed)? {
            file.write_all(b"\n").with_context(failed)?;
        }
        // Numbers rise over the whole file, whoever wrote it before: no run asks a million things in a second.
        let next_number = clock.now().micros();
        let syncing = file.try_clone().with_context(failed)?;
        let written = Mutex::new(Written { file, lines: 0, next_number, closing: false });
        let pages = Arc::new(Pages { written, more: Condvar::new(), durable: watch::Sender::new(Ok(0)) });
        let kept = Arc::clone(&pages);
        let keeper =
            std::thread::Builder::new().name("ledger".to_owned()).spawn(move || kept.keep(&syncing))?;
        pages.append(&Line::Begin { version: VERSION, time: clock.now().micros() })?;
        Ok(Self(Some(Arc::new(Book { clock, pages, keeper: Some(keeper) }))))
    }

    /// Writes down what is about to be sent. It survives the death of this process; the reply makes it durable.
    pub(crate) fn intend(
        &self,
        operation: Operation,
        caller: &str,
        request_id: &str,
        request: &[u8],
    ) -> anyhow::Result<Entry> {
        let Some(book) = self.0.as_ref().filter(|_| operation.changes()) else { return Ok(Entry(None)) };
        let number = book.pages.take_number();
        book.pages.append(&Line::Intent {
            number,
            time: book.clock.now().micros(),
            operation: operation.as_str(),
            caller,
            request_id,
            request: &digest(request),
        })?;
        Ok(Entry(Some(number)))
    }

    /// Writes down what came back, and waits until that is durable.
    pub(crate) async fn settle(&self, entry: Entry, reply: impl FnOnce() -> Reply) -> anyhow::Result<()> {
        let (Some(book), Some(number)) = (&self.0, entry.0) else { return Ok(()) };
        let time = book.clock.now().micros();
        let line = book.pages.append(&Line::Reply { number, time, reply: &reply() })?;
        let mut durable = book.pages.durable.subscribe();
        let reached = durable.wait_for(|lines| lines.as_ref().map_or(true, |lines| *lines >= line)).await?;
        reached.clone().map_err(anyhow::Error::msg)?;
        Ok(())
    }
}

impl Drop for Book {
    fn drop(&mut self) {
        self.pages.written().closing = true;
        self.pages.more.notify_all();
        if let Some(keeper) = self.keeper.take()
            && keeper.join().is_err()
        {
            eprintln!("the keeper of the ledger panicked: the last lines may be missing after a power cut");
        }
    }
}

impl Pages {
    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_number(&self) -> i64 {
        let mut written = self.written();
        written.next_number += 1;
        written.next_number
    }

    /// Answers the number of the line in this run.
    fn append(&self, line: &Line<'_>) -> anyhow::Result<u64> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        let mut written = self.written();
        written.file.write_all(&text).context("the ledger cannot be written")?;
        written.lines += 1;
        self.more.notify_one();
        Ok(written.lines)
    }

    /// Makes lines durable in groups: one flush for all that were written during the one before.
    fn keep(&self, file: &File) {
        let mut kept = 0;
        loop {
            let mut written = self.written();
            while written.lines == kept {
                if written.closing {
                    return;
                }
                written = self.more.wait(written).unwrap_or_else(PoisonError::into_inner);
            }
            let lines = written.lines;
            drop(written);
            match file.sync_data() {
                Ok(()) => {
                    kept = lines;
                    self.durable.send_modify(|durable| *durable = Ok(kept));
                }
                Err(error) => {
                    let reason = format!("the ledger cannot be made durable: {error}");
                    self.durable.send_modify(|durable| *durable = Err(reason));
                    return;
                }
            }
        }
    }
}

/// Whether the last line has no end.
fn is_torn(file: &mut File) -> std::io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// SHA-256 in hexadecimal.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn lines(path: &Path) -> Vec<Value> {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    fn ok(name: &str) -> Reply {
        let identity = Identity { name: name.to_owned(), ..Identity::default() };
        Reply { attempts: 1, code: "OK", reason: String::new(), reply: digest(b"answer"), identity }
    }

    #[tokio::test]
    async fn an_intent_stands_before_its_reply_and_both_carry_one_number() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.jsonl");
        let ledger = Ledger::open(&path, Clock::system()).unwrap();
        let entry = ledger.intend(Operation::Create, "citizen/a", "id-1", b"question").unwrap();
        assert_eq!(lines(&path).len(), 2, "the intent is written at once");
        ledger.settle(entry, || ok("reports/1")).await.unwrap();
        let found = lines(&path);
        let words: Vec<&str> = found.iter().map(|line| line["line"].as_str().unwrap()).collect();
        assert_eq!(words, ["begin", "intent", "reply"]);
        assert_eq!(found[1]["number"], found[2]["number"]);
        assert_eq!(
            (found[1]["request"].as_str(), found[2]["reply"].as_str()),
            (Some(&*digest(b"question")), Some(&*digest(b"answer")))
        );
        assert_eq!(found[2]["name"], "reports/1");
    }

    #[tokio::test]
    async fn what_reads_only_is_not_written_down() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.jsonl");
        let ledger = Ledger::open(&path, Clock::system()).unwrap();
        let entry = ledger.intend(Operation::GetReport, "citizen/a", "", b"").unwrap();
        ledger.settle(entry, || ok("reports/1")).await.unwrap();
        assert_eq!(lines(&path).len(), 1);
    }

    #[tokio::test]
    async fn a_later_run_goes_on_with_higher_numbers_behind_a_torn_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.jsonl");
        let clock = Clock::system();
        let number = async |ledger: &Ledger| {
            let entry = ledger.intend(Operation::Create, "citizen/a", "id", b"").unwrap();
            let number = entry.0.unwrap();
            ledger.settle(entry, || ok("reports/1")).await.unwrap();
            number
        };
        let first = number(&Ledger::open(&path, clock.clone()).unwrap()).await;
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"line\":\"intent\",\"num").unwrap();
        let second = number(&Ledger::open(&path, clock).unwrap()).await;
        assert!(first < second);
        let whole = lines(&path).len();
        assert_eq!((whole, std::fs::read_to_string(&path).unwrap().lines().count()), (6, 7));
    }
}
