//! The database is killed under load and comes back.

use std::time::Duration;

use tokio::time::sleep;

use super::{Figure, Play, conclude, time_to_flow, until_acknowledged};
use crate::cluster::Signal;
use crate::engines::Engine;
use crate::stage::Props;
use crate::town::Crowd;
use crate::town::tally::Counts;

const RATE: f64 = 60.0;
const FLOW: Duration = Duration::from_secs(10);

/// Many times, while the whole town lives.
pub(super) async fn restarts(play: &Play<'_>) -> anyhow::Result<Vec<Figure>> {
    let stage = play.stage(Props::default()).await?;
    let crowd = Crowd::gather(&stage.town, play.town(RATE));
    let (mut slowest, mut slowest_flow) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..play.options.rounds {
        sleep(Duration::from_secs(2)).await;
        stage.engines()?.crash(Engine::Database).await?;
        slowest = slowest.max(until_acknowledged(&stage, FLOW * 3).await?);
        slowest_flow = slowest_flow.max(time_to_flow(&stage, FLOW * 3).await?);
    }
    crowd.leave().await?;
    let mut figures = vec![
        Figure::within("a report is acknowledged after a crash, at worst", FLOW, slowest),
        Figure::within("a report reaches its owner after a crash, at worst", FLOW, slowest_flow),
    ];
    figures.extend(conclude(&stage, Duration::from_secs(60)).await?);
    Ok(figures)
}

/// Away for a while: callers are told so soon, and served as soon as it is back.
pub(super) async fn down(play: &Play<'_>) -> anyhow::Result<Vec<Figure>> {
    let stage = play.stage(Props::default()).await?;
    let crowd = Crowd::gather(&stage.town, play.creates(RATE));
    sleep(Duration::from_secs(5)).await;
    let before = stage.town.tally.counts();
    stage.engines()?.signal(Engine::Database, Signal::Kill).await?;
    sleep(Duration::from_secs(play.options.outage)).await;
    let during = stage.town.tally.counts();
    stage.engines()?.start(Engine::Database).await?;
    let back = until_acknowledged(&stage, FLOW * 3).await?;
    crowd.leave().await?;
    let told =
        |counts: &Counts| counts.failed.get("create: UNAVAILABLE DATABASE_UNAVAILABLE").copied().unwrap_or(0);
    let told = told(&during) - told(&before);
    let failed = during.failed_creates - before.failed_creates;
    let mut figures = vec![
        Figure::holds(
            &format!(
                "{told} of {failed} failed creates were told UNAVAILABLE before the caller gave up (≥ 90 %)"
            ),
            told * 10 >= failed * 9,
        ),
        Figure::within("a report is acknowledged after the database is back", FLOW, back),
    ];
    figures.extend(conclude(&stage, Duration::from_secs(60)).await?);
    Ok(figures)
}
