//! Start, work, stop: every task is known, a dying one stops the process, and stopping takes a bounded time.

use std::any::Any;
use std::error::Error;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::FutureExt as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tracing::Instrument as _;
use vocabulary::Problem;

/// How long tasks may take to notice that they have been aborted.
const ABORT: Duration = Duration::from_secs(1);

/// The life of a process. Clones are handles of the same life.
#[derive(Clone)]
pub struct Lifecycle(Arc<Inner>);

struct Inner {
    grace: Duration,
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
    servers: TaskTracker,
    failed: OnceLock<&'static str>,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Asked to stop, and everything finished by itself.
    Clean,
    /// A task died.
    Failed {
        /// Its name.
        task: &'static str,
    },
    /// Asked to stop, but some work had to be cut off.
    Forced,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Clean => Self::SUCCESS,
            Ending::Failed { .. } => Self::from(70),
            Ending::Forced => Self::from(75),
        }
    }
}

impl Lifecycle {
    /// A life that gives its tasks `grace` to finish once it is asked to stop.
    pub fn new(grace: Duration) -> Self {
        let (soft, hard) = (CancellationToken::new(), CancellationToken::new());
        let (tasks, servers) = (TaskTracker::new(), TaskTracker::new());
        Self(Arc::new(Inner { grace, soft, hard, tasks, servers, failed: OnceLock::new() }))
    }

    /// From now on the first SIGTERM or SIGINT stops softly and the second one hard. Call it before the start-up
    /// work, so that a start that hangs can be interrupted.
    pub fn listen_for_signals(&self) -> std::io::Result<()> {
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let (soft, hard) = (self.0.soft.clone(), self.0.hard.clone());
        let watch = async move {
            for (stage, token) in [("stopping", soft), ("stopping at once", hard)] {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                tracing::info!("signal received, {stage}");
                token.cancel();
            }
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "it watches the tracked tasks: tracked itself, it would never end"
        )]
        drop(tokio::spawn(watch));
        Ok(())
    }

    /// Asks everything to finish its work and stop.
    pub fn stop(&self) {
        self.0.soft.cancel();
    }

    /// Is cancelled when the process begins to stop. Streams end on it, loops leave on it.
    pub fn stopping(&self) -> CancellationToken {
        self.0.soft.clone()
    }

    /// To be held by a server for as long as it takes calls, which goes on for a while after the process begins to stop.
    pub fn taking_calls(&self) -> TaskTrackerToken {
        self.0.servers.token()
    }

    /// Returns when the process stops and no server takes calls any more. What answers calls leaves on it.
    pub async fn calls_have_ended(&self) {
        self.0.soft.cancelled().await;
        self.0.servers.close();
        self.0.servers.wait().await;
    }

    /// Runs `future` as a task of the process. `Ok` means that its work is done; an error or a panic stops the whole
    /// process, which then ends with a non-zero code so that it is started again.
    pub fn spawn<E>(&self, name: &'static str, future: impl Future<Output = Result<(), E>> + Send + 'static)
    where
        E: Into<Box<dyn Error + Send + Sync>> + Send + 'static,
    {
        let life = self.clone();
        self.0.tasks.spawn(async move {
            let outcome = tokio::select! {
                biased;
                () = life.0.hard.cancelled() => return,
                outcome = AssertUnwindSafe(future).catch_unwind() => outcome,
            };
            match outcome {
                Ok(Ok(())) => return,
                Ok(Err(error)) => {
                    tracing::error!(
                        task = name,
                        error = chain(&*error.into()),
                        "a task has failed; the process stops"
                    );
                }
                Err(_) => tracing::error!(task = name, "a task has panicked; the process stops"),
            }
            // A second failure changes nothing: the first one is the cause.
            life.0.failed.get_or_init(|| name);
            life.stop();
        });
    }

    /// Runs work that must not be torn in the middle: it goes on even if the caller goes away, its deadline passes or
    /// its handler is dropped. Only the hard stop of the process ends it.
    pub async fn shielded<T, E>(
        &self,
        future: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Problem> + Send + 'static,
    {
        let hard = self.0.hard.clone();
        let work = async move {
            tokio::select! {
                biased;
                () = hard.cancelled() => Err(Problem::unavailable("STOPPING").into()),
                outcome = future => outcome,
            }
        };
        match self.0.tasks.spawn(work.in_current_span()).await {
            Ok(outcome) => outcome,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => resume(panic),
                Err(_) => Err(Problem::unavailable("STOPPING").into()),
            },
        }
    }

    /// Waits until the process is asked to stop or a task dies, then until every task has ended, at most the grace.
    pub async fn run_until_stopped(&self) -> Ending {
        let Inner { grace, soft, hard, tasks, failed, .. } = &*self.0;
        soft.cancelled().await;
        tasks.close();
        let finished = tokio::select! {
            biased;
            () = tasks.wait() => true,
            () = hard.cancelled() => false,
            () = tokio::time::sleep(*grace) => false,
        };
        if !finished {
            tracing::warn!(unfinished = tasks.len(), "work is cut off");
            hard.cancel();
            if tokio::time::timeout(ABORT, tasks.wait()).await.is_err() {
                tracing::warn!(
                    unfinished = tasks.len(),
                    "some tasks do not even notice that they are aborted"
                );
            }
        }
        match failed.get() {
            Some(task) => Ending::Failed { task },
            // After a hard stop the tasks end quickly, but not by themselves.
            None if finished && !hard.is_cancelled() => Ending::Clean,
            None => Ending::Forced,
        }
    }
}

/// The panic goes on in the caller, where the panic layer answers it.
fn resume<T>(panic: Box<dyn Any + Send>) -> T {
    std::panic::resume_unwind(panic)
}

/// An error and its causes on one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error: &&(dyn Error + 'static)| (*error).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    const GRACE: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn tasks_that_finish_end_the_process_cleanly() {
        let life = Lifecycle::new(GRACE);
        let stopping = life.stopping();
        life.spawn("loop", async move {
            stopping.cancelled().await;
            Ok::<_, Infallible>(())
        });
        life.stop();
        assert_eq!(life.run_until_stopped().await, Ending::Clean);
    }

    #[tokio::test]
    async fn a_task_that_errs_or_panics_stops_the_process() {
        let life = Lifecycle::new(GRACE);
        life.spawn("relay", async { Err::<(), _>("the broker is gone") });
        assert_eq!(life.run_until_stopped().await, Ending::Failed { task: "relay" });

        let life = Lifecycle::new(GRACE);
        life.spawn("consumer", async {
            if life_is_hard() {
                panic!("on purpose");
            }
            Ok::<_, Infallible>(())
        });
        assert_eq!(life.run_until_stopped().await, Ending::Failed { task: "consumer" });
    }

    fn life_is_hard() -> bool {
        true
    }

    #[tokio::test(start_paused = true)]
    async fn stopping_ends_after_the_grace_whatever_a_task_does() {
        let life = Lifecycle::new(GRACE);
        life.spawn("deaf", std::future::pending::<Result<(), Infallible>>());
        let begun = tokio::time::Instant::now();
        life.stop();
        assert_eq!(life.run_until_stopped().await, Ending::Forced);
        assert_eq!(begun.elapsed().as_secs(), GRACE.as_secs());
    }

    #[tokio::test]
    async fn what_answers_calls_stays_until_none_comes_any_more() {
        let life = Lifecycle::new(GRACE);
        let server = life.taking_calls();
        let mut end = Box::pin(life.calls_have_ended());
        assert!(futures::poll!(&mut end).is_pending());
        life.stop();
        assert!(futures::poll!(&mut end).is_pending(), "the server still takes calls");
        drop(server);
        end.await;
        life.calls_have_ended().await;
    }

    #[tokio::test]
    async fn shielded_work_outlives_its_caller() {
        let life = Lifecycle::new(GRACE);
        let (begun, wait_begun) = tokio::sync::oneshot::channel();
        let (go_on, gate) = tokio::sync::oneshot::channel::<()>();
        let done = Arc::new(AtomicBool::new(false));
        let mark = Arc::clone(&done);
        {
            let work = life.shielded(async move {
                begun.send(()).expect("awaited");
                gate.await.expect("opened");
                mark.store(true, Ordering::SeqCst);
                Ok::<_, Problem>(())
            });
            tokio::select! {
                _ = work => panic!("the gate is shut"),
                _ = wait_begun => {}
            }
        }
        assert!(!done.load(Ordering::SeqCst));
        go_on.send(()).expect("awaited");
        life.stop();
        assert_eq!(life.run_until_stopped().await, Ending::Clean);
        assert!(done.load(Ordering::SeqCst));
    }

    #[tokio::test(start_paused = true)]
    async fn a_hard_stop_tells_the_waiting_caller() {
        let life = Lifecycle::new(GRACE);
        let (other, token) = (life.clone(), life.stopping());
        let waiting = life.shielded(std::future::pending::<Result<(), Problem>>());
        let stop = async {
            token.cancel();
            other.run_until_stopped().await
        };
        let (outcome, ending) = tokio::join!(waiting, stop);
        assert_eq!(outcome.expect_err("cut off").reason, "STOPPING");
        assert_eq!(ending, Ending::Forced);
    }

    #[tokio::test]
    async fn a_panic_in_shielded_work_reaches_the_caller() {
        let life = Lifecycle::new(GRACE);
        let work = life.shielded::<(), Problem>(async {
            assert!(!life_is_hard(), "on purpose");
            Ok(())
        });
        assert!(AssertUnwindSafe(work).catch_unwind().await.is_err());
        life.stop();
        assert_eq!(life.run_until_stopped().await, Ending::Clean, "one caller's panic is not the process's");
    }
}
