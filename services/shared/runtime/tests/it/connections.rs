//! Connections that would stay for ever, or be too many.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures::poll;
use h2::SendStream;
use h2::client::ResponseFuture;
use http::Method;
use runtime::grpc::GrpcConfig;
use settings::HumanDuration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::coop::unconstrained;

use crate::world::{World, config, soon};

/// Reads until the server closes.
async fn closed(socket: &mut TcpStream) {
    let mut rest = Vec::new();
    // A reset is a close as well.
    drop(socket.read_to_end(&mut rest).await);
}

#[tokio::test]
async fn a_silent_or_mumbling_connection_is_closed() {
    let mut config = config();
    config.first_byte_timeout = HumanDuration(Duration::from_millis(100));
    let world = World::start(&config).await;
    let mut silent = TcpStream::connect(world.address).await.expect("connected");
    let mut mumbling = TcpStream::connect(world.address).await.expect("connected");
    mumbling.write_all(b"PRI * HTTP/2.0\r\n\r\nSM").await.expect("written");
    soon("the close", closed(&mut silent)).await;
    soon("the close", closed(&mut mumbling)).await;
}

#[tokio::test]
async fn connections_beyond_the_limit_are_closed_and_room_is_given_back() {
    let mut config = config();
    config.max_connections = 1;
    let world = World::start(&config).await;
    let channel = world.channel().await;
    let mut second = TcpStream::connect(world.address).await.expect("connected");
    soon("the close", closed(&mut second)).await;
    drop(channel);
    soon("room", async {
        while tonic::transport::Endpoint::from_shared(format!("http://{}", world.address))
            .expect("a URI")
            .connect()
            .await
            .is_err()
        {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_old_connection_is_cut_after_its_grace() {
    let mut config = config();
    config.max_connection_age = HumanDuration(Duration::from_millis(100));
    config.max_connection_age_grace = HumanDuration(Duration::from_millis(200));
    let world = World::start(&config).await;
    let mut stream = world.stream("Endless").await.expect("begun");
    assert_eq!(stream.message().await.expect("a message").as_deref(), Some("first"));
    let broken = soon("the cut", stream.message()).await;
    assert!(broken.is_err(), "{broken:?}");
    assert!(world.call("Echo", world.request("")).await.is_ok(), "a new connection is welcome");
}

#[tokio::test]
async fn a_large_header_block_is_refused() {
    let world = World::start(&config()).await;
    let mut request = world.request("");
    request.metadata_mut().insert("x-large", "x".repeat(20 * 1024).parse().expect("a header"));
    assert!(soon("an answer", world.call("Echo", request)).await.is_err());
    assert!(world.call("Echo", world.request("")).await.is_ok());
}

/// A client that the server hears only when the test waits for something: both are of one thread.
struct Raw {
    world: World,
    client: h2::client::SendRequest<Bytes>,
    connection: Pin<Box<h2::client::Connection<TcpStream>>>,
}

impl Raw {
    async fn connect(config: &GrpcConfig) -> Self {
        let world = World::start(config).await;
        let socket = TcpStream::connect(world.address).await.expect("connected");
        let (client, connection) = h2::client::handshake(socket).await.expect("greeted");
        Self { world, client, connection: Box::pin(connection) }
    }

    fn call(&mut self, method: &str, is_whole: bool) -> (ResponseFuture, SendStream<Bytes>) {
        let request = http::Request::builder()
            .method(Method::POST)
            .uri(format!("http://{}/test.v1.Test/{method}", self.world.address))
            .header("content-type", "application/grpc")
            .header("authorization", format!("Bearer {}", self.world.token))
            .body(())
            .expect("a request");
        self.client.send_request(request, is_whole).expect("sent")
    }

    /// Hands what was said to the socket.
    async fn send(&mut self) {
        assert!(poll!(&mut self.connection).is_pending());
    }

    /// Begins calls and gives all of them up at once.
    async fn give_up(&mut self, calls: u32) {
        let mut given_up = Vec::new();
        for _ in 0..calls {
            self.send().await;
            given_up.push(self.call("Wait", true));
        }
        self.send().await;
        for (_, stream) in &mut given_up {
            stream.send_reset(h2::Reason::CANCEL);
        }
        self.send().await;
    }
}

/// A crowd of calls that end at once is what a client's time-out makes of a slow moment.
#[tokio::test]
async fn calls_that_are_given_up_together_take_no_other_with_them() {
    let config = config();
    let mut raw = Raw::connect(&config).await;
    let (awaited, mut body) = raw.call("Echo", false);
    body.send_data(Bytes::from_static(&[0; 5]), true).expect("sent");
    unconstrained(raw.give_up(config.max_streams_per_connection - 1)).await;
    let answer = soon("the answer", async {
        tokio::select! {
            answer = awaited => answer,
            end = raw.connection => panic!("the connection ended: {end:?}"),
        }
    });
    assert_eq!(answer.await.expect("answered").status(), http::StatusCode::OK);
}

#[tokio::test]
async fn who_begins_and_ends_calls_without_end_loses_the_connection_and_harms_no_other() {
    let config = config();
    let mut raw = Raw::connect(&config).await;
    for _ in 0..2 {
        unconstrained(raw.give_up(config.max_streams_per_connection)).await;
    }
    let end = soon("the end", raw.connection).await.expect_err("told to leave");
    assert_eq!(end.reason(), Some(h2::Reason::ENHANCE_YOUR_CALM));
    assert!(raw.world.call("Echo", raw.world.request("")).await.is_ok());
}
