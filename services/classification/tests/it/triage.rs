//! The life of reports: classified, reviewed, decided, objected to, withdrawn.

use auth::Role;
use contract::classification::v1::decide_review_request::Decision;
use contract::classification::v1::{
    ChangeLeaf, Classification, ConfidenceLevel, Confirm, DecideReviewRequest, GetClassificationRequest,
    Reject, ReturnToCitizen, Review, ReviewState,
};
use contract::common::v1::{Access, Scope, Urgency};
use contract::event::v1::{Disposition, ReportClassified, ReportReclassified, ReviewRequested};
use sea_orm::{ConnectionTrait as _, Statement};
use tonic::Status;
use uuid::Uuid;
use vocabulary::ReportId;

use crate::pack::PACK;
use crate::world::{World, handed_back, report, route_missing, submitted, withdrawn};

pub async fn decide(
    world: &World,
    role: Role,
    review: &Review,
    decision: Decision,
    request_id: Uuid,
) -> Result<Review, Status> {
    let request = DecideReviewRequest {
        name: review.name.clone(),
        request_id: request_id.to_string(),
        etag: review.etag.clone(),
        decision: Some(decision),
    };
    let request = world.request(role, "somebody", request);
    world.triage().decide_review(request).await.map(tonic::Response::into_inner)
}

pub async fn classification(world: &World, role: Role, report: ReportId) -> Result<Classification, Status> {
    let request = GetClassificationRequest { name: format!("{}/classification", report.name()) };
    let request = world.request(role, "somebody", request);
    world.classifications().get_classification(request).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn what_the_policy_is_sure_of_goes_straight_to_routing() {
    let world = World::new().await;
    let (report, cause) = (report(1), submitted(report(1), &PACK.texts.sure));
    world.tell(std::slice::from_ref(&cause)).await;
    assert_eq!(world.queue().await, []);
    let told = world.heard::<ReportClassified>();
    let [told] = &told[..] else { panic!("{told:?}") };
    assert_eq!(told.disposition(), Disposition::Route);
    let snapshot = told.report.as_ref().unwrap();
    assert_eq!((&snapshot.report, &snapshot.text), (&report.name(), &PACK.texts.sure));
    assert_eq!(snapshot.reporter_proof, vec![7; 32], "the snapshot travels whole");
    let said = told.classification.as_ref().unwrap();
    assert!(!said.decided_by_person && said.confidence > 0.0 && said.confidence <= 1.0);
    assert_eq!((said.scope(), said.access()), (Scope::In, Access::Ordinary));
    assert_eq!((said.pack_version.as_str(), said.model_version.len()), (PACK.province.version(), 64));
    assert_eq!(world.heard.lock().unwrap()[0].cause, Some(cause.id));
    let stored = classification(&world, Role::AgencyHandler, report).await.unwrap();
    assert_eq!((stored.leaf, stored.decided_by_person), (said.leaf.clone(), false));
    let suggestion = stored.suggestion.unwrap();
    assert!(!suggestion.needs_human && suggestion.review_reasons.is_empty());
    let word = suggestion.reasons.iter().find(|reason| reason.kind == "WORD").unwrap();
    let (start, end) = (word.start_byte as usize, word.end_byte as usize);
    assert_eq!(PACK.texts.sure[start..end], word.code);
    let letters: String = PACK.texts.sure.chars().collect::<Vec<_>>()
        [word.start_char as usize..word.end_char as usize]
        .iter()
        .collect();
    assert_eq!(letters, word.code);
    assert_eq!((suggestion.leaves.len(), &suggestion.leaves[0].code), (3, &suggestion.leaf));
    assert!((suggestion.leaves[0].probability - suggestion.confidence).abs() < 1e-6);
    assert!(suggestion.leaves.is_sorted_by(|a, b| a.probability >= b.probability));
    let level = match suggestion.confidence {
        p if p >= 0.85 => ConfidenceLevel::High,
        p if p >= 0.50 => ConfidenceLevel::Medium,
        _ => ConfidenceLevel::Low,
    };
    assert_eq!(suggestion.level(), level);
}

#[tokio::test]
async fn a_doubtful_report_waits_for_a_person_and_the_decision_becomes_a_label() {
    let world = World::new().await;
    world.tell(&[submitted(report(1), &PACK.texts.doubtful)]).await;
    assert_eq!(world.heard::<ReportClassified>(), []);
    let asked = world.heard::<ReviewRequested>();
    let [review] = &world.queue().await[..] else { panic!("one review") };
    assert_eq!((asked.len(), &asked[0].review, &asked[0].reasons), (1, &review.name, &review.reasons));
    assert!(!review.reasons.is_empty());
    assert_eq!((review.text.as_str(), review.state()), (PACK.texts.doubtful.as_str(), ReviewState::Open));
    let due = review.due_time.unwrap().seconds - crate::world::MORNING.parts().0;
    let emergency = review.suggestion.as_ref().unwrap().urgency() == Urgency::Emergency;
    let clock = if emergency { 0 } else { 2 * 3600 };
    assert_eq!(due, clock, "at once for danger to life, else the first clock of a working day");

    let change = ChangeLeaf { leaf: "security.noise".to_owned(), urgency: Urgency::Emergency.into() };
    let decided =
        decide(&world, Role::Coordinator, review, Decision::ChangeLeaf(change), Uuid::from_u128(1)).await;
    let decided = decided.unwrap();
    assert_eq!(decided.state(), ReviewState::Decided);
    assert_ne!(decided.etag, review.etag);
    world.until_idle().await;
    assert_eq!(world.queue().await, []);
    let told = world.heard::<ReportClassified>();
    let said = told[0].classification.as_ref().unwrap();
    assert_eq!((told.len(), told[0].disposition()), (1, Disposition::Route));
    assert_eq!((said.leaf.as_str(), said.urgency()), ("security.noise", Urgency::Emergency));
    assert_eq!((said.confidence, said.decided_by_person), (1.0, true));
    let stored = classification(&world, Role::Auditor, report(1)).await.unwrap();
    assert_eq!((stored.leaf.as_str(), stored.decided_by_person), ("security.noise", true));
    assert_ne!(stored.suggestion.unwrap().leaf, "security.noise", "the machine's word stays beside it");
    assert_eq!(labels(&world).await, [("change_leaf".to_owned(), Some("security.noise".to_owned()), false)]);
}

/// Decision, leaf and whether it is kept from training, in order of time.
pub async fn labels(world: &World) -> Vec<(String, Option<String>, bool)> {
    let database = world.database();
    let sql = "SELECT decision, decided_leaf, not_for_training FROM labels ORDER BY decide_time, id";
    let statement = Statement::from_string(database.backend(), sql);
    let rows = database.read().query_all_raw(statement).await.unwrap();
    let get = |row: &sea_orm::QueryResult| {
        (
            row.try_get("", "decision").unwrap(),
            row.try_get("", "decided_leaf").unwrap(),
            row.try_get("", "not_for_training").unwrap(),
        )
    };
    rows.iter().map(get).collect()
}

#[tokio::test]
async fn the_machine_returns_nothing_a_person_does() {
    let world = World::new().await;
    world.tell(&[submitted(report(1), &PACK.texts.out_of_scope)]).await;
    assert_eq!(world.heard::<ReportClassified>(), []);
    let [review] = &world.queue().await[..] else { panic!("one review") };
    assert!(review.reasons.contains(&"OUT_OF_SCOPE_SUSPECTED".to_owned()));
    let decision = Decision::Confirm(Confirm {});
    decide(&world, Role::Coordinator, review, decision, Uuid::from_u128(1)).await.unwrap();
    world.until_idle().await;
    let told = world.heard::<ReportClassified>();
    assert_eq!(told[0].disposition(), Disposition::Return);
    assert_eq!(told[0].classification.as_ref().unwrap().scope(), Scope::Out);
}

#[tokio::test]
async fn a_secret_report_is_withheld_from_its_first_event_on_and_taught_to_nobody() {
    let world = World::new().await;
    world.tell(&[submitted(report(1), &PACK.texts.secret)]).await;
    let asked = world.heard::<ReviewRequested>();
    assert_eq!(asked[0].suggestion.as_ref().unwrap().access(), Access::Quarantine);
    let [review] = &world.queue().await[..] else { panic!("one review") };
    let (leaf, note) = ("out_of_scope.other".to_owned(), " gặp trực tiếp ".to_owned());
    let decision = Decision::ReturnToCitizen(ReturnToCitizen { leaf, note, template: String::new() });
    decide(&world, Role::ClearedOfficer, review, decision, Uuid::from_u128(1)).await.unwrap();
    world.until_idle().await;
    let told = world.heard::<ReportClassified>();
    assert_eq!((told[0].disposition(), told[0].note.as_str()), (Disposition::Return, "gặp trực tiếp"));
    let access = told[0].classification.as_ref().unwrap().access();
    assert_eq!(access, Access::Quarantine, "a return makes nothing visible");
    assert!(labels(&world).await[0].2);
}

#[tokio::test]
async fn objections_of_routing_come_back_to_a_person_again_and_again() {
    let world = World::new().await;
    let report = report(1);
    world.tell(&[submitted(report, &PACK.texts.sure)]).await;
    let leaf = world.heard::<ReportClassified>()[0].classification.as_ref().unwrap().leaf.clone();

    world.tell(&[handed_back(report, 2, "thuộc Sở Xây dựng")]).await;
    let [review] = &world.queue().await[..] else { panic!("one review") };
    assert_eq!(
        (&review.reasons[..], review.note.as_str()),
        (&["HANDED_BACK".to_owned()][..], "thuộc Sở Xây dựng")
    );
    assert_eq!(review.suggestion.as_ref().unwrap().leaf, leaf);
    decide(&world, Role::Coordinator, review, Decision::Confirm(Confirm {}), Uuid::from_u128(1))
        .await
        .unwrap();

    world.tell(&[route_missing(report, 3, "NO_MATRIX_ROW")]).await;
    let [review] = &world.queue().await[..] else { panic!("one review") };
    assert_eq!(review.reasons, ["NO_MATRIX_ROW"]);
    let change = ChangeLeaf { leaf: "health.facility".to_owned(), urgency: 0 };
    decide(&world, Role::Coordinator, review, Decision::ChangeLeaf(change), Uuid::from_u128(2))
        .await
        .unwrap();

    world.tell(&[route_missing(report, 4, "OUTSIDE_PROVINCE")]).await;
    let [review] = &world.queue().await[..] else { panic!("one review") };
    let suggestion = review.suggestion.as_ref().unwrap();
    assert_eq!((suggestion.leaf.as_str(), suggestion.scope()), ("out_of_scope.other", Scope::Out));
    decide(&world, Role::Coordinator, review, Decision::Confirm(Confirm {}), Uuid::from_u128(3))
        .await
        .unwrap();
    world.until_idle().await;

    let again = world.heard::<ReportReclassified>();
    let dispositions: Vec<Disposition> = again.iter().map(ReportReclassified::disposition).collect();
    assert_eq!(dispositions, [Disposition::Route, Disposition::Route, Disposition::Return]);
    assert_eq!(again[1].classification.as_ref().unwrap().leaf, "health.facility");
    assert_eq!((world.heard::<ReportClassified>().len(), world.heard::<ReviewRequested>().len()), (1, 3));
    let kept: Vec<bool> = labels(&world).await.iter().map(|label| label.2).collect();
    assert_eq!(kept, [false, false, true], "a place is not learned from a text");
}

#[tokio::test]
async fn a_rejection_says_why_and_teaches_no_leaf() {
    let world = World::new().await;
    world.tell(&[submitted(report(1), &PACK.texts.doubtful)]).await;
    let [review] = &world.queue().await[..] else { panic!("one review") };
    // With a direction mark and decomposed, as a careless or a sly program sends it.
    let note = " sai\u{202e} sự tha\u{323}\u{302}t".to_owned();
    let decision = Decision::Reject(Reject { note, template: String::new() });
    decide(&world, Role::Coordinator, review, decision, Uuid::from_u128(1)).await.unwrap();
    world.until_idle().await;
    let told = world.heard::<ReportClassified>();
    assert_eq!((told[0].disposition(), told[0].note.as_str()), (Disposition::Reject, "sai sự thật"));
    assert_eq!(labels(&world).await, [("reject".to_owned(), None, false)]);
}

#[tokio::test]
async fn a_withdrawn_report_bothers_nobody_whenever_the_news_comes() {
    let world = World::new().await;
    world.tell(&[submitted(report(1), &PACK.texts.doubtful)]).await;
    let [review] = &world.queue().await[..] else { panic!("one review") };
    world.tell(&[withdrawn(report(1))]).await;
    assert_eq!(world.queue().await, []);
    let decision = Decision::Confirm(Confirm {});
    let refused = decide(&world, Role::Coordinator, review, decision, Uuid::from_u128(1)).await;
    assert_eq!(crate::world::reason(refused), "REVIEW_DECIDED");

    world.tell(&[withdrawn(report(2))]).await;
    assert!(
        classification(&world, Role::Coordinator, report(2)).await.is_err(),
        "a tombstone is no classification"
    );
    world.tell(&[submitted(report(2), &PACK.texts.sure)]).await;
    world.tell(&[handed_back(report(2), 1, "muộn")]).await;
    assert_eq!(world.queue().await, []);
    assert_eq!(world.heard::<ReportClassified>(), []);
    assert!(classification(&world, Role::Coordinator, report(2)).await.is_ok());
}
