//! Wrong, repeated and late requests, each with its exact reason.

use auth::Role;
use contract::classification::v1::decide_review_request::Decision;
use contract::classification::v1::{
    AskReporter, ChangeLeaf, ClassifyTextRequest, Confirm, DecideReviewRequest, MarkDuplicate, MarkEmergency,
    Reject, ReturnToCitizen, Review,
};
use contract::event::v1::ReportClassified;
use prost::Message as _;
use tonic::Status;
use uuid::Uuid;

use crate::pack::PACK;
use crate::triage::decide;
use crate::world::{World, reason, report, submitted};

async fn world_with_review() -> (World, Review) {
    let world = World::new().await;
    world.tell(&[submitted(report(1), &PACK.texts.doubtful)]).await;
    let review = world.queue().await.remove(0);
    (world, review)
}

async fn send(world: &World, request: DecideReviewRequest) -> Result<Review, Status> {
    let request = world.request(Role::Coordinator, "somebody", request);
    world.triage().decide_review(request).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn wrong_decisions_are_refused_and_change_nothing() {
    let (world, review) = world_with_review().await;
    let good = DecideReviewRequest {
        name: review.name.clone(),
        request_id: Uuid::from_u128(1).to_string(),
        etag: review.etag.clone(),
        decision: Some(Decision::Confirm(Confirm {})),
    };
    let with = |decision| DecideReviewRequest { decision: Some(decision), ..good.clone() };
    let leaf = |leaf: &str| Decision::ChangeLeaf(ChangeLeaf { leaf: leaf.to_owned(), urgency: 0 });
    let back = |leaf: &str, note: String| {
        Decision::ReturnToCitizen(ReturnToCitizen { leaf: leaf.to_owned(), note, template: String::new() })
    };
    let reject = |note: &str| Decision::Reject(Reject { note: note.to_owned(), template: String::new() });
    let ready =
        |template: &str| Decision::Reject(Reject { note: String::new(), template: template.to_owned() });
    let ask = |question: &str| Decision::AskReporter(AskReporter { question: question.to_owned() });
    let emergency = |leaf: &str| Decision::MarkEmergency(MarkEmergency { leaf: leaf.to_owned() });
    let twin = |report: &str| Decision::MarkDuplicate(MarkDuplicate { report: report.to_owned() });
    let urgency = Decision::ChangeLeaf(ChangeLeaf { leaf: "security.noise".to_owned(), urgency: 77 });
    let wrong = [
        ("DECISION_MISSING", DecideReviewRequest { decision: None, ..good.clone() }),
        ("LEAF_UNKNOWN", with(leaf(""))),
        ("LEAF_UNKNOWN", with(leaf("infrastructure.unheard_of"))),
        ("LEAF_UNKNOWN", with(leaf("out_of_scope.other"))),
        ("LEAF_UNKNOWN", with(back("security.noise", String::new()))),
        ("ENUM_UNKNOWN", with(urgency)),
        ("NOTE_REQUIRED", with(reject(" \n"))),
        ("NOTE_REQUIRED", with(reject("\u{200b}\u{202e}"))),
        ("TEXT_TOO_LONG", with(reject(&"ă".repeat(4_001)))),
        ("TEXT_TOO_LONG", with(back("out_of_scope.other", "a".repeat(4_001)))),
        ("TEXT_UNREADABLE", with(reject("x\0"))),
        ("TEMPLATE_UNKNOWN", with(ready("returned.unheard_of"))),
        ("TEMPLATE_UNKNOWN", with(ready("court"))),
        ("TEXT_EMPTY", with(ask(" \u{200b}"))),
        ("TEXT_TOO_LONG", with(ask(&"ă".repeat(4_001)))),
        ("LEAF_UNKNOWN", with(emergency("out_of_scope.other"))),
        ("DUPLICATE_INVALID", with(twin(""))),
        ("DUPLICATE_INVALID", with(twin("reports/7"))),
        ("DUPLICATE_INVALID", with(twin(&report(99).name()))),
        ("DUPLICATE_INVALID", with(twin(&review.report))),
        ("TEXT_UNREADABLE", with(back("out_of_scope.other", "\u{1b}[31mđảo".to_owned()))),
        ("REQUEST_ID_INVALID", DecideReviewRequest { request_id: "1".to_owned(), ..good.clone() }),
        ("REQUEST_ID_INVALID", DecideReviewRequest { request_id: String::new(), ..good.clone() }),
        ("ETAG_MISMATCH", DecideReviewRequest { etag: "v2".to_owned(), ..good.clone() }),
        ("ETAG_MISMATCH", DecideReviewRequest { etag: String::new(), ..good.clone() }),
        ("ETAG_MISMATCH", DecideReviewRequest { etag: "v+1".to_owned(), ..good.clone() }),
    ];
    for (expected, request) in wrong {
        assert_eq!(reason(send(&world, request).await), expected);
    }
    let other = format!("reviews/{}", Uuid::from_u128(99));
    for name in [other.as_str(), "reviews/", "reports/1", ""] {
        let request = DecideReviewRequest { name: name.to_owned(), ..good.clone() };
        assert_eq!(reason(send(&world, request).await), "PERMISSION_DENIED_OR_MISSING", "{name}");
    }
    assert_eq!(world.queue().await, [review]);
    assert!(send(&world, good).await.is_ok(), "a refused request id is still free");
}

#[tokio::test]
async fn a_repeated_decision_gets_the_stored_answer_and_has_one_effect() {
    let (world, review) = world_with_review().await;
    let confirm = || Decision::Confirm(Confirm {});
    let twice = both(
        decide(&world, Role::Coordinator, &review, confirm(), Uuid::from_u128(1)),
        decide(&world, Role::Coordinator, &review, confirm(), Uuid::from_u128(1)),
    )
    .await;
    let (first, second) = (twice.0.unwrap(), twice.1.unwrap());
    let third = decide(&world, Role::Coordinator, &review, confirm(), Uuid::from_u128(1)).await.unwrap();
    assert_eq!(first.encode_to_vec(), second.encode_to_vec());
    assert_eq!(first.encode_to_vec(), third.encode_to_vec());
    world.until_idle().await;
    assert_eq!(world.heard::<ReportClassified>().len(), 1);
    assert_eq!(crate::triage::labels(&world).await.len(), 1);

    let reject = Decision::Reject(Reject { note: "sai".to_owned(), template: String::new() });
    let reused = decide(&world, Role::Coordinator, &review, reject, Uuid::from_u128(1)).await;
    assert_eq!(reason(reused), "REQUEST_ID_REUSED");
    let late = decide(&world, Role::Coordinator, &first, confirm(), Uuid::from_u128(2)).await;
    assert_eq!(reason(late), "REVIEW_DECIDED");
}

async fn both<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    tokio::join!(a, b)
}

#[tokio::test]
async fn of_many_who_decide_at_once_one_wins() {
    let (world, review) = world_with_review().await;
    let outcomes = tokio::join!(
        decide(&world, Role::Coordinator, &review, Decision::Confirm(Confirm {}), Uuid::from_u128(1)),
        decide(&world, Role::Coordinator, &review, Decision::Confirm(Confirm {}), Uuid::from_u128(2)),
        decide(&world, Role::ClearedOfficer, &review, Decision::Confirm(Confirm {}), Uuid::from_u128(3)),
    );
    let outcomes = [outcomes.0, outcomes.1, outcomes.2];
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes.into_iter().filter(Result::is_err) {
        assert_eq!(reason(outcome), "REVIEW_DECIDED");
    }
    world.until_idle().await;
    assert_eq!(world.heard::<ReportClassified>().len(), 1);
}

#[tokio::test]
async fn texts_are_classified_for_everybody_without_any_effect() {
    let world = World::new().await;
    let classify = async |role, text: &str| {
        let request = world.request(role, "me", ClassifyTextRequest { text: text.to_owned() });
        world.classifications().classify_text(request).await.map(tonic::Response::into_inner)
    };
    let first = classify(Role::Citizen, &PACK.texts.sure).await.unwrap();
    assert_eq!(classify(Role::Public, &PACK.texts.sure).await.unwrap(), first);
    assert!(!first.needs_human && !first.leaf.is_empty() && first.fields.len() > 5);
    assert!(first.fields.windows(2).all(|pair| pair[0].probability >= pair[1].probability));
    for text in ["", " \n\t ", "\u{200b}"] {
        assert_eq!(reason(classify(Role::Citizen, text).await), "TEXT_EMPTY");
    }
    assert!(classify(Role::Citizen, &"ộ ".repeat(2_000)).await.is_ok());
    assert_eq!(reason(classify(Role::Citizen, &"ộ".repeat(4_001)).await), "TEXT_TOO_LONG");
    assert_eq!(reason(classify(Role::Citizen, "đường\0hư").await), "TEXT_UNREADABLE");
    let anonymous = tonic::Request::new(ClassifyTextRequest { text: "a".to_owned() });
    let refused = world.classifications().classify_text(anonymous).await;
    assert_eq!(refused.unwrap_err().code(), tonic::Code::Unauthenticated);
    assert_eq!(world.queue().await, []);
}
