//! Every part stands still once (SIGSTOP), longer than any lease, and goes on as if nothing had happened.

use std::time::Duration;

use tokio::time::sleep;
use vocabulary::Timestamp;

use super::{Figure, Play, conclude};
use crate::cluster::Signal;
use crate::engines::Engine;
use crate::stage::{Props, Stage};
use crate::town::Crowd;

const RATE: f64 = 60.0;
/// Longer than the lease of a retry (15 s) and than every time-out.
const STILL: Duration = Duration::from_secs(18);
/// Between two stalls.
const REST: Duration = Duration::from_secs(4);

/// One process after the other, then the engines.
pub(super) async fn every_part(play: &Play<'_>) -> anyhow::Result<Vec<Figure>> {
    let stage = play.stage(Props::default()).await?;
    let crowd = Crowd::gather(&stage.town, play.town(RATE));
    sleep(REST).await;
    let mut figures = Vec::new();
    for member in &stage.cluster().members {
        let begun = stage.town.clock.now();
        member.signal(Signal::Stop, "stalled");
        sleep(STILL).await;
        member.signal(Signal::Continue, "goes on");
        // The other replica is there: nobody waits for longer than for one call that came to nothing.
        let what = format!("creates are acknowledged while {} stands still: worst gap", member.spec.name);
        figures.push(gap(&stage, begun, &what, Duration::from_secs(5)));
        sleep(REST).await;
    }
    for engine in stage.engines()?.all.clone() {
        let begun = stage.town.clock.now();
        stage.engines()?.signal(engine, Signal::Stop).await?;
        sleep(STILL).await;
        stage.engines()?.signal(engine, Signal::Continue).await?;
        sleep(REST).await;
        let what =
            format!("creates are acknowledged while the {engine:?} stands still: worst gap").to_lowercase();
        let limit = match engine {
            Engine::Database | Engine::Standby => STILL + Duration::from_secs(5),
            Engine::Broker => Duration::from_secs(5),
        };
        figures.push(gap(&stage, begun, &what, limit));
    }
    crowd.leave().await?;
    figures.extend(conclude(&stage, Duration::from_secs(60)).await?);
    Ok(figures)
}

fn gap(stage: &Stage, begun: Timestamp, what: &str, limit: Duration) -> Figure {
    let worst = stage.town.tally.counts().worst_gap(begun, stage.town.clock.now());
    Figure::within(what, limit, worst)
}
