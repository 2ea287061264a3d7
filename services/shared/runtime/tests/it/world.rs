//! A small service behind the real server, an issuer for its tokens, and a client.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use auth::{Caller, DevelopmentIssuer, Role, Verifier, VerifierConfig};
use futures::future::BoxFuture;
use futures::stream::{BoxStream, StreamExt as _};
use prost::Message as _;
use runtime::grpc::{self, Api, Context, GrpcConfig};
use runtime::{Condition, Ending, Lifecycle, Readiness};
use settings::HumanDuration;
use telemetry::{LogFormat, Telemetry, TelemetryConfig};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::Service;
use vocabulary::{Clock, Problem};

pub const GRACE: Duration = Duration::from_secs(20);
/// Bound for everything that should be quick.
pub const SOON: Duration = Duration::from_secs(5);

pub struct World {
    pub address: SocketAddr,
    pub lifecycle: Lifecycle,
    pub database: Condition,
    pub token: String,
    /// Turns true when the shielded work of `Slow` may end, and counts what has ended, and the attempts of `Clash`.
    pub gate: watch::Sender<bool>,
    pub done: watch::Receiver<u32>,
    /// Whether calls of `Echo` are turned away.
    pub full: Arc<AtomicBool>,
    _directory: tempfile::TempDir,
}

/// Telemetry starts once per process; the tests share it.
pub fn telemetry() -> Telemetry {
    static TELEMETRY: OnceLock<Telemetry> = OnceLock::new();
    let config = TelemetryConfig {
        service_name: "test".to_owned(),
        log_format: LogFormat::Json,
        log_level: "off".to_owned(),
        log_targets: Default::default(),
        otlp_endpoint: None,
        sample_ratio: 1.0,
    };
    TELEMETRY.get_or_init(|| telemetry::start(&config).expect("started")).clone()
}

pub fn config() -> GrpcConfig {
    GrpcConfig { drain_timeout: HumanDuration(Duration::from_millis(300)), ..GrpcConfig::default() }
}

impl World {
    pub async fn start(config: &GrpcConfig) -> Self {
        telemetry();
        let directory = tempfile::tempdir().expect("a directory");
        let clock = Clock::system();
        let issuer = DevelopmentIssuer::open(directory.path(), "issuer", "fieldreport", clock.clone())
            .expect("issuer");
        let verification = VerifierConfig {
            issuer: "issuer".to_owned(),
            audience: "fieldreport".to_owned(),
            keys: None,
            max_lifetime: HumanDuration(Duration::from_secs(900)),
            leeway: HumanDuration(Duration::from_secs(30)),
        };
        let verifier =
            Verifier::load(&verification, vec![issuer.verification_key()], clock.clone()).expect("verifier");
        let caller =
            Caller::new(Role::Citizen, "citizen-1".parse().expect("a subject"), None).expect("a caller");
        let token = issuer.issue(&caller, Duration::from_secs(60)).expect("a token");

        let (lifecycle, readiness) = (Lifecycle::new(GRACE), Readiness::new());
        let database = readiness.condition("test", "database");
        let (gate, opened) = watch::channel(false);
        let (count, done) = watch::channel(0);
        let mut api = Api::new(descriptor_set());
        api.add("test", Test { lifecycle: lifecycle.clone(), opened, count });
        let full = Arc::new(AtomicBool::new(false));
        let is_full = full.clone();
        api.queue_until("/test.v1.Test/Echo", move || is_full.load(Ordering::Relaxed));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("an address");
        let context = Context { verifier, lifecycle: lifecycle.clone(), readiness, clock };
        grpc::serve(listener, api, config, &context).expect("served");
        Self { address, lifecycle, database, token, gate, done, full, _directory: directory }
    }

    pub async fn channel(&self) -> Channel {
        Endpoint::from_shared(format!("http://{}", self.address))
            .expect("a URI")
            .connect()
            .await
            .expect("connected")
    }

    /// A request with a good token.
    pub fn request(&self, text: &str) -> Request<String> {
        let mut request = Request::new(text.to_owned());
        let header = format!("Bearer {}", self.token).parse().expect("a header");
        request.metadata_mut().insert("authorization", header);
        request
    }

    pub async fn call(&self, method: &'static str, request: Request<String>) -> Result<String, Status> {
        let mut client = tonic::client::Grpc::new(self.channel().await);
        client.ready().await.expect("ready");
        let path = format!("/test.v1.Test/{method}").parse().expect("a path");
        let answer = client.unary(request, path, ProstCodec::<String, String>::default()).await?;
        Ok(answer.into_inner())
    }

    pub async fn stream(&self, method: &'static str) -> Result<tonic::Streaming<String>, Status> {
        let mut client = tonic::client::Grpc::new(self.channel().await);
        client.ready().await.expect("ready");
        let path = format!("/test.v1.Test/{method}").parse().expect("a path");
        let codec = ProstCodec::<String, String>::default();
        Ok(client.server_streaming(self.request(""), path, codec).await?.into_inner())
    }

    /// Stops the process; the time it takes is bounded by the caller.
    pub async fn stop(&self) -> Ending {
        self.lifecycle.stop();
        self.lifecycle.run_until_stopped().await
    }
}

/// Waits at most [`SOON`].
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, future).await.unwrap_or_else(|_| panic!("{what} did not happen in {SOON:?}"))
}

fn descriptor_set() -> &'static [u8] {
    static ENCODED: OnceLock<Vec<u8>> = OnceLock::new();
    ENCODED.get_or_init(|| {
        let method = |name: &str, streams| prost_types::MethodDescriptorProto {
            name: Some(name.to_owned()),
            input_type: Some(".test.v1.Text".to_owned()),
            output_type: Some(".test.v1.Text".to_owned()),
            server_streaming: Some(streams),
            ..Default::default()
        };
        let unary =
            ["Echo", "Trace", "Panic", "Wait", "Slow", "Clash", "Lacking"].map(|name| method(name, false));
        let streaming = ["Endless", "PanicLater"].map(|name| method(name, true));
        let file = prost_types::FileDescriptorProto {
            name: Some("test/v1/test.proto".to_owned()),
            package: Some("test.v1".to_owned()),
            message_type: vec![prost_types::DescriptorProto {
                name: Some("Text".to_owned()),
                ..Default::default()
            }],
            service: vec![prost_types::ServiceDescriptorProto {
                name: Some("Test".to_owned()),
                method: unary.into_iter().chain(streaming).collect(),
                ..Default::default()
            }],
            syntax: Some("proto3".to_owned()),
            ..Default::default()
        };
        prost_types::FileDescriptorSet { file: vec![file] }.encode_to_vec()
    })
}

#[derive(Clone)]
struct Test {
    lifecycle: Lifecycle,
    opened: watch::Receiver<bool>,
    count: watch::Sender<u32>,
}

impl NamedService for Test {
    const NAME: &'static str = "test.v1.Test";
}

impl Test {
    async fn unary(self, method: String, request: Request<String>) -> Result<Response<String>, Status> {
        match method.as_str() {
            "Echo" => {
                let caller = grpc::caller(&request)?;
                assert!(request.metadata().get("authorization").is_none(), "the token goes no further");
                Ok(Response::new(format!("{}:{}", caller.role(), request.into_inner())))
            }
            "Trace" => Ok(Response::new(telemetry::traceparent().unwrap_or_default())),
            "Panic" => panic!("on purpose"),
            // As many attempts are undone as the message says.
            "Clash" => {
                let undone = request.into_inner().parse().expect("a number");
                self.count.send_modify(|count| *count += 1);
                if *self.count.borrow() > undone {
                    return Ok(Response::new("done".to_owned()));
                }
                Err(runtime::status(&Problem::unavailable(database::CONFLICT)))
            }
            "Wait" => std::future::pending().await,
            "Slow" => {
                let (mut opened, count) = (self.opened, self.count);
                let work = async move {
                    opened.wait_for(|open| *open).await.expect("the world lives");
                    count.send_modify(|count| *count += 1);
                    Ok::<_, Problem>("done".to_owned())
                };
                self.lifecycle
                    .shielded(work)
                    .await
                    .map(Response::new)
                    .map_err(|problem| runtime::status(&problem))
            }
            _ => Err(Status::unimplemented("")),
        }
    }

    fn streaming(method: &str) -> BoxStream<'static, Result<String, Status>> {
        let first = futures::stream::iter([Ok("first".to_owned())]);
        match method {
            "PanicLater" => {
                first.chain(futures::stream::poll_fn(|_| -> Poll<Option<_>> { panic!("on purpose") })).boxed()
            }
            _ => first.chain(futures::stream::pending()).boxed(),
        }
    }
}

impl Service<http::Request<Body>> for Test {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let test = self.clone();
        Box::pin(async move {
            let method = request.uri().path().rsplit('/').next().unwrap_or("").to_owned();
            let mut grpc = tonic::server::Grpc::new(ProstCodec::<String, String>::default());
            Ok(if matches!(method.as_str(), "Endless" | "PanicLater") {
                let stream = Self::streaming(&method);
                let mut stream = Some(stream);
                let answer = tower::service_fn(move |_: Request<String>| {
                    let stream = stream.take().expect("called once");
                    async move { Ok::<_, Status>(Response::new(stream)) }
                });
                grpc.server_streaming(answer, request).await
            } else {
                let answer = tower::service_fn(move |request| test.clone().unary(method.clone(), request));
                grpc.unary(answer, request).await
            })
        })
    }
}
