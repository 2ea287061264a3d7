//! Traces: where they go, and how they cross from one process to the next (W3C Trace Context).

use std::time::Duration;

use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{SpanContext, TraceContextExt as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::{TelemetryConfig, TelemetryError};

/// Without a collector no span is recorded, but every span still gets its ids.
pub(crate) fn provider(config: &TelemetryConfig) -> Result<SdkTracerProvider, TelemetryError> {
    if !(0.0..=1.0).contains(&config.sample_ratio) {
        return Err(TelemetryError::Ratio);
    }
    let Some(endpoint) = &config.otlp_endpoint else {
        return Ok(SdkTracerProvider::builder().with_sampler(Sampler::AlwaysOff).build());
    };
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .with_timeout(Duration::from_secs(5))
        .build()
        .map_err(|cause| TelemetryError::Exporter { endpoint: endpoint.clone(), cause: cause.to_string() })?;
    let resource = Resource::builder_empty()
        .with_service_name(config.service_name.clone())
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.sample_ratio)));
    Ok(SdkTracerProvider::builder()
        .with_resource(resource)
        .with_sampler(sampler)
        .with_batch_exporter(exporter)
        .build())
}

/// The current span as a W3C `traceparent`, for outgoing calls and outbox rows; `None` outside every span.
pub fn traceparent() -> Option<String> {
    let context = span_context(&Span::current())?;
    let (trace, span) = (context.trace_id(), context.span_id());
    Some(format!("00-{trace}-{span}-{:02x}", context.trace_flags().to_u8() & 1))
}

/// Makes `span` part of the trace that `traceparent` names. Call it before the span is entered. An empty or unreadable
/// text starts a new trace. Only this header is read: what a caller puts into `tracestate` or `baggage` goes no further.
///
/// If the span declares a field `trace_id`, it is filled in, so that the span's log lines carry it.
pub fn continue_trace(span: &Span, traceparent: &str) {
    let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &Header(traceparent));
    if parent.span().span_context().is_valid()
        && let Err(error) = span.set_parent(parent)
    {
        tracing::debug!(%error, "the span cannot join the incoming trace");
    }
    if span.has_field("trace_id")
        && let Some(context) = span_context(span)
    {
        span.record("trace_id", tracing::field::display(context.trace_id()));
    }
}

fn span_context(span: &Span) -> Option<SpanContext> {
    let context = span.context();
    let span_context = context.span().span_context().clone();
    span_context.is_valid().then_some(span_context)
}

/// The one header that is let in.
struct Header<'a>(&'a str);

impl Extractor for Header<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == "traceparent").then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent"]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::tests::{config, logged};

    const INCOMING: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

    fn outgoing(incoming: &str) -> String {
        let mut outgoing = String::new();
        logged("info", || {
            let span = tracing::info_span!("rpc");
            continue_trace(&span, incoming);
            outgoing = span.in_scope(|| tracing::info_span!("inner").in_scope(traceparent)).expect("a trace");
        });
        outgoing
    }

    #[test]
    fn the_trace_goes_on_with_a_new_span() {
        let outgoing = outgoing(INCOMING);
        assert!(outgoing.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"), "{outgoing}");
        assert_ne!(outgoing, INCOMING);
    }

    #[test]
    fn garbage_starts_a_new_trace() {
        for bad in ["", "x", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", &"0-".repeat(10_000)]
        {
            let outgoing = outgoing(bad);
            assert_eq!(outgoing.len(), INCOMING.len());
            assert!(!outgoing.contains("00000000000000000000000000000000"), "{outgoing}");
        }
    }

    #[test]
    fn outside_a_span_there_is_no_trace() {
        assert_eq!(traceparent(), None);
        logged("info", || assert_eq!(traceparent(), None));
    }

    #[test]
    fn a_share_is_between_none_and_all() {
        let mut config = config("info");
        for bad in [-0.1, 1.1, f64::NAN] {
            config.sample_ratio = bad;
            assert!(matches!(provider(&config), Err(TelemetryError::Ratio)));
        }
    }
}
