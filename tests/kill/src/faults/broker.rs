//! The broker: away, restarted, alarmed, robbed of its queues. Reports are taken all the same.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Figure, Play, acknowledged, broker, conclude, failed_creates, time_to_flow};
use crate::cluster::Signal;
use crate::engines::Engine;
use crate::stage::{Props, Stage};
use crate::town::Crowd;

/// Reports a second while something is broken.
const RATE: f64 = 50.0;
/// A backlog must be gone after this.
const DRAIN: Duration = Duration::from_secs(60);
/// Everything must flow again this soon after the broker has come back.
const FLOW: Duration = Duration::from_secs(15);
const VHOST: &str = "fieldreport";

/// Processes start without a broker, take reports, and deliver when it comes.
pub(super) async fn down_at_start(play: &Play<'_>) -> anyhow::Result<Vec<Figure>> {
    let stage = play.stage(Props { broker_down: true, ..Props::default() }).await?;
    let crowd = Crowd::gather(&stage.town, play.creates(RATE));
    sleep(Duration::from_secs(10)).await;
    let (failed, taken) = (failed_creates(&stage), acknowledged(&stage));
    let lives = stage.cluster().lives().len();
    stage.engines()?.start(Engine::Broker).await?;
    let flow = time_to_flow(&stage, FLOW * 2).await?;
    crowd.leave().await?;
    let mut figures = vec![
        Figure::holds("reports are taken without a broker", taken > 0),
        Figure::none("failed creates without a broker", failed),
        Figure::none("processes started more than once", (lives - stage.cluster().members.len()) as u64),
        Figure::within("a report reaches its owner after the broker has come", FLOW, flow),
    ];
    figures.extend(conclude(&stage, DRAIN).await?);
    Ok(figures)
}

/// The broker is away for a while at 50 reports a second.
pub(super) async fn down(play: &Play<'_>) -> anyhow::Result<Vec<Figure>> {
    let stage = play.stage(Props::default()).await?;
    let crowd = Crowd::gather(&stage.town, play.creates(RATE));
    sleep(Duration::from_secs(5)).await;
    let (failed, taken) = (failed_creates(&stage), acknowledged(&stage));
    stage.engines()?.signal(Engine::Broker, Signal::Kill).await?;
    sleep(Duration::from_secs(play.options.outage)).await;
    stage.engines()?.start(Engine::Broker).await?;
    let mut figures = vec![
        Figure::none("failed creates while the broker was away", failed_creates(&stage) - failed),
        Figure::holds(
            &format!("{} reports were taken meanwhile", acknowledged(&stage) - taken),
            acknowledged(&stage) - taken > play.options.outage * 40,
        ),
    ];
    crowd.leave().await?;
    figures.extend(conclude(&stage, DRAIN).await?);
    Ok(figures)
}

/// Killed and started again, many times, while the whole town lives.
pub(super) async fn restarts(play: &Play<'_>) -> anyhow::Result<Vec<Figure>> {
    let stage = play.stage(Props::default()).await?;
    let crowd = Crowd::gather(&stage.town, play.town(RATE));
    let mut slowest = Duration::ZERO;
    for _ in 0..play.options.rounds {
        sleep(Duration::from_secs(1)).await;
        stage.engines()?.crash(Engine::Broker).await?;
        slowest = slowest.max(time_to_flow(&stage, FLOW * 2).await?);
    }
    crowd.leave().await?;
    let mut figures =
        vec![Figure::within("a report reaches its owner after a restart, at worst", FLOW, slowest)];
    figures.extend(conclude(&stage, DRAIN).await?);
    Ok(figures)
}

/// A memory alarm stops everybody who publishes, without an error.
pub(super) async fn alarm(play: &Play<'_>) -> anyhow::Result<Vec<Figure>> {
    let stage = play.stage(Props::default()).await?;
    let crowd = Crowd::gather(&stage.town, play.creates(RATE));
    sleep(Duration::from_secs(5)).await;
    let (failed, taken) = (failed_creates(&stage), acknowledged(&stage));
    broker(&stage, &["set_vm_memory_high_watermark", "absolute", "1MB"]).await?;
    sleep(Duration::from_secs(20)).await;
    let mut figures = vec![
        Figure::none("failed creates under the alarm", failed_creates(&stage) - failed),
        Figure::holds("reports are taken under the alarm", acknowledged(&stage) - taken > 500),
    ];
    broker(&stage, &["set_vm_memory_high_watermark", "absolute", "1GB"]).await?;
    let flow = time_to_flow(&stage, FLOW * 2).await?;
    figures.push(Figure::within("a report reaches its owner after the alarm", FLOW, flow));
    crowd.leave().await?;
    figures.extend(conclude(&stage, DRAIN).await?);
    Ok(figures)
}

/// One queue after the other is deleted, with whatever is in it.
pub(super) async fn queue_deleted(play: &Play<'_>) -> anyhow::Result<Vec<Figure>> {
    let stage = play.stage(Props::default()).await?;
    let crowd = Crowd::gather(&stage.town, play.town(RATE));
    let mut slowest = Duration::ZERO;
    for service in ["classification", "routing", "satisfaction", "intake"] {
        sleep(Duration::from_secs(5)).await;
        let queue = format!("fieldreport.{service}.v1");
        broker(&stage, &["delete_queue", "-p", VHOST, &queue]).await?;
        slowest = slowest.max(until_there(&stage, &queue).await?);
    }
    crowd.leave().await?;
    let mut figures =
        vec![Figure::within("a deleted queue is there again", Duration::from_secs(30), slowest)];
    figures.extend(conclude(&stage, DRAIN * 2).await?);
    Ok(figures)
}

/// Bindings are removed behind the system's back: the broker takes and confirms what nobody gets, unless it is told that
/// somebody must.
pub(super) async fn binding_removed(play: &Play<'_>) -> anyhow::Result<Vec<Figure>> {
    let stage = play.stage(Props::default()).await?;
    let crowd = Crowd::gather(&stage.town, play.town(RATE));
    sleep(Duration::from_secs(5)).await;
    for (service, event) in [("classification", "ReportSubmitted"), ("satisfaction", "ReportResolved")] {
        broker(&stage, &["eval", &unbind(service, event)]).await?;
    }
    let flow = time_to_flow(&stage, DRAIN).await?;
    crowd.leave().await?;
    let mut figures = vec![Figure::within("a report reaches its owner again", Duration::from_secs(40), flow)];
    figures.extend(conclude(&stage, DRAIN * 2).await?);
    Ok(figures)
}

/// In the broker's own language: its command line has no word for it.
fn unbind(service: &str, event: &str) -> String {
    let resource = |kind: &str, name: &str| format!("{{resource, <<\"{VHOST}\">>, {kind}, <<\"{name}\">>}}");
    format!(
        "rabbit_binding:remove({{binding, {}, <<\"*.{event}\">>, {}, []}}, <<\"test\">>).",
        resource("exchange", "fieldreport.events"),
        resource("queue", &format!("fieldreport.{service}.v1")),
    )
}

async fn until_there(stage: &Stage, queue: &str) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    while !broker(stage, &["list_queues", "--quiet", "-p", VHOST, "name"]).await?.contains(queue) {
        anyhow::ensure!(begun.elapsed() < DRAIN, "{queue} does not come back");
        sleep(Duration::from_millis(200)).await;
    }
    Ok(begun.elapsed())
}
