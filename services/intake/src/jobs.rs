//! Clock-driven work: uploads that broke off are forgotten after a while, bytes that nothing leads to are collected,
//! reports that stand still are helped on.

use std::time::Duration;

use vocabulary::Clock;

use crate::usecases::collect_strays::collect_strays;
use crate::usecases::expire_uploads::expire_uploads;
use crate::usecases::sweep_reports::{Asked, sweep_reports};
use crate::{Config, Error, Intake, store};

/// How old bytes are before it matters that no row leads to them: whoever stored them has committed by then, or never will.
const STRAY: Duration = Duration::from_secs(24 * 3_600);
/// How often they are looked for. The whole store is listed for that.
const COLLECT_EVERY: Duration = Duration::from_secs(24 * 3_600);

/// Runs until the process stops. Begins at once: a process that never lives long must collect as well.
pub async fn collect(intake: Intake) -> Result<(), Error> {
    let stopping = intake.platform.lifecycle.stopping();
    // Objects carry the machine's time.
    let clock = Clock::system();
    while !stopping.is_cancelled() {
        match collect_strays(&intake, clock.now() - STRAY).await {
            Ok(0) => {}
            Ok(strays) => tracing::warn!(strays, "bytes that no row led to were removed"),
            Err(error) => tracing::warn!(error = %error, "bytes that no row leads to stay for now"),
        }
        tokio::select! {
            () = stopping.cancelled() => {}
            () = tokio::time::sleep(COLLECT_EVERY) => {}
        }
    }
    Ok(())
}

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
