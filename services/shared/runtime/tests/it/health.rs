//! Health and reflection: open to everybody, and true.

use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1alpha;

use crate::world::{World, config, soon};

fn about(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

#[tokio::test]
async fn health_follows_the_readiness_and_ends_with_the_process() {
    let world = World::start(&config()).await;
    let mut client = HealthClient::new(world.channel().await);
    let unknown = client.check(about("no.such.Service")).await.expect_err("refused");
    assert_eq!(unknown.code(), Code::NotFound);
    for service in ["", "test.v1.Test"] {
        let mut watch = client.watch(about(service)).await.expect("watched").into_inner();
        world.database.set(false);
        loop {
            let message = soon("a status", watch.message()).await.expect("open").expect("a message");
            match message.status() {
                ServingStatus::NotServing => world.database.set(true),
                ServingStatus::Serving => break,
                other => panic!("{other:?}"),
            }
        }
        world.database.set(false);
        let message = soon("a status", watch.message()).await.expect("open").expect("a message");
        assert_eq!(message.status(), ServingStatus::NotServing);
    }
    world.database.set(true);
    let mut watch = client.watch(about("")).await.expect("watched").into_inner();
    world.lifecycle.stop();
    loop {
        let message = soon("the last status", watch.message()).await.expect("open").expect("a message");
        if message.status() == ServingStatus::NotServing {
            break;
        }
    }
    soon("the end", world.stop()).await;
}

fn list() -> MessageRequest {
    MessageRequest::ListServices(String::new())
}

#[tokio::test]
async fn reflection_describes_the_api_in_both_versions() {
    let world = World::start(&config()).await;
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(list()) };
    let mut client = ServerReflectionClient::new(world.channel().await);
    let answers = client.server_reflection_info(futures::stream::iter([request])).await.expect("answered");
    let answer = answers.into_inner().message().await.expect("open").expect("a message");
    let Some(MessageResponse::ListServicesResponse(services)) = answer.message_response else {
        panic!("{answer:?}")
    };
    assert!(services.service.iter().any(|service| service.name == "test.v1.Test"));

    let message_request = v1alpha::server_reflection_request::MessageRequest::ListServices(String::new());
    let request =
        v1alpha::ServerReflectionRequest { host: String::new(), message_request: Some(message_request) };
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(world.channel().await);
    assert!(client.server_reflection_info(futures::stream::iter([request])).await.is_ok());
}

#[tokio::test]
async fn reflection_can_be_switched_off() {
    let mut config = config();
    config.reflection = false;
    let world = World::start(&config).await;
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(list()) };
    let mut client = ServerReflectionClient::new(world.channel().await);
    let status = client.server_reflection_info(futures::stream::iter([request])).await.expect_err("refused");
    assert_eq!(status.code(), Code::Unimplemented);
}
