//! Clock-driven work: uploads that broke off are forgotten after a while.

use std::time::Duration;

use crate::usecases::expire_uploads::expire_uploads;
use crate::{Error, Intake, store};

const PERIOD: Duration = Duration::from_secs(30);

/// Runs until the process stops.
pub async fn run(intake: Intake, upload_lifetime: Duration) -> Result<(), Error> {
    let stopping = intake.platform.lifecycle.stopping();
    while !stopping.is_cancelled() {
        if let Err(error) = expire_uploads(&intake, upload_lifetime).await {
            tracing::warn!(error = %error, "stale uploads stay for now");
        }
        match store::held::count(intake.outbox.database().read()).await {
            Ok(held) => metrics::gauge!("timeline_events_held").set(held as f64),
            Err(error) => tracing::warn!(error = %error, "held events cannot be counted"),
        }
        tokio::select! {
            () = stopping.cancelled() => {}
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
    Ok(())
}
