//! Stopping: running calls finish, and nobody can hold the process.

use std::time::{Duration, Instant};

use runtime::{Ending, Lifecycle};
use settings::HumanDuration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::{GRACE, World, config, soon};

#[tokio::test]
async fn silent_sockets_deaf_clients_and_open_streams_do_not_hold_the_process() {
    let world = World::start(&config()).await;
    let _silent = TcpStream::connect(world.address).await.expect("connected");
    let mut deaf = TcpStream::connect(world.address).await.expect("connected");
    // Preface and an empty SETTINGS frame; then it answers nothing, neither GOAWAY nor ping.
    deaf.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.expect("written");
    let mut settings = [0; 9];
    soon("the server's SETTINGS", deaf.read_exact(&mut settings)).await.expect("read");
    let mut stream = world.stream("Endless").await.expect("begun");
    assert_eq!(stream.message().await.expect("a message").as_deref(), Some("first"));

    let begun = Instant::now();
    assert_eq!(soon("the end", world.stop()).await, Ending::Clean);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert!(soon("the cut", stream.message()).await.is_err());
    assert!(TcpStream::connect(world.address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn an_idle_client_is_asked_to_leave_and_costs_no_time() {
    let mut config = config();
    config.drain_timeout = HumanDuration(Duration::from_secs(15));
    let world = World::start(&config).await;
    let _idle = world.channel().await;
    world.call("Echo", world.request("")).await.expect("answered");
    assert_eq!(soon("the end", world.stop()).await, Ending::Clean);
}

#[tokio::test]
async fn a_running_call_is_answered_while_the_process_stops() {
    let mut config = config();
    config.drain_timeout = HumanDuration(Duration::from_secs(15));
    let world = World::start(&config).await;
    let request = world.request("");
    let call = world.call("Slow", request);
    let stop = async {
        // The shielded work is there as soon as it waits at the gate.
        soon("the call", async {
            while world.gate.receiver_count() < 2 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        world.lifecycle.stop();
        world.gate.send(true).expect("the server lives");
        world.stop().await
    };
    let (answer, ending) = soon("both", async { tokio::join!(call, stop) }).await;
    assert_eq!((answer.expect("answered").as_str(), ending), ("done", Ending::Clean));
}

#[tokio::test]
async fn calls_are_still_taken_during_the_drain_delay() {
    let mut config = config();
    config.drain_delay = HumanDuration(Duration::from_millis(500));
    let world = World::start(&config).await;
    world.lifecycle.stop();
    assert!(world.call("Echo", world.request("")).await.is_ok());
    assert_eq!(soon("the end", world.stop()).await, Ending::Clean);
}

#[tokio::test]
async fn the_first_signal_stops_softly_and_the_second_at_once() {
    let send = |signal: &str| {
        let sent =
            std::process::Command::new("kill").args([signal, &std::process::id().to_string()]).status();
        assert!(sent.expect("run").success());
    };
    let lifecycle = Lifecycle::new(GRACE);
    lifecycle.listen_for_signals().expect("listening");
    lifecycle.spawn("deaf", std::future::pending::<Result<(), std::convert::Infallible>>());
    send("-TERM");
    soon("the soft stop", lifecycle.stopping().cancelled()).await;
    let ending = lifecycle.run_until_stopped();
    send("-INT");
    assert_eq!(soon("the hard stop", ending).await, Ending::Forced);
}
