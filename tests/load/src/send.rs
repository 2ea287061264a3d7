//! Sends reports and keeps a ledger of what was acknowledged.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use contract::intake::v1::intake_service_client::IntakeServiceClient;
use hdrhistogram::Histogram;
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint};

use crate::Options;
use crate::cast::Cast;

/// What was sent and what came back.
pub struct Sent {
    /// Requests sent.
    pub asked: u64,
    /// Name of each acknowledged report and the citizen who sent it.
    pub acknowledged: Vec<(String, usize)>,
    /// Answers that were errors.
    pub refused: u64,
    /// Microseconds from the moment a report was due to be sent until its answer.
    pub latency: Histogram<u64>,
    /// How long reports were sent.
    pub sending: Duration,
}

/// A channel to the system.
pub async fn connect(address: &str) -> anyhow::Result<Channel> {
    Ok(Endpoint::from_shared(address.to_owned())?.tcp_nodelay(true).connect().await?)
}

struct Answer {
    outcome: Result<(String, usize), tonic::Status>,
    latency: Duration,
}

/// Sends for `options.seconds`.
pub async fn send(options: &Options, cast: &Arc<Cast>) -> anyhow::Result<Sent> {
    let channels = [connect(&options.address).await?, connect(&options.address).await?];
    let begin = Instant::now();
    let (answers, asked) = match options.rate {
        0 => closed_loop(options, cast, &channels, begin).await?,
        _ => open_loop(options, cast, &channels, begin).await?,
    };
    let sending = begin.elapsed();
    let mut sent = Sent { asked, acknowledged: Vec::new(), refused: 0, latency: Histogram::new(3)?, sending };
    for answer in answers {
        match answer.outcome {
            Ok(report) => {
                sent.acknowledged.push(report);
                sent.latency.record(u64::try_from(answer.latency.as_micros())?)?;
            }
            Err(status) => {
                if sent.refused == 0 {
                    eprintln!("first refusal: {status}");
                }
                sent.refused += 1;
            }
        }
    }
    Ok(sent)
}

/// As many requests under way as allowed, each sender waiting for its answer.
async fn closed_loop(
    options: &Options,
    cast: &Arc<Cast>,
    channels: &[Channel],
    begin: Instant,
) -> anyhow::Result<(Vec<Answer>, u64)> {
    let next = Arc::new(AtomicU64::new(0));
    let limit = Duration::from_secs(options.seconds);
    let mut senders = JoinSet::new();
    for sender in 0..options.concurrency {
        let (next, cast, channel) = (next.clone(), cast.clone(), channels[sender % channels.len()].clone());
        senders.spawn(async move {
            let mut answers = Vec::new();
            while begin.elapsed() < limit {
                let number = next.fetch_add(1, Ordering::Relaxed);
                answers.push(one(&cast, channel.clone(), number, Instant::now()).await);
            }
            answers
        });
    }
    let answers = senders.join_all().await.into_iter().flatten().collect();
    Ok((answers, next.load(Ordering::Relaxed)))
}

/// A report whenever one is due, whether or not earlier ones are answered; latency counts from when it was due.
async fn open_loop(
    options: &Options,
    cast: &Arc<Cast>,
    channels: &[Channel],
    begin: Instant,
) -> anyhow::Result<(Vec<Answer>, u64)> {
    let count = options.rate * options.seconds;
    let mut under_way = JoinSet::new();
    for number in 0..count {
        let due = begin + Duration::from_nanos(number * 1_000_000_000 / options.rate);
        tokio::time::sleep_until(due.into()).await;
        let (cast, channel) = (cast.clone(), channels[usize::try_from(number)? % channels.len()].clone());
        under_way.spawn(async move { one(&cast, channel, number, due).await });
    }
    Ok((under_way.join_all().await, count))
}

async fn one(cast: &Cast, channel: Channel, number: u64, due: Instant) -> Answer {
    let (sender, message) = cast.report(number);
    let mut request = tonic::Request::new(message);
    request.metadata_mut().insert("authorization", cast.tokens[sender].clone());
    request.set_timeout(Duration::from_secs(10));
    let outcome = IntakeServiceClient::new(channel).create_report(request).await;
    Answer { outcome: outcome.map(|report| (report.into_inner().name, sender)), latency: due.elapsed() }
}
