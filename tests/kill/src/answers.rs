//! Keeps what was answered to others than the reporter, for the checker to look for identities in.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use prost::Message;

/// More would tell no more.
const LIMIT: usize = 64 << 20;

/// A file of answers: for each one, kind and length on a line, then the encoded message.
pub struct Answers(Mutex<Kept>);

struct Kept {
    file: BufWriter<File>,
    bytes: usize,
}

impl Answers {
    /// Creates the file.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let file = BufWriter::new(File::create_new(path)?);
        Ok(Self(Mutex::new(Kept { file, bytes: 0 })))
    }

    /// Keeps an answer, as long as there is room.
    pub fn keep(&self, kind: &str, answer: &impl Message) {
        let body = answer.encode_to_vec();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes + body.len() > LIMIT {
            return;
        }
        kept.bytes += body.len();
        let head = format!("{kind} {}\n", body.len());
        if let Err(error) = kept.file.write_all(head.as_bytes()).and_then(|()| kept.file.write_all(&body)) {
            eprintln!("answers cannot be kept: {error}");
        }
    }

    /// Makes all of it readable.
    pub fn flush(&self) -> std::io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).file.flush()
    }
}
