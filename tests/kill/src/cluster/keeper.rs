//! Keeps one process running: starts it again when it is gone, and writes down every life and death.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::watch;
use vocabulary::Clock;

use super::layout::{Program, Spec, log_of};
use super::probe;
use super::process::{Process, Signal};

/// A dead process is started again after this pause at the latest.
const PAUSE: Duration = Duration::from_millis(200);
const LOOK: Duration = Duration::from_millis(10);
/// A process that is not ready after this long is said to be stuck, and is still waited for.
const STUCK: Duration = Duration::from_secs(60);

/// One life of a process.
#[derive(Debug, Clone, Serialize)]
pub struct Life {
    /// The process, e.g. `intake-1`.
    pub name: String,
    /// Its number.
    pub pid: u32,
    /// When it was started, µs since 1970.
    pub start: i64,
    /// Milliseconds until it was ready, if it ever was.
    pub ready_ms: Option<u64>,
    /// How it ended; none while it lives.
    pub end: Option<String>,
    /// Who ended it: a nemesis action, `stopped`, or nobody (`by itself`).
    pub cause: Option<String>,
}

/// What is wanted of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Run,
    Rest,
}

/// One process that is kept.
pub struct Kept {
    /// What it is.
    pub spec: Spec,
    process: Mutex<Option<Process>>,
    lives: Mutex<Vec<Life>>,
    cause: Mutex<Option<String>>,
    wish: watch::Sender<Wish>,
    ready: watch::Sender<bool>,
}

impl Kept {
    pub(super) fn new(spec: Spec) -> Arc<Self> {
        Arc::new(Self {
            spec,
            process: Mutex::new(None),
            lives: Mutex::new(Vec::new()),
            cause: Mutex::new(None),
            wish: watch::Sender::new(Wish::Rest),
            ready: watch::Sender::new(false),
        })
    }

    /// Every life so far.
    pub fn lives(&self) -> Vec<Life> {
        lock(&self.lives).clone()
    }

    /// Whether it was ready and has not ended since.
    pub fn is_ready(&self) -> bool {
        *self.ready.borrow()
    }

    /// The present process's number.
    pub fn pid(&self) -> Option<u32> {
        lock(&self.process).as_ref().map(Process::pid)
    }

    /// Sends a signal on behalf of `cause`; answers whether a living process got it.
    pub fn signal(&self, signal: Signal, cause: &str) -> bool {
        if matches!(signal, Signal::Kill | Signal::Terminate) {
            *lock(&self.cause) = Some(cause.to_owned());
        }
        lock(&self.process).as_mut().is_some_and(|process| process.signal(signal))
    }

    /// From now on it runs, and comes back when it dies.
    pub fn wake(&self) {
        self.wish.send_replace(Wish::Run);
    }

    /// From now on it stays away once it has ended.
    pub fn rest(&self) {
        self.wish.send_replace(Wish::Rest);
    }

    /// Waits until it is ready.
    pub async fn until_ready(&self) {
        // The sender lives as long as `self`.
        drop(self.ready.subscribe().wait_for(|ready| *ready).await);
    }

    /// Waits until no process runs; answers how the last one ended.
    pub async fn until_gone(&self) -> Option<String> {
        while lock(&self.process).is_some() {
            tokio::time::sleep(LOOK).await;
        }
        lock(&self.lives).last().and_then(|life| life.end.clone())
    }
}

/// Runs for as long as the run: one life after the other.
pub(super) async fn keep(kept: Arc<Kept>, program: Program, embedded: bool, logs: std::path::PathBuf) {
    let clock = Clock::system();
    let log = log_of(&logs, &kept.spec);
    let mut wish = kept.wish.subscribe();
    loop {
        if wish.wait_for(|wish| *wish == Wish::Run).await.is_err() {
            return;
        }
        let started = Process::start(program.serve(&kept.spec, embedded), &log);
        let process = match started {
            Ok(process) => process,
            Err(error) => {
                eprintln!("{}: {error:#}", kept.spec.name);
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        lock(&kept.lives).push(Life {
            name: kept.spec.name.clone(),
            pid: process.pid(),
            start: clock.now().micros(),
            ready_ms: None,
            end: None,
            cause: None,
        });
        *lock(&kept.process) = Some(process);
        live(&kept).await;
        tokio::time::sleep(PAUSE).await;
    }
}

/// From its start to its end.
async fn live(kept: &Kept) {
    let begun = Instant::now();
    let mut said = false;
    loop {
        let ended = lock(&kept.process).as_mut().and_then(Process::ended);
        if let Some(status) = ended {
            kept.ready.send_replace(false);
            let cause = lock(&kept.cause).take().unwrap_or_else(|| "by itself".to_owned());
            if let Some(life) = lock(&kept.lives).last_mut() {
                (life.end, life.cause) = (Some(status.to_string()), Some(cause));
            }
            drop(lock(&kept.process).take());
            return;
        }
        if !kept.is_ready() && probe::is_ready(kept.spec.internal).await {
            let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            if let Some(life) = lock(&kept.lives).last_mut() {
                life.ready_ms = Some(took);
            }
            kept.ready.send_replace(true);
        }
        if !kept.is_ready() && !said && begun.elapsed() > STUCK {
            said = true;
            eprintln!("{} is not ready after {STUCK:?}", kept.spec.name);
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
