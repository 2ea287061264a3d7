//! Clock-driven work: tells how many reviews wait.

use std::convert::Infallible;
use std::time::Duration;

use messaging::Outbox;
use tokio_util::sync::CancellationToken;

use crate::store;

/// Sets the gauges of waiting reviews every `interval` until `stop`.
pub async fn observe_reviews(
    outbox: Outbox,
    interval: Duration,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    loop {
        match store::count_open_reviews(outbox.database().read(), outbox.clock().now()).await {
            Ok((open, overdue)) => {
                metrics::gauge!("open_reviews").set(open as f64);
                metrics::gauge!("overdue_reviews").set(overdue as f64);
            }
            Err(error) => tracing::warn!(error = %error, "waiting reviews cannot be counted"),
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(interval) => {}
        }
    }
}
