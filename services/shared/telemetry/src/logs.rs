//! The log and the trace layer, each with its own filter: silencing the log does not silence the traces.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry::Registry;

use crate::{TelemetryConfig, TelemetryError};

/// Libraries that talk too much at `info` and below.
const NOISY: [&str; 9] =
    ["h2", "hyper", "hyper_util", "tonic", "tower", "sqlx", "sea_orm", "rustls", "opentelemetry"];

/// Says as an error what its caller is told as an error and deals with.
const SILENT: &str = "lapin";

pub(crate) fn subscriber<W>(
    config: &TelemetryConfig,
    as_json: bool,
    tracer: &SdkTracerProvider,
    writer: W,
) -> Result<impl Subscriber + Send + Sync + 'static, TelemetryError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let format = tracing_subscriber::fmt::layer().with_writer(writer);
    let log = if as_json {
        format.json().flatten_event(true).with_current_span(false).with_span_list(true).boxed()
    } else {
        format.compact().with_ansi(false).boxed()
    };
    let traces = tracing_opentelemetry::layer()
        .with_tracer(tracer.tracer("fieldreport"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        // Spans find their parents through `tracing`; nothing here reads OpenTelemetry's own thread-local context.
        .with_context_activation(false);
    Ok(Registry::default()
        .with(log.with_filter(log_filter(config)?))
        .with(traces.with_filter(quiet(Targets::new().with_default(LevelFilter::INFO)))))
}

fn log_filter(config: &TelemetryConfig) -> Result<Targets, TelemetryError> {
    let default = level("telemetry.log_level", &config.log_level)?;
    let mut targets = Targets::new().with_default(default).with_target(SILENT, LevelFilter::OFF);
    if default > LevelFilter::WARN {
        targets = quiet(targets);
    }
    for (target, word) in &config.log_targets {
        targets = targets.with_target(target, level(&format!("telemetry.log_targets.{target}"), word)?);
    }
    Ok(targets)
}

fn quiet(targets: Targets) -> Targets {
    targets
        .with_targets(NOISY.map(|target| (target, LevelFilter::WARN)))
        .with_target(SILENT, LevelFilter::OFF)
}

fn level(key: &str, word: &str) -> Result<LevelFilter, TelemetryError> {
    word.parse().map_err(|_| TelemetryError::Level { key: key.to_owned(), level: word.to_owned() })
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::{LogFormat, continue_trace, trace, traceparent};

    /// A log that a test can read.
    #[derive(Clone, Default)]
    pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("unpoisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Lines {
        fn read(&self) -> Vec<serde_json::Value> {
            let text = String::from_utf8(self.0.lock().expect("unpoisoned").clone()).expect("UTF-8");
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
        }
    }

    pub(crate) fn config(level: &str) -> TelemetryConfig {
        TelemetryConfig {
            service_name: "test".to_owned(),
            log_format: LogFormat::Json,
            log_level: level.to_owned(),
            log_targets: [("loud".to_owned(), "trace".to_owned())].into(),
            otlp_endpoint: None,
            sample_ratio: 1.0,
        }
    }

    pub(crate) fn logged(level: &str, work: impl FnOnce()) -> Vec<serde_json::Value> {
        let lines = Lines::default();
        let writer = lines.clone();
        let config = config(level);
        let tracer = trace::provider(&config).expect("a provider");
        let subscriber = subscriber(&config, true, &tracer, move || writer.clone()).expect("a subscriber");
        tracing::subscriber::with_default(subscriber, work);
        lines.read()
    }

    #[test]
    fn each_module_has_its_level() {
        let lines = logged("info", || {
            tracing::info!("one");
            tracing::debug!("two");
            tracing::info!(target: "h2", "three");
            tracing::warn!(target: "h2::codec", "four");
            tracing::trace!(target: "loud", "five");
        });
        let messages: Vec<_> = lines.iter().map(|line| line["message"].as_str().unwrap_or("")).collect();
        assert_eq!(messages, ["one", "four", "five"]);
    }

    #[test]
    fn a_line_carries_the_trace_it_belongs_to_even_when_the_log_is_quiet() {
        let incoming = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let lines = logged("warn", || {
            let span = tracing::info_span!("rpc", trace_id = tracing::field::Empty);
            continue_trace(&span, incoming);
            span.in_scope(|| {
                tracing::info!("dropped");
                assert!(traceparent().expect("a trace").contains("4bf92f3577b34da6a3ce929d0e0e4736"));
            });
        });
        assert!(lines.is_empty());
        let lines = logged("info", || {
            let span = tracing::info_span!("rpc", trace_id = tracing::field::Empty);
            continue_trace(&span, incoming);
            span.in_scope(|| tracing::info!(count = 3, "kept"));
        });
        assert_eq!(lines[0]["spans"][0]["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(lines[0]["count"], 3);
    }

    #[test]
    fn a_wrong_level_is_told_with_its_key() {
        let mut config = config("loud");
        assert_eq!(
            log_filter(&config).expect_err("refused").to_string(),
            "`telemetry.log_level`: \"loud\" is no log level; use error, warn, info, debug, trace or off"
        );
        config.log_level = "info".to_owned();
        config.log_targets.insert("sqlx".to_owned(), "x".to_owned());
        assert!(log_filter(&config).expect_err("refused").to_string().contains("telemetry.log_targets.sqlx"));
    }
}
