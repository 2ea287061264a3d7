//! The operator's port.

use std::net::SocketAddr;
use std::time::Duration;

use runtime::{Ending, Lifecycle, Readiness};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::{soon, telemetry};

async fn get(address: SocketAddr, path: &str) -> String {
    let mut socket = TcpStream::connect(address).await.expect("connected");
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.expect("written");
    let mut answer = String::new();
    soon("an answer", socket.read_to_string(&mut answer)).await.expect("read");
    answer
}

#[tokio::test]
async fn it_tells_life_readiness_and_metrics_and_stops_in_time() {
    let (lifecycle, readiness) = (Lifecycle::new(Duration::from_secs(20)), Readiness::new());
    let database = readiness.condition("intake", "database");
    let any = "127.0.0.1:0".parse().ok();
    let address = runtime::internal::serve(any, telemetry(), &lifecycle, readiness).await.expect("bound");
    let address = address.expect("an address");
    assert!(get(address, "/livez").await.starts_with("HTTP/1.1 200"));
    let waiting = get(address, "/readyz").await;
    assert!(
        waiting.starts_with("HTTP/1.1 503") && waiting.ends_with("waiting for intake/database\n"),
        "{waiting}"
    );
    database.set(true);
    assert!(get(address, "/readyz").await.starts_with("HTTP/1.1 200"));
    metrics::counter!("internal_port_test_total").increment(1);
    assert!(get(address, "/metrics").await.contains("internal_port_test_total 1"));

    let _idle = TcpStream::connect(address).await.expect("connected");
    lifecycle.stop();
    assert_eq!(soon("the end", lifecycle.run_until_stopped()).await, Ending::Clean);
}

#[tokio::test]
async fn without_an_address_there_is_no_port() {
    let lifecycle = Lifecycle::new(Duration::from_secs(20));
    let bound = runtime::internal::serve(None, telemetry(), &lifecycle, Readiness::new()).await;
    assert_eq!(bound.expect("no error"), None);
}
