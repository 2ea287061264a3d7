//! Labels that count, blind labels, models that come into force and go.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use auth::Role;
use classification::domain::agreement::is_sampled;
use contract::classification::v1::decide_review_request::Decision;
use contract::classification::v1::{
    ApproveTrainingRequest, BlindTask, ChangeLeaf, ConfirmLabelRequest, GetLearningReportRequest, Label,
    LearningReport, ListBlindTasksRequest, ListLabelsRequest, ListModelsRequest, ListModelsResponse,
    ModelState, Reject, RollbackModelRequest, SubmitBlindLabelRequest, TrainModelRequest,
};
use contract::common::v1::Urgency;
use province::Province;
use tonic::Status;
use uuid::Uuid;
use vocabulary::ReportId;

use crate::pack::{PACK, small_pack};
use crate::triage::decide;
use crate::world::{World, eventually, handed_back, reason, report, started, submitted, within};

/// In a build without optimisation, on a machine that has other work.
const TRAINING: Duration = Duration::from_secs(120);
const DENIED: &str = "PERMISSION_DENIED_OR_MISSING";

fn fresh() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Uuid::from_u128(0xfee_0000 + u128::from(NEXT.fetch_add(1, Ordering::Relaxed))).to_string()
}

async fn labels(world: &World, role: Role) -> Result<Vec<Label>, Status> {
    let request = world.request(role, "somebody", ListLabelsRequest::default());
    world.learning().list_labels(request).await.map(|reply| reply.into_inner().labels)
}

async fn confirm(world: &World, role: Role, name: &str, correct: bool) -> Result<Label, Status> {
    let request = ConfirmLabelRequest { name: name.to_owned(), correct, request_id: fresh() };
    let request = world.request(role, "hoa", request);
    world.learning().confirm_label(request).await.map(tonic::Response::into_inner)
}

async fn approve(world: &World, role: Role, name: &str, reason: &str) -> Result<Label, Status> {
    let (name, reason) = (name.to_owned(), reason.to_owned());
    let request = ApproveTrainingRequest { name, approved: true, reason, request_id: fresh() };
    let request = world.request(role, "hoa", request);
    world.learning().approve_training(request).await.map(tonic::Response::into_inner)
}

async fn learning_report(world: &World) -> LearningReport {
    let request = world.request(Role::Supervisor, "hoa", GetLearningReportRequest {});
    world.learning().get_learning_report(request).await.unwrap().into_inner()
}

fn change(leaf: &str) -> Decision {
    Decision::ChangeLeaf(ChangeLeaf { leaf: leaf.to_owned(), urgency: 0 })
}

/// Sends a text and decides its review.
async fn decided(world: &World, number: u128, text: &str, decision: Decision) {
    world.tell(&[submitted(report(number), text)]).await;
    let name = report(number).name();
    let review = world.queue().await.into_iter().find(|review| review.report == name).unwrap();
    let id = Uuid::from_u128(9_000 + number);
    decide(world, Role::ClearedOfficer, &review, decision, id).await.unwrap();
    world.until_idle().await;
}

#[tokio::test]
async fn a_label_counts_when_an_agency_or_a_supervisor_confirms_it() {
    let world = World::new().await;
    decided(&world, 1, &PACK.texts.doubtful, change("security.noise")).await;
    let label = async || labels(&world, Role::Supervisor).await.unwrap().remove(0);
    let first = label().await;
    assert_eq!(
        (first.leaf.as_str(), first.decision.as_str(), first.counts),
        ("security.noise", "change_leaf", false)
    );
    assert_eq!((first.text.as_str(), first.decided_by.len()), (PACK.texts.doubtful.as_str(), 8));
    assert_ne!(first.suggested_leaf, first.leaf);

    world.tell(&[started(report(1), 2)]).await;
    assert!(label().await.counts, "the agency has accepted");
    assert_eq!(learning_report(&world).await.counting_labels, 1);
    assert!(!confirm(&world, Role::Supervisor, &first.name, false).await.unwrap().counts);
    assert!(confirm(&world, Role::Supervisor, &first.name, true).await.unwrap().counts);
    let marks: Vec<String> = label().await.marks.into_iter().map(|mark| mark.mark).collect();
    assert_eq!(marks, ["agency_accepted", "refuted", "confirmed"]);

    // Handed back after all, and decided anew: only the last decision about a report can be a lesson.
    world.tell(&[handed_back(report(1), 3, "không phải")]).await;
    let review = world.queue().await.remove(0);
    decide(&world, Role::Coordinator, &review, change("infrastructure.road"), Uuid::from_u128(8))
        .await
        .unwrap();
    let all = labels(&world, Role::Supervisor).await.unwrap();
    assert_eq!(
        all.iter().map(|label| (label.leaf.as_str(), label.counts)).collect::<Vec<_>>(),
        [("infrastructure.road", false), ("security.noise", false)]
    );
    world.tell(&[started(report(1), 4)]).await;
    assert!(label().await.counts);
    for role in [Role::Coordinator, Role::AgencyLeader, Role::Citizen, Role::Administrator] {
        assert_eq!(reason(confirm(&world, role, &first.name, true).await), DENIED, "{role}");
    }
    assert_eq!(reason(confirm(&world, Role::Supervisor, "labels/x", true).await), DENIED);
}

#[tokio::test]
async fn a_sealed_report_teaches_nothing_unless_a_cleared_officer_says_so() {
    let world = World::new().await;
    decided(
        &world,
        1,
        &PACK.texts.secret,
        Decision::Reject(Reject { note: "x".to_owned(), ..Default::default() }),
    )
    .await;
    decided(&world, 2, &PACK.texts.secret, Decision::Confirm(Default::default())).await;
    for role in [Role::Supervisor, Role::Administrator, Role::Auditor] {
        assert_eq!(labels(&world, role).await.unwrap(), [], "{role}");
    }
    assert_eq!(reason(labels(&world, Role::Coordinator).await), DENIED);
    let sealed = labels(&world, Role::ClearedOfficer).await.unwrap().remove(0);
    assert_eq!(sealed.report, report(2).name());
    assert_eq!(reason(confirm(&world, Role::Supervisor, &sealed.name, true).await), DENIED);
    assert!(!confirm(&world, Role::ClearedOfficer, &sealed.name, true).await.unwrap().counts, "kept out");
    for role in [Role::Supervisor, Role::Administrator, Role::Coordinator] {
        assert_eq!(reason(approve(&world, role, &sealed.name, "vì sao").await), DENIED, "{role}");
    }
    assert_eq!(reason(approve(&world, Role::ClearedOfficer, &sealed.name, " ").await), "REASON_REQUIRED");
    let approved = approve(&world, Role::ClearedOfficer, &sealed.name, "đã bỏ tên riêng").await.unwrap();
    assert!(approved.counts);
    let mark = approved.marks.last().unwrap();
    assert_eq!((mark.mark.as_str(), mark.reason.as_str()), ("training_approved", "đã bỏ tên riêng"));
    assert!(!mark.by.is_empty() && mark.time.is_some());

    decided(&world, 3, &PACK.texts.doubtful, change("security.noise")).await;
    let open = labels(&world, Role::ClearedOfficer).await.unwrap().remove(0);
    assert_eq!(
        reason(approve(&world, Role::ClearedOfficer, &open.name, "vì sao").await),
        DENIED,
        "not sealed"
    );
}

async fn tasks(world: &World, who: &str) -> Vec<BlindTask> {
    let request = world.request(Role::Coordinator, who, ListBlindTasksRequest { page_size: 100 });
    world.learning().list_blind_tasks(request).await.unwrap().into_inner().tasks
}

async fn label_blindly(world: &World, who: &str, name: &str, leaf: &str) -> Result<(), Status> {
    let request = SubmitBlindLabelRequest {
        name: name.to_owned(),
        leaf: leaf.to_owned(),
        urgency: Urgency::Normal.into(),
        request_id: fresh(),
    };
    let request = world.request(Role::Coordinator, who, request);
    world.learning().submit_blind_label(request).await.map(drop)
}

#[tokio::test]
async fn a_share_of_sure_reports_is_labelled_twice_without_help() {
    let world = World::new().await;
    let chosen = |sampled: bool| {
        (1..).map(report).filter(move |report: &ReportId| is_sampled(report.0, 0.05) == sampled)
    };
    let sampled: Vec<ReportId> = chosen(true).take(40).collect();
    let mut events: Vec<_> = sampled.iter().map(|report| submitted(*report, &PACK.texts.sure)).collect();
    events.extend(chosen(false).take(5).map(|report| submitted(report, &PACK.texts.sure)));
    let doubtful = chosen(true).nth(40).unwrap();
    events.push(submitted(doubtful, &PACK.texts.doubtful));
    world.tell(&events).await;
    let todo = tasks(&world, "lan").await;
    assert_eq!(todo.len(), 40, "only what the machine was sure of, and a share of that");
    assert!(sampled.iter().all(|report| todo.iter().all(|task| !task.name.contains(&report.0.to_string()))));
    assert_eq!(todo[0].text, PACK.texts.sure);
    let before = learning_report(&world).await;
    assert_eq!((before.double_labelled, before.kappa, before.agreement), (0, None, None));

    assert_eq!(
        reason(label_blindly(&world, "lan", &todo[0].name, "infrastructure.unheard").await),
        "LEAF_UNKNOWN"
    );
    for (at, task) in todo.iter().enumerate() {
        let (first, second) = match at {
            0..20 => ("infrastructure.road", "infrastructure.road"),
            20..36 => ("security.noise", "security.noise"),
            _ => ("infrastructure.road", "security.noise"),
        };
        label_blindly(&world, "lan", &task.name, first).await.unwrap();
        let twice = label_blindly(&world, "lan", &task.name, first).await;
        assert_eq!(reason(twice), DENIED, "once per person");
        label_blindly(&world, "minh", &task.name, second).await.unwrap();
        assert_eq!(reason(label_blindly(&world, "hoa", &task.name, first).await), DENIED, "two are enough");
    }
    assert_eq!(tasks(&world, "hoa").await, []);
    let report = learning_report(&world).await;
    assert_eq!((report.double_labelled, report.agreement), (40, Some(0.9)));
    assert!((report.kappa.unwrap() - 0.8).abs() < 0.01, "{:?}", report.kappa);
    assert!(report.machine_agreement.unwrap() <= 1.0);
    assert_eq!(report.model_version.len(), 64);
    for role in [Role::Coordinator, Role::Citizen, Role::AgencyLeader] {
        let request = world.request(role, "x", GetLearningReportRequest {});
        assert_eq!(reason(world.learning().get_learning_report(request).await), DENIED, "{role}");
    }
}

async fn models(world: &World) -> ListModelsResponse {
    let request = world.request(Role::Administrator, "admin", ListModelsRequest {});
    world.learning().list_models(request).await.unwrap().into_inner()
}

async fn train(world: &World) {
    let request = TrainModelRequest { request_id: fresh() };
    let request = world.request(Role::Administrator, "admin", request);
    world.learning().train_model(request).await.unwrap();
}

async fn roll_back(world: &World) -> Result<String, Status> {
    let request = RollbackModelRequest { request_id: fresh() };
    let request = world.request(Role::Administrator, "admin", request);
    world.learning().rollback_model(request).await.map(|reply| reply.into_inner().version_in_force)
}

#[tokio::test]
async fn a_model_that_is_no_worse_comes_into_force_and_can_be_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let texts = small_pack(folder.path());
    let world = World::of_pack(Arc::new(Province::load(folder.path()).unwrap())).await;
    let of_the_pack = models(&world).await.version_in_force;
    assert_eq!(reason(roll_back(&world).await), "NO_EARLIER_MODEL");
    decided(&world, 1, &texts.doubtful, change("infrastructure.road")).await;
    world.tell(&[started(report(1), 2)]).await;
    train(&world).await;
    within(TRAINING, "a model was tried", async || !models(&world).await.models.is_empty()).await;
    let listed = models(&world).await;
    let [model] = &listed.models[..] else { panic!("{listed:?}") };
    assert_eq!((model.state(), model.labels), (ModelState::InForce, 1), "{model:?}");
    assert_ne!(model.version, of_the_pack);
    let figures: BTreeMap<&str, (f64, f64)> =
        model.figures.iter().map(|figure| (figure.name.as_str(), (figure.before, figure.now))).collect();
    assert_eq!(figures.len(), 7);
    assert!(figures["wrong_refusals"].1 <= figures["wrong_refusals"].0);
    eventually("it is in use", async || models(&world).await.version_in_force == model.version).await;
    let world = world.restart().await;
    eventually("it is in use again", async || models(&world).await.version_in_force == model.version).await;

    assert_eq!(roll_back(&world).await.unwrap(), of_the_pack);
    assert_eq!(models(&world).await.version_in_force, of_the_pack);
    assert_eq!(models(&world).await.models[0].state(), ModelState::Replaced);
    train(&world).await;
    // Another training, of what is known already, changes nothing; that it has ended shows in nothing but the next one.
    decided(&world, 2, &texts.out_of_scope, change("security.noise")).await;
    assert_eq!(models(&world).await.version_in_force, of_the_pack, "what was taken back is not tried again");
    let policy = world.platform.province.policies.learning;
    let put_back = async |version: &str| classification::put_back(&world.outbox, version, &policy).await;
    assert!(put_back(&of_the_pack).await.unwrap_err().to_string().starts_with("MODEL_UNKNOWN"));
    put_back(&model.version).await.unwrap();
    assert!(put_back(&model.version).await.unwrap_err().to_string().starts_with("MODEL_IN_FORCE"));
    eventually("it is put back", async || models(&world).await.version_in_force == model.version).await;
    assert_eq!(classification::take_back(&world.outbox).await.unwrap(), None);
    eventually("it is taken back", async || models(&world).await.version_in_force == of_the_pack).await;
    assert!(classification::take_back(&world.outbox).await.is_err());
    for role in Role::ALL.iter().filter(|role| **role != Role::Administrator) {
        let request = world.request(*role, "x", TrainModelRequest { request_id: fresh() });
        assert_eq!(reason(world.learning().train_model(request).await), DENIED, "{role}");
        let request = world.request(*role, "x", RollbackModelRequest { request_id: fresh() });
        assert_eq!(reason(world.learning().rollback_model(request).await), DENIED, "{role}");
    }
}
