//! When actions begin: at their time whatever became of earlier ones (open loop), or as soon as one is done (closed).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::arrivals::Arrivals;
use crate::stage::Stage;

/// More than this under way means that the system stands still; further arrivals are dropped and counted, and the run
/// does not count.
const MOST_UNDER_WAY: usize = 50_000;

/// An action whenever one is due, from number `first` on, until `length` is over; returns when all have ended, with how
/// many there were.
pub async fn open(
    stage: Stage,
    arrivals: Arrivals,
    first: u64,
    begin: Instant,
    length: Duration,
) -> anyhow::Result<u64> {
    // A thread of its own waits to the microsecond; the runtime's timers know only milliseconds.
    let runtime = Handle::current();
    let begun = tokio::task::spawn_blocking(move || {
        let count = Arc::new(AtomicUsize::new(0));
        let mut under_way = JoinSet::new();
        let mut number = first;
        for due in arrivals.take_while(|due| *due < length).map(|due| begin + due) {
            wait_until(due);
            if count.load(Ordering::Relaxed) >= MOST_UNDER_WAY {
                stage.driver().recorder().count(|measured| measured.dropped += 1);
                continue;
            }
            count.fetch_add(1, Ordering::Relaxed);
            let (stage, count) = (stage.clone(), Arc::clone(&count));
            let action = async move {
                let outcome = stage.act(number, due).await;
                count.fetch_sub(1, Ordering::Relaxed);
                outcome
            };
            under_way.spawn_on(action, &runtime);
            number += 1;
            while let Some(ended) = under_way.try_join_next() {
                ended??;
            }
        }
        anyhow::Ok((under_way, number - first))
    });
    let (mut under_way, asked) = begun.await??;
    while let Some(ended) = under_way.join_next().await {
        ended??;
    }
    Ok(asked)
}

#[expect(
    clippy::disallowed_methods,
    reason = "an open loop is time: the moment itself is the state waited for"
)]
fn wait_until(due: Instant) {
    let left = due.saturating_duration_since(Instant::now());
    if !left.is_zero() {
        std::thread::sleep(left);
    }
}

/// So many actors at once, each beginning the next action when its last one has ended.
pub async fn closed(
    stage: &Stage,
    actors: usize,
    first: u64,
    begin: Instant,
    length: Duration,
) -> anyhow::Result<u64> {
    let next = Arc::new(AtomicU64::new(first));
    let mut playing = JoinSet::new();
    for _ in 0..actors {
        let (next, stage) = (Arc::clone(&next), stage.clone());
        playing.spawn(async move {
            while begin.elapsed() < length {
                stage.act(next.fetch_add(1, Ordering::Relaxed), Instant::now()).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = playing.join_next().await {
        ended??;
    }
    Ok(next.load(Ordering::Relaxed) - first)
}
