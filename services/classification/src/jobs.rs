//! Clock-driven work: brings decisions into effect, stops waiting for answers, tells how many reviews wait.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use messaging::Outbox;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::store;
use crate::usecases::{Desk, follow_switches, report_learning, take_tonight, train_model, wake_reviews};

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

/// How often agreement and drift are computed anew.
const REPORT_EVERY: Duration = Duration::from_secs(3_600);

/// Takes models into use that came into force, tries a new one each night or when asked to, and says how people and machine
/// agree, until `stop`.
pub async fn watch_models(desk: Desk, interval: Duration, stop: CancellationToken) -> Result<(), Infallible> {
    let (mut asked, mut reported) = (false, None);
    while !stop.is_cancelled() {
        if let Err(error) = follow_switches(&desk).await {
            tracing::warn!(error = %error, "the model in force could not be looked for");
        }
        if asked || take_night(&desk).await {
            try_model(&desk).await;
        }
        let now = tokio::time::Instant::now();
        if reported.is_none_or(|last| now - last >= REPORT_EVERY) {
            reported = Some(now);
            tell_agreement(&desk).await;
        }
        asked = tokio::select! {
            () = stop.cancelled() => false,
            () = desk.train.notified() => true,
            () = tokio::time::sleep(interval) => false,
        };
    }
    Ok(())
}

/// Whether this process is to try a model tonight.
async fn take_night(desk: &Desk) -> bool {
    match take_tonight(desk).await {
        Ok(taken) => taken,
        Err(error) => {
            tracing::warn!(error = %error, "the night's training waits for the database");
            false
        }
    }
}

async fn try_model(desk: &Desk) {
    match train_model(desk).await {
        Ok(outcome) => {
            tracing::info!(outcome = outcome.as_str(), "a training has ended");
            metrics::counter!("trainings_total", "outcome" => outcome.as_str()).increment(1);
        }
        Err(error) => {
            tracing::error!(error = %error, "a training has failed; the model in force stays");
            metrics::counter!("trainings_total", "outcome" => "failed").increment(1);
        }
    }
}

async fn tell_agreement(desk: &Desk) {
    match report_learning(desk).await {
        Ok(report) => {
            metrics::gauge!("labels_counting").set(f64::from(report.counting_labels));
            let gauges = [
                ("label_agreement_kappa", report.kappa),
                ("machine_agreement", report.machine_agreement),
                ("proposal_drift", report.drift),
            ];
            for (name, value) in gauges {
                if let Some(value) = value {
                    metrics::gauge!(name).set(value);
                }
            }
        }
        Err(error) => tracing::warn!(error = %error, "agreement and drift could not be computed"),
    }
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
