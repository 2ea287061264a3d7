//! The operator's port: `/metrics`, `/livez`, `/readyz`. Never reachable from outside.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use telemetry::Telemetry;
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::{Lifecycle, Readiness};

/// How often raw histogram samples are folded into their buckets.
const UPKEEP: Duration = Duration::from_secs(5);
/// How long a scrape may still take while the process stops.
const LAST_SCRAPE: Duration = Duration::from_secs(1);

/// Serves the operator's port on `address`, if there is one, until the process stops; gives the address bound.
/// Keeps the metrics tidy in any case.
pub async fn serve(
    address: Option<SocketAddr>,
    telemetry: Telemetry,
    lifecycle: &Lifecycle,
    readiness: Readiness,
) -> std::io::Result<Option<SocketAddr>> {
    lifecycle.spawn("metrics upkeep", upkeep(telemetry.clone(), lifecycle.clone()));
    let Some(address) = address else { return Ok(None) };
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    let router = Router::new()
        .route("/metrics", get(metrics))
        .with_state(telemetry)
        .merge(Router::new().route("/readyz", get(readyz)).with_state((readiness, lifecycle.clone())))
        .route("/livez", get(async || "alive\n"));
    let stopping = lifecycle.stopping();
    lifecycle.spawn("internal port", async move {
        let serving =
            axum::serve(listener, router).with_graceful_shutdown(stopping.clone().cancelled_owned());
        let bounded = async {
            stopping.cancelled().await;
            tokio::time::sleep(LAST_SCRAPE).await;
        };
        tokio::select! {
            outcome = serving.into_future() => outcome,
            () = bounded => Ok(()),
        }
    });
    Ok(Some(bound))
}

async fn upkeep(telemetry: Telemetry, lifecycle: Lifecycle) -> Result<(), Infallible> {
    let stopping = lifecycle.stopping();
    while timeout(UPKEEP, stopping.cancelled()).await.is_err() {
        telemetry.upkeep();
    }
    Ok(())
}

async fn metrics(State(telemetry): State<Telemetry>) -> ([(http::HeaderName, &'static str); 1], String) {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], telemetry.render())
}

async fn readyz(State((readiness, lifecycle)): State<(Readiness, Lifecycle)>) -> (StatusCode, String) {
    if lifecycle.stopping().is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n".to_owned());
    }
    let unmet = readiness.unmet();
    if unmet.is_empty() {
        return (StatusCode::OK, "ready\n".to_owned());
    }
    (StatusCode::SERVICE_UNAVAILABLE, format!("waiting for {}\n", unmet.join(", ")))
}
