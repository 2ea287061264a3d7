//! One process that this run started, and the signals it gets. A signal goes to a child that was not waited for yet, so
//! that it can never reach a stranger who has inherited the number.

use std::fs::OpenOptions;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use anyhow::Context as _;

/// What a process can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Dies at once, like a power cut.
    Kill,
    /// Ends in order.
    Terminate,
    /// Stands still.
    Stop,
    /// Goes on.
    Continue,
}

impl Signal {
    const fn flag(self) -> &'static str {
        match self {
            Self::Kill => "-KILL",
            Self::Terminate => "-TERM",
            Self::Stop => "-STOP",
            Self::Continue => "-CONT",
        }
    }
}

/// A running (or ended, but not yet buried) child. Dropping it kills it.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Starts `command`; what it says goes to the end of `log`.
    pub fn start(mut command: Command, log: &Path) -> anyhow::Result<Self> {
        let open = || OpenOptions::new().create(true).append(true).open(log);
        let (out, err) = (open()?, open()?);
        let child = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn();
        Ok(Self(child.with_context(|| format!("{} cannot be started", command.get_program().display()))?))
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().ok().flatten()
    }

    /// Sends a signal; answers whether there was still somebody to receive it.
    pub fn signal(&mut self, signal: Signal) -> bool {
        if self.ended().is_some() {
            return false;
        }
        if signal == Signal::Kill {
            return self.0.kill().is_ok();
        }
        let sent = Command::new("kill").arg(signal.flag()).arg(self.pid().to_string()).status();
        sent.is_ok_and(|status| status.success())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended already when all went well.
        if self.0.kill().is_ok() {
            drop(self.0.wait());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    #[test]
    fn a_process_dies_once_and_is_signalled_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo here; exec sleep 1000"]);
        let mut process = Process::start(command, &folder.path().join("log")).unwrap();
        assert!(process.signal(Signal::Stop) && process.signal(Signal::Continue));
        assert!(process.signal(Signal::Kill));
        let status = process.0.wait().unwrap();
        assert_eq!(status.signal(), Some(9));
        assert!(!process.signal(Signal::Terminate), "a buried process gets no signal");
    }
}
