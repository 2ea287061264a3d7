//! The database is killed under load and comes back.

use std::time::Duration;

use tokio::time::sleep;

use super::{Figure, Play, conclude, time_to_flow, until_acknowledged};
use crate::engines::Engine;
use crate::stage::Props;
use crate::town::Crowd;

const RATE: f64 = 60.0;
const FLOW: Duration = Duration::from_secs(10);

/// Ten times.
pub(super) async fn restarts(play: &Play<'_>) -> anyhow::Result<Vec<Figure>> {
    let stage = play.stage(Props::default()).await?;
    let crowd = Crowd::gather(&stage.town, play.town(RATE));
    let (mut slowest, mut slowest_flow) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..10 {
        sleep(Duration::from_secs(2)).await;
        stage.engines()?.crash(Engine::Database).await?;
        slowest = slowest.max(until_acknowledged(&stage, FLOW * 3).await?);
        slowest_flow = slowest_flow.max(time_to_flow(&stage, FLOW * 3).await?);
    }
    crowd.leave().await?;
    let mut figures = vec![
        Figure::within("a report is acknowledged after a crash, at worst of 10", FLOW, slowest),
        Figure::within("a report reaches its owner after a crash, at worst of 10", FLOW, slowest_flow),
    ];
    figures.extend(conclude(&stage, Duration::from_secs(60)).await?);
    Ok(figures)
}
