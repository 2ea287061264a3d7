//! Nothing but health and reflection answers to somebody without a good token.

use std::time::Duration;

use auth::{Caller, Role};
use harness::{Refusal, World};
use prost::Message as _;
use prost_types::FileDescriptorSet;
use tonic::client::Grpc;
use tonic::metadata::MetadataValue;
use tonic::{Code, Request};
use tonic_prost::ProstCodec;

/// Every method of the contract, as a path.
fn methods() -> Vec<String> {
    let set = FileDescriptorSet::decode(contract::DESCRIPTORS).expect("descriptors");
    let mut methods = Vec::new();
    for file in set.file {
        for service in &file.service {
            for method in &service.method {
                methods.push(format!("/{}.{}/{}", file.package(), service.name(), method.name()));
            }
        }
    }
    methods
}

async fn call(world: &World, path: &str, authorization: Option<&str>) -> Refusal {
    let mut client = Grpc::new(world.api().channel());
    client.ready().await.expect("a connection");
    let mut request = Request::new(());
    if let Some(value) = authorization {
        request.metadata_mut().insert("authorization", MetadataValue::try_from(value).expect("a header"));
    }
    let codec = ProstCodec::<(), ()>::default();
    let answer = client.unary(request, path.parse().expect("a path"), codec).await;
    harness::refusal(answer)
}

#[tokio::test]
async fn every_method_wants_a_good_token() {
    let world = World::start().await;
    let citizen =
        Caller::new(Role::Citizen, "citizen-1".parse().expect("a subject"), None).expect("a caller");
    let token = world.issuer().issue(&citizen, Duration::from_secs(600)).expect("a token");
    let (head, signature) = token.rsplit_once('.').expect("a signature");
    let forged = format!("Bearer {head}.{}", signature.chars().rev().collect::<String>());
    let unsigned = format!("Bearer {head}.");
    let methods = methods();
    assert!(methods.len() >= 24, "{methods:?}");
    for method in &methods {
        for wrong in [None, Some(""), Some("Bearer"), Some("Basic Og=="), Some(&forged), Some(&unsigned)] {
            let refused = call(&world, method, wrong.map(AsRef::as_ref)).await;
            assert_eq!(refused.code, Code::Unauthenticated, "{method} with {wrong:?}");
            assert!(!refused.reason.is_empty(), "{method}");
        }
    }
    let unknown = call(&world, "/fieldreport.intake.v1.IntakeService/DropTables", None).await;
    assert!(matches!(unknown.code, Code::Unimplemented | Code::Unauthenticated), "{unknown:?}");
    world.finish().await;
}
