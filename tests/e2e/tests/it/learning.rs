//! What people decide becomes the next model's lesson, once it is confirmed.

use auth::Role;
use contract::classification::v1::decide_review_request::Decision;
use contract::classification::v1::{
    ApproveTrainingRequest, ChangeLeaf, Confirm, ConfirmLabelRequest, GetLearningReportRequest,
    ListBlindTasksRequest, ListLabelsRequest, ListModelsRequest, RollbackModelRequest,
    SubmitBlindLabelRequest, TrainModelRequest,
};
use contract::common::v1::{ReportState, Urgency};
use harness::{Anyone, World, fresh_id, refusal, report, text};
use tonic::Code;

async fn labels(who: &Anyone) -> Vec<contract::classification::v1::Label> {
    let reply = who.learning().list_labels(ListLabelsRequest::default()).await.expect("labels");
    reply.into_inner().labels
}

#[tokio::test]
async fn a_correction_counts_when_the_agency_accepts_and_a_sealed_one_only_by_approval() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let created = citizen.create(&report(text::ADVERTISING)).await.expect("taken");
    let coordinator = world.coordinator();
    let review = coordinator.review_of(&created.name).await;
    let leaf = "infrastructure.road".to_owned();
    coordinator
        .decide(&review, Decision::ChangeLeaf(ChangeLeaf { leaf, urgency: 0 }))
        .await
        .expect("decided");
    let held = citizen.until(&created.name, "assigned", |r| r.state() == ReportState::Assigned).await;
    let supervisor = world.anyone(Role::Supervisor, "supervisor-1", None);
    assert!(!labels(&supervisor).await[0].counts, "nobody has confirmed it");
    let handler = world.handler(&held.agency);
    handler.accept(&handler.assignment_of(&held.name).await).await.expect("accepted");
    world.until_idle().await;
    let label = labels(&supervisor).await.remove(0);
    assert!(label.counts && label.text == text::ADVERTISING, "{label:?}");
    let wrong = ConfirmLabelRequest { name: label.name, correct: false, request_id: fresh_id() };
    let marked = supervisor.learning().confirm_label(wrong).await.expect("marked").into_inner();
    assert!(!marked.counts, "the supervisor's word outranks the agency's");

    let sealed = citizen.create(&report(text::DENUNCIATION)).await.expect("taken");
    let officer = world.cleared_officer();
    let review = officer.review_of(&sealed.name).await;
    officer.decide(&review, Decision::Confirm(Confirm {})).await.expect("decided");
    world.until_idle().await;
    assert!(labels(&supervisor).await.iter().all(|label| label.report != sealed.name));
    let label = labels(&officer).await.remove(0);
    assert_eq!(label.report, sealed.name);
    let approve = |name: &str| ApproveTrainingRequest {
        name: name.to_owned(),
        approved: true,
        reason: "đã bỏ tên riêng".to_owned(),
        request_id: fresh_id(),
    };
    let denied = supervisor.learning().approve_training(approve(&label.name)).await;
    assert_eq!(refusal(denied).code, Code::PermissionDenied);
    let approved =
        officer.learning().approve_training(approve(&label.name)).await.expect("approved").into_inner();
    assert!(!approved.counts, "allowed, but not confirmed");

    let request = GetLearningReportRequest {};
    let known = supervisor.learning().get_learning_report(request).await.expect("a report").into_inner();
    assert_eq!((known.double_labelled, known.counting_labels), (0, 0));
    world.finish().await;
}

#[tokio::test]
async fn administrators_look_after_models_and_coordinators_after_blind_labels() {
    let world = World::start().await;
    let administrator = world.anyone(Role::Administrator, "admin-1", None);
    let models =
        administrator.learning().list_models(ListModelsRequest {}).await.expect("models").into_inner();
    assert_eq!((models.models.len(), models.version_in_force.len()), (0, 64));
    // Nothing has been learned: nothing changes.
    let train = TrainModelRequest { request_id: fresh_id() };
    administrator.learning().train_model(train).await.expect("asked");
    let back = RollbackModelRequest { request_id: fresh_id() };
    let refused = refusal(administrator.learning().rollback_model(back).await);
    assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "NO_EARLIER_MODEL"));

    let coordinator = world.coordinator();
    let tasks = coordinator.learning().list_blind_tasks(ListBlindTasksRequest::default()).await;
    assert!(tasks.expect("tasks").into_inner().tasks.is_empty());
    let nothing = SubmitBlindLabelRequest {
        name: format!("blindTasks/{}", fresh_id()),
        leaf: "infrastructure.road".to_owned(),
        urgency: Urgency::Normal.into(),
        request_id: fresh_id(),
    };
    let refused = refusal(coordinator.learning().submit_blind_label(nothing).await);
    assert_eq!(refused.code, Code::PermissionDenied);
    world.finish().await;
}
