//! The recorder behind the `metrics` macros.

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use crate::TelemetryError;

/// Upper bounds in seconds; dense where the promised latencies lie (20 ms, 250 ms), up to the call timeout.
const SECONDS: [f64; 15] =
    [0.001, 0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.1, 0.175, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

pub(crate) fn install() -> Result<PrometheusHandle, TelemetryError> {
    let recorder = recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_| TelemetryError::Started)?;
    Ok(handle)
}

fn recorder() -> PrometheusRecorder {
    let builder = PrometheusBuilder::new();
    match builder.set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS) {
        Ok(builder) => builder.build_recorder(),
        // Only an empty list of bounds is refused.
        Err(_) => PrometheusBuilder::new().build_recorder(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_rendered_in_buckets() {
        let recorder = recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            metrics::histogram!("rpc_duration_seconds").record(0.003);
            metrics::counter!("rpc_requests_total", "code" => "OK").increment(2);
        });
        handle.run_upkeep();
        let text = handle.render();
        assert!(text.contains("rpc_duration_seconds_bucket{le=\"0.005\"} 1"), "{text}");
        assert!(text.contains("rpc_requests_total{code=\"OK\"} 2"), "{text}");
    }
}
