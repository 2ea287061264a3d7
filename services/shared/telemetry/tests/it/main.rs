//! Telemetry as a whole, against a collector that listens. It starts once per process, so this is one test.

use std::convert::Infallible;

use telemetry::{LogFormat, TelemetryConfig, TelemetryError};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

/// `ExportTraceServiceRequest`, as far as this test reads it.
#[derive(Clone, PartialEq, prost::Message)]
struct Export {
    #[prost(bytes = "vec", repeated, tag = "1")]
    resource_spans: Vec<Vec<u8>>,
}

#[derive(Clone)]
struct Collector(mpsc::UnboundedSender<Export>);

impl NamedService for Collector {
    const NAME: &'static str = "opentelemetry.proto.collector.trace.v1.TraceService";
}

impl tower::Service<http::Request<Body>> for Collector {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let received = self.0.clone();
        Box::pin(async move {
            let take = tower::service_fn(move |request: Request<Export>| {
                let kept = received.send(request.into_inner());
                async move { kept.map(|()| Response::new(())).map_err(|_| Status::cancelled("the test is over")) }
            });
            Ok(tonic::server::Grpc::new(ProstCodec::<(), Export>::default()).unary(take, request).await)
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_reach_the_collector_before_the_process_ends() {
    let (send, mut received) = mpsc::unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let address = listener.local_addr().expect("an address");
    let mut collector = tokio::task::JoinSet::new();
    let server = tonic::transport::Server::builder().add_service(Collector(send));
    collector.spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));

    let config = TelemetryConfig {
        service_name: "fieldreport-test".to_owned(),
        log_format: LogFormat::Json,
        log_level: "off".to_owned(),
        log_targets: Default::default(),
        otlp_endpoint: Some(format!("http://{address}")),
        sample_ratio: 0.0,
    };
    let telemetry = telemetry::start(&config).expect("started");
    assert!(matches!(telemetry::start(&config), Err(TelemetryError::Started)));

    let sampled = tracing::info_span!("sampled-by-its-parent");
    telemetry::continue_trace(&sampled, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let outgoing = sampled.in_scope(telemetry::traceparent).expect("a trace");
    assert!(outgoing.ends_with("-01"), "{outgoing}");
    drop(sampled);
    let unsampled = tracing::info_span!("begun-here");
    assert!(unsampled.in_scope(telemetry::traceparent).expect("a trace").ends_with("-00"));
    drop(unsampled);
    telemetry.shutdown().await;

    let mut text = String::new();
    while let Ok(export) = received.try_recv() {
        for spans in export.resource_spans {
            text.push_str(&String::from_utf8_lossy(&spans));
        }
    }
    assert!(text.contains("sampled-by-its-parent") && text.contains("fieldreport-test"), "{text}");
    assert!(!text.contains("begun-here"), "the ratio is 0: {text}");

    metrics::counter!("started_total").increment(1);
    assert!(telemetry.render().contains("started_total 1"));
}
