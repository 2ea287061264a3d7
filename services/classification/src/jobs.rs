//! Clock-driven work: brings decisions into effect, stops waiting for answers, tells how many reviews wait.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use messaging::Outbox;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::store;
use crate::usecases::{Desk, wake_reviews};

/// Reviews looked after in one transaction.
const WAKE_BATCH: u64 = 200;

/// Looks every `interval`, and when told to, for what has become due, until `stop`.
pub async fn watch_reviews(
    desk: Desk,
    interval: Duration,
    wake: Arc<Notify>,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    while !stop.is_cancelled() {
        match wake_reviews(&desk, WAKE_BATCH).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(error = %error, "reviews that are due wait for the database");
            }
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = wake.notified() => {}
            () = tokio::time::sleep(interval) => {}
        }
    }
    Ok(())
}

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
