//! Rolling restarts: one replica of every service after the other ends in order and comes back, twenty times, under load and
//! with sockets open that never say a word. Callers ask only processes that say they are ready.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::{Figure, Play, conclude};
use crate::cluster::{Kept, Signal};
use crate::stage::{Props, START};
use crate::town::Crowd;

const ROUNDS: usize = 20;
const RATE: f64 = 60.0;
/// Open sockets that say nothing, at each process that is asked to end.
const SILENT: usize = 100;
/// An end in order takes no longer.
const END: Duration = Duration::from_secs(20);

/// Twenty times every process.
pub(super) async fn restarts(play: &Play<'_>) -> anyhow::Result<Vec<Figure>> {
    let settings = vec!["grpc.drain_delay=1s".to_owned()];
    let stage = play.stage(Props { settings, balanced: true, ..Props::default() }).await?;
    let crowd = Crowd::gather(&stage.town, play.town(RATE));
    sleep(Duration::from_secs(5)).await;
    let before = stage.town.tally.counts().unanswered;
    let (mut slowest, mut bad, mut silent) = (Duration::ZERO, 0, 0);
    for round in 0..ROUNDS * 2 {
        // The same replica of every service at once.
        let turn: Vec<Arc<Kept>> =
            stage.cluster().members.iter().skip(round % 2).step_by(2).cloned().collect();
        for ended in futures::future::join_all(turn.iter().map(|member| restart(member))).await {
            let (took, well, sockets) = ended?;
            slowest = slowest.max(took);
            bad += u64::from(!well);
            silent += sockets;
        }
        timeout(START, futures::future::join_all(turn.iter().map(|member| member.until_ready()))).await?;
    }
    sleep(Duration::from_secs(2)).await;
    let failed = stage.town.tally.counts().unanswered - before;
    crowd.leave().await?;
    let mut figures = vec![
        Figure::none(
            &format!("calls without an answer in {} restarts", ROUNDS * stage.cluster().members.len()),
            failed,
        ),
        Figure::within("an end in order, at worst", END, slowest),
        Figure::none("ends with another exit code than 0", bad),
        Figure::holds(&format!("{silent} silent sockets were open at the ends"), silent >= SILENT * ROUNDS),
    ];
    figures.extend(conclude(&stage, Duration::from_secs(60)).await?);
    Ok(figures)
}

/// Ends a process in order and wakes it again; answers how long the end took, whether it was a good one, and how many silent
/// sockets it had.
async fn restart(member: &Kept) -> anyhow::Result<(Duration, bool, usize)> {
    let address = member.spec.grpc;
    let mut sockets = Vec::new();
    for _ in 0..SILENT {
        sockets.push(TcpStream::connect(address).await?);
    }
    let begun = Instant::now();
    member.rest();
    member.signal(Signal::Terminate, "rolled");
    let end = timeout(END * 2, member.until_gone()).await?;
    let took = begun.elapsed();
    member.wake();
    Ok((took, end.as_deref() == Some("exit status: 0"), sockets.len()))
}
