//! Logs on standard error, traces by OTLP where a collector is configured, metrics for Prometheus.
//!
//! Trace ids exist with and without a collector, so that a log line, an event and an error reference can always be
//! brought together.

mod logs;
mod metrics;
mod panics;
mod trace;

use std::collections::BTreeMap;
use std::io::IsTerminal as _;

use metrics_exporter_prometheus::PrometheusHandle;
use opentelemetry_sdk::trace::SdkTracerProvider;
use serde::Deserialize;

pub use trace::{continue_trace, traceparent};

/// What to tell, in which form, and to whom.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelemetryConfig {
    /// Name of this process in traces, e.g. `fieldreport-intake`.
    pub service_name: String,
    /// Form of the log.
    pub log_format: LogFormat,
    /// Lowest level that is logged: `error`, `warn`, `info`, `debug`, `trace` or `off`.
    pub log_level: String,
    /// Other levels for single modules, e.g. `{ sqlx = "debug" }`.
    pub log_targets: BTreeMap<String, String>,
    /// OTLP/gRPC collector, e.g. `http://127.0.0.1:4317`; empty means that no trace leaves the process.
    #[serde(deserialize_with = "settings::optional")]
    pub otlp_endpoint: Option<String>,
    /// Share of traces that begin here and are exported, 0 to 1. Traces begun elsewhere follow their parent.
    pub sample_ratio: f64,
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// One JSON object per line.
    Json,
    /// For people.
    Text,
}

/// Why telemetry cannot start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// A level that does not exist.
    #[error("`{key}`: {level:?} is no log level; use error, warn, info, debug, trace or off")]
    Level {
        /// The setting.
        key: String,
        /// What was given.
        level: String,
    },
    /// A share outside 0 to 1.
    #[error("`telemetry.sample_ratio` must lie between 0 and 1")]
    Ratio,
    /// The collector's address is unusable.
    #[error("cannot export traces to {endpoint}: {cause}")]
    Exporter {
        /// The configured endpoint.
        endpoint: String,
        /// What the exporter said.
        cause: String,
    },
    /// It runs already: once per process.
    #[error("telemetry has been started before in this process")]
    Started,
}

/// The running telemetry of the process.
#[derive(Clone)]
pub struct Telemetry {
    metrics: PrometheusHandle,
    tracer: SdkTracerProvider,
}

/// Starts logs, traces and metrics for the whole process. Call it once, first, inside the tokio runtime.
pub fn start(config: &TelemetryConfig) -> Result<Telemetry, TelemetryError> {
    let tracer = trace::provider(config)?;
    let as_json = match config.log_format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };
    let subscriber = logs::subscriber(config, as_json, &tracer, std::io::stderr)?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| TelemetryError::Started)?;
    let metrics = metrics::install()?;
    panics::log();
    Ok(Telemetry { metrics, tracer })
}

impl Telemetry {
    /// All metrics in the Prometheus text format.
    pub fn render(&self) -> String {
        self.metrics.render()
    }

    /// Folds raw histogram samples into their buckets. Must be called every few seconds: samples that nobody scrapes
    /// would pile up.
    pub fn upkeep(&self) {
        self.metrics.run_upkeep();
    }

    /// Sends what has not been sent yet; the last call before the process ends. Waits for at most five seconds.
    pub async fn shutdown(&self) {
        let tracer = self.tracer.clone();
        // Blocking inside, and it needs the runtime's workers to send: never on one of them.
        let flushed = tokio::task::spawn_blocking(move || {
            tracer.shutdown_with_timeout(std::time::Duration::from_secs(5))
        })
        .await;
        match flushed {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the last traces could not be sent"),
            Err(error) => tracing::warn!(%error, "the last traces could not be sent"),
        }
    }
}
