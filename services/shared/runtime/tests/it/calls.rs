//! The layers, seen from a client.

use std::pin::pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::{Method, StatusCode};
use runtime::grpc::GrpcConfig;
use settings::HumanDuration;
use tonic::body::Body;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;
use tower::{Service as _, ServiceExt as _};

use crate::world::{World, config, soon, telemetry};

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

async fn raw(world: &World, method: Method, path: &str, headers: &[(&str, &str)]) -> http::Response<Body> {
    let mut request = http::Request::builder().method(method).uri(format!("http://{}{path}", world.address));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).expect("a request");
    soon("an answer", world.channel().await.ready().await.expect("ready").call(request))
        .await
        .expect("answered")
}

#[tokio::test]
async fn a_call_with_a_token_reaches_the_service_with_its_caller() {
    let world = World::start(&config()).await;
    let answer = world.call("Echo", world.request("xin chào")).await;
    assert_eq!(answer.expect("answered"), "citizen:xin chào");
}

#[tokio::test]
async fn without_one_good_token_nothing_is_reached() {
    let world = World::start(&config()).await;
    let token = world.token.clone();
    let broken = format!("Bearer {}x", token);
    for (headers, expected) in [
        (vec![], "TOKEN_MISSING"),
        (vec!["Basic dTpw".to_owned()], "TOKEN_MISSING"),
        (vec!["Bearer".to_owned()], "TOKEN_MISSING"),
        (vec![format!("Bearer {token}"), format!("Bearer {token}")], "TOKEN_MISSING"),
        (vec!["Bearer x".to_owned()], "TOKEN_INVALID"),
        (vec![broken], "TOKEN_INVALID"),
    ] {
        let mut request = Request::new(String::new());
        for header in &headers {
            request.metadata_mut().append("authorization", header.parse().expect("a header"));
        }
        let status = world.call("Echo", request).await.expect_err("refused");
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::Unauthenticated, expected),
            "{}",
            headers.len()
        );
    }
}

#[tokio::test]
async fn what_is_not_grpc_is_refused() {
    let world = World::start(&config()).await;
    let grpc = ("content-type", "application/grpc");
    let get = raw(&world, Method::GET, "/test.v1.Test/Echo", &[grpc]).await;
    assert_eq!(get.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(get.headers()["allow"], "POST");
    for wrong in [&[("content-type", "application/json")][..], &[]] {
        let response = raw(&world, Method::POST, "/test.v1.Test/Echo", wrong).await;
        assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    for path in ["/", "/test.v1.Test/Missing", "/test.v1.Other/Echo", "//test.v1.Test/Echo"] {
        let response = raw(&world, Method::POST, path, &[grpc]).await;
        assert_eq!(response.headers()["grpc-status"], "12", "{path}");
    }
}

#[tokio::test]
async fn a_method_that_is_described_but_not_served_is_unimplemented() {
    let world = World::start(&config()).await;
    let status = world.call("Lacking", world.request("")).await.expect_err("refused");
    assert_eq!(status.code(), Code::Unimplemented);
}

#[tokio::test]
async fn a_panic_is_an_internal_error_with_a_reference_and_the_server_lives() {
    let world = World::start(&config()).await;
    let status = world.call("Panic", world.request("")).await.expect_err("refused");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Internal, "INTERNAL"));
    let info = status.get_details_error_info().expect("ErrorInfo");
    assert_eq!(info.metadata["reference"].len(), 36);
    assert!(!status.message().contains("on purpose"));

    // Whether the message before the panic still gets out is tonic's business: it sends in batches.
    let mut stream = world.stream("PanicLater").await.expect("begun");
    let status = match stream.message().await {
        Ok(message) => {
            assert_eq!(message.as_deref(), Some("first"));
            stream.message().await.expect_err("broken")
        }
        Err(status) => status,
    };
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Internal, "INTERNAL"));

    assert!(world.call("Echo", world.request("")).await.is_ok());
}

#[tokio::test]
async fn a_bad_deadline_is_refused() {
    let world = World::start(&config()).await;
    for bad in ["soon", "1", "-1S", "123456789S", ""] {
        let mut request = world.request("");
        request.metadata_mut().insert("grpc-timeout", bad.parse().expect("a header"));
        let status = world.call("Echo", request).await.expect_err("refused");
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::InvalidArgument, "GRPC_TIMEOUT_INVALID"),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn the_server_ends_the_wait_of_a_patient_caller() {
    let mut config = config();
    config.call_timeout = HumanDuration(Duration::from_millis(50));
    let world = World::start(&config).await;
    let mut request = world.request("");
    request.metadata_mut().insert("grpc-timeout", "1H".parse().expect("a header"));
    let status = soon("the server's deadline", world.call("Wait", request)).await.expect_err("late");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
}

#[tokio::test]
async fn a_stream_is_not_bounded_by_the_call_timeout() {
    let mut config = config();
    config.call_timeout = HumanDuration(Duration::from_millis(50));
    let world = World::start(&config).await;
    let mut stream = world.stream("Endless").await.expect("begun");
    assert_eq!(stream.message().await.expect("a message").as_deref(), Some("first"));
    let more = tokio::time::timeout(Duration::from_millis(300), stream.message()).await;
    assert!(more.is_err(), "the stream is still open: {more:?}");
}

#[tokio::test]
async fn shielded_work_goes_on_after_the_deadline() {
    let mut config = config();
    config.call_timeout = HumanDuration(Duration::from_millis(50));
    let mut world = World::start(&config).await;
    let status = world.call("Slow", world.request("")).await.expect_err("late");
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(*world.done.borrow(), 0);
    world.gate.send(true).expect("the server lives");
    soon("the end of the work", world.done.wait_for(|done| *done == 1)).await.expect("counted");
}

#[tokio::test]
async fn the_callers_trace_goes_on_and_nothing_else_of_it() {
    let world = World::start(&config()).await;
    let mut request = world.request("");
    let incoming = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    request.metadata_mut().insert("traceparent", incoming.parse().expect("a header"));
    let inside = world.call("Trace", request).await.expect("answered");
    assert!(
        inside.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && !inside.contains("00f067aa"),
        "{inside}"
    );
    let fresh = world.call("Trace", world.request("")).await.expect("answered");
    assert!(fresh.len() == incoming.len() && !fresh.contains("4bf92f35"), "{fresh}");
}

#[tokio::test]
async fn every_call_is_counted_by_its_outcome_and_unknown_paths_make_no_series() {
    let world = World::start(&config()).await;
    world.call("Echo", world.request("")).await.expect("answered");
    world.call("Echo", Request::new(String::new())).await.expect_err("refused");
    raw(&world, Method::POST, "/secret.Probe/Now", &[("content-type", "application/grpc")]).await;
    let text = telemetry().render();
    for code in ["OK", "UNAUTHENTICATED"] {
        let series =
            format!("rpc_requests_total{{service=\"test.v1.Test\",method=\"Echo\",code=\"{code}\"}}");
        assert!(text.contains(&series), "{series} is missing in {text}");
    }
    assert!(text.contains("rpc_duration_seconds_bucket{service=\"test.v1.Test\",method=\"Echo\""), "{text}");
    assert!(!text.contains("secret"), "{text}");
}

#[tokio::test]
async fn a_call_that_the_client_gives_up_is_counted_as_cancelled() {
    let world = World::start(&config()).await;
    let mut stream = world.stream("Endless").await.expect("begun");
    assert_eq!(stream.message().await.expect("a message").as_deref(), Some("first"));
    drop(stream);
    let series = "rpc_requests_total{service=\"test.v1.Test\",method=\"Endless\",code=\"CANCELLED\"}";
    soon("the count", async {
        while !telemetry().render().contains(series) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_call_that_was_undone_because_of_another_is_made_again() {
    let world = World::start(&config()).await;
    assert_eq!(soon("the answer", world.call("Clash", world.request("2"))).await.expect("answered"), "done");
    assert_eq!(*world.done.borrow(), 3);
}

#[tokio::test]
async fn a_call_that_is_undone_every_time_is_told_so_and_may_come_again() {
    let world = World::start(&config()).await;
    let status = soon("an answer", world.call("Clash", world.request("99"))).await.expect_err("undone");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, "DATABASE_CONFLICT"));
    assert!(status.get_details_retry_info().is_some());
    assert_eq!(*world.done.borrow(), 4, "three repeats");
}

#[tokio::test]
async fn the_deadline_ends_the_repeats() {
    let mut config = config();
    config.call_timeout = HumanDuration(Duration::from_millis(20));
    let world = World::start(&config).await;
    let status = soon("an answer", world.call("Clash", world.request("99"))).await.expect_err("undone");
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn what_is_more_than_can_be_served_is_refused_before_it_is_read() {
    let world = World::start(&config()).await;
    world.full.store(true, Ordering::Relaxed);
    // Not even the token is looked at.
    let status = world.call("Echo", Request::new(String::new())).await.expect_err("refused");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, "OVERLOADED"));
    assert!(status.get_details_retry_info().is_some());
    assert!(world.call("Trace", world.request("")).await.is_ok(), "other methods go on");
    world.full.store(false, Ordering::Relaxed);
    assert!(world.call("Echo", world.request("")).await.is_ok());
}

#[tokio::test]
async fn more_calls_than_there_are_places_are_refused_at_once_and_none_is_kept() {
    let world = World::start(&GrpcConfig { max_calls: 1, ..config() }).await;
    let mut waits = pin!(world.call("Slow", world.request("")));
    // Its place is taken before it waits.
    let status = soon("a refusal", async {
        loop {
            assert!(futures::poll!(waits.as_mut()).is_pending());
            if let Err(status) = world.call("Trace", world.request("")).await {
                break status;
            }
        }
    })
    .await;
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, "OVERLOADED"));
    assert!(status.get_details_retry_info().is_some());
    assert!(world.call("Echo", world.request("")).await.is_ok(), "it has a queue of its own");
    assert!(world.stream("Endless").await.is_ok(), "streams have limits of their own");
    world.gate.send_replace(true);
    assert!(soon("the answer", waits).await.is_ok());
    assert!(world.call("Trace", world.request("")).await.is_ok(), "the place is free again");
}
