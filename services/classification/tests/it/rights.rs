//! Who may see and do what: missing and forbidden look alike.

use auth::Role;
use contract::classification::v1::decide_review_request::Decision;
use contract::classification::v1::{Confirm, ListReviewsRequest};
use uuid::Uuid;

use crate::pack::PACK;
use crate::triage::{classification, decide};
use crate::world::{World, reason, report, submitted};

const DENIED: &str = "PERMISSION_DENIED_OR_MISSING";

#[tokio::test]
async fn every_role_gets_exactly_what_it_may_see() {
    let world = World::new().await;
    world.tell(&[submitted(report(1), &PACK.texts.doubtful), submitted(report(2), &PACK.texts.secret)]).await;
    for role in Role::ALL {
        let list = world.request(*role, "somebody", ListReviewsRequest::default());
        let list = world.triage().list_reviews(list).await.map(|reply| reply.into_inner().reviews.len());
        let ordinary = classification(&world, *role, report(1)).await.is_ok();
        let secret = classification(&world, *role, report(2)).await.is_ok();
        let expected = match role {
            Role::ClearedOfficer => (Some(2), true, true),
            Role::Coordinator => (Some(1), true, false),
            Role::AgencyHandler
            | Role::AgencyLeader
            | Role::Supervisor
            | Role::Administrator
            | Role::Auditor => (None, true, false),
            Role::Citizen | Role::Assistant | Role::ScoreConsumer | Role::Public => (None, false, false),
        };
        assert_eq!((list.clone().ok(), ordinary, secret), expected, "{role}");
        if expected.0.is_none() {
            assert_eq!(reason(list), DENIED);
        }
    }
}

#[tokio::test]
async fn only_a_cleared_officer_decides_what_is_secret() {
    let world = World::new().await;
    world.tell(&[submitted(report(1), &PACK.texts.secret)]).await;
    let review = world.queue().await.remove(0);
    let confirm = || Decision::Confirm(Confirm {});
    for role in Role::ALL.iter().filter(|role| **role != Role::ClearedOfficer) {
        assert_eq!(
            reason(decide(&world, *role, &review, confirm(), Uuid::from_u128(1)).await),
            DENIED,
            "{role}"
        );
    }
    assert!(decide(&world, Role::ClearedOfficer, &review, confirm(), Uuid::from_u128(1)).await.is_ok());
}

#[tokio::test]
async fn missing_and_forbidden_are_answered_alike() {
    let world = World::new().await;
    world.tell(&[submitted(report(1), &PACK.texts.secret)]).await;
    let forbidden = classification(&world, Role::Coordinator, report(1)).await.unwrap_err();
    let missing = classification(&world, Role::Coordinator, report(2)).await.unwrap_err();
    assert_eq!((forbidden.code(), forbidden.message()), (missing.code(), missing.message()));
    assert_eq!(forbidden.details(), missing.details());
}
