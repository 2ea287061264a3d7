//! Stopping: bounded, clean, whoever holds on to the server.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use harness::{Citizen, report, text};

use crate::process::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_streams_and_silent_sockets_do_not_hold_up_a_stop() {
    let mut site = Site::new(&[]);
    let mut server = site.start().await;
    let api = site.api(&server);
    let citizen = Citizen(api.caller(auth::Role::Citizen, "citizen-1", None));
    let created = citizen.create(&report(text::ROAD)).await.expect("taken");
    let mut streams = Vec::new();
    for _ in 0..20 {
        let mut stream = citizen.watch(&created.name, "").await.expect("a stream");
        stream.message().await.expect("alive").expect("the first entry");
        streams.push(stream);
    }
    let silent: Vec<TcpStream> =
        (0..10).map(|_| TcpStream::connect(&server.address).expect("a socket")).collect();
    let mut half = TcpStream::connect(&server.address).expect("a socket");
    half.write_all(b"PRI * HTTP/2.0\r\n").expect("the beginning of a greeting");

    let begun = Instant::now();
    server.terminate();
    let status = server.ended().await;
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert_eq!(status.code(), Some(0), "{}", site.log());
    for stream in &mut streams {
        while let Ok(Some(_)) = stream.message().await {}
    }
    drop((silent, half));
}

#[tokio::test]
async fn a_server_that_nobody_uses_stops_at_once_and_starts_again() {
    let mut site = Site::new(&[]);
    for _ in 0..2 {
        let mut server = site.start().await;
        let begun = Instant::now();
        server.terminate();
        assert_eq!(server.ended().await.code(), Some(0), "{}", site.log());
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn two_servers_do_not_share_a_port() {
    let mut site = Site::new(&[]);
    let server = site.start().await;
    let mut other = Site::new(&[]);
    let taken = format!("grpc.address={}", server.address);
    let output = crate::process::binary()
        .args(["serve", "--set", &taken])
        .arg("--data-dir")
        .arg(other.data())
        .arg("--province")
        .arg(harness::pack())
        .output()
        .expect("a process");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(&server.address), "{said}");
    assert!(!other.data().join("intake.db").exists(), "it began before it had a port");
    other.start().await.kill();
    server.kill();
}
