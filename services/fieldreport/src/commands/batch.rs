//! What the batch commands share: line by line in, line by line out, with a progress bar on a terminal. A bad line is said
//! with its number and does not stop the run.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};

/// Lines that were refused before this many are told one by one; the rest only counted.
const TOLD: usize = 50;

/// A file under work.
pub struct Batch {
    bar: ProgressBar,
    refused: usize,
    done: usize,
}

/// Opens the output; `-` is standard output.
pub fn open_output(path: &Path) -> anyhow::Result<Box<dyn Write>> {
    if path == Path::new("-") {
        return Ok(Box::new(BufWriter::new(std::io::stdout().lock())));
    }
    let file = File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(Box::new(BufWriter::new(file)))
}

/// Opens the input and a progress bar as long as the file.
pub fn open_input(path: &Path) -> anyhow::Result<(BufReader<File>, Batch)> {
    let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let length = file.metadata().map(|metadata| metadata.len()).unwrap_or(0);
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {eta}")?;
    let bar = ProgressBar::new(length).with_style(style);
    Ok((BufReader::with_capacity(1 << 20, file), Batch { bar, refused: 0, done: 0 }))
}

impl Batch {
    /// A line of `bytes` bytes was done.
    pub fn done(&mut self, bytes: usize) {
        self.done += 1;
        self.bar.inc(bytes as u64);
    }

    /// Line `number` (from 1) cannot be used.
    pub fn refuse(&mut self, number: usize, bytes: usize, why: impl std::fmt::Display) {
        self.refused += 1;
        self.bar.inc(bytes as u64);
        if self.refused <= TOLD {
            self.bar.suspend(|| eprintln!("line {number}: {why}"));
        }
    }

    /// Says what was done; exit code 1 if a line was refused.
    pub fn finish(self) -> ExitCode {
        self.bar.finish_and_clear();
        eprintln!("{} lines done, {} refused", self.done, self.refused);
        if self.refused > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}

/// Reads JSON lines of type `T`, and writes what `answer` makes of each.
pub fn json_lines<T: serde::de::DeserializeOwned, A: serde::Serialize>(
    input: &Path,
    output: &Path,
    answer: impl Fn(T) -> Result<A, String>,
) -> anyhow::Result<ExitCode> {
    let (mut lines, mut batch) = open_input(input)?;
    let mut output = open_output(output)?;
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let bytes = lines.read_until(b'\n', &mut line)?;
        if bytes == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            batch.done(bytes);
            continue;
        }
        let parsed = serde_json::from_slice::<T>(&line).map_err(|error| error.to_string());
        match parsed.and_then(&answer) {
            Ok(answered) => {
                serde_json::to_writer(&mut output, &answered)?;
                output.write_all(b"\n")?;
                batch.done(bytes);
            }
            Err(why) => batch.refuse(number, bytes, why),
        }
    }
    output.flush()?;
    Ok(batch.finish())
}
