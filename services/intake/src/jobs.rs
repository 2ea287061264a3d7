//! Clock-driven work: uploads that broke off are forgotten after a while, reports that stand still are helped on.

use crate::usecases::expire_uploads::expire_uploads;
use crate::usecases::sweep_reports::{Asked, sweep_reports};
use crate::{Config, Error, Intake, store};

/// Runs until the process stops.
pub async fn run(intake: Intake, config: Config) -> Result<(), Error> {
    let stopping = intake.platform.lifecycle.stopping();
    let mut asked = Asked::default();
    while !stopping.is_cancelled() {
        if let Err(error) = expire_uploads(&intake, config.upload_lifetime.get()).await {
            tracing::warn!(error = %error, "stale uploads stay for now");
        }
        if let Err(error) = sweep_reports(&intake, config.stuck_after.get(), &mut asked).await {
            tracing::warn!(error = %error, "reports that stand still could not be looked for");
        }
        match store::held::count(intake.outbox.database().read()).await {
            Ok(held) => metrics::gauge!("timeline_events_held").set(held as f64),
            Err(error) => tracing::warn!(error = %error, "held events cannot be counted"),
        }
        tokio::select! {
            () = stopping.cancelled() => {}
            () = tokio::time::sleep(config.sweep_interval.get()) => {}
        }
    }
    Ok(())
}
