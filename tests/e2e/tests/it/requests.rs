//! The same request once, twice, a hundred times: one effect, one answer.

use std::collections::HashSet;

use contract::classification::v1::decide_review_request::Decision;
use contract::classification::v1::{Confirm, DecideReviewRequest};
use contract::common::v1::Verdict;
use contract::intake::v1::{
    CreateReportRequest, ListReportsRequest, Message, PostMessageRequest, WithdrawReportRequest,
};
use contract::routing::v1::{
    AcceptAssignmentRequest, ApproveResolutionRequest, HandBackAssignmentRequest, SubmitResolutionRequest,
};
use contract::satisfaction::v1::SubmitRatingRequest;
use futures::future::join_all;
use harness::{World, fresh_id, photo, refusal, repaired, report, text};
use tonic::Code;

use crate::stories::{answer, assigned};

fn create() -> CreateReportRequest {
    CreateReportRequest {
        report: Some(report(text::ROAD)),
        request_id: fresh_id(),
        ..CreateReportRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_copies_at_once_make_one_report() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let request = create();
    let copies = (0..100).map(|_| {
        let (mut intake, request) = (citizen.intake(), request.clone());
        async move { intake.create_report(request).await.expect("taken").into_inner() }
    });
    let answers = join_all(copies).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "every copy has the same answer");
    world.until_idle().await;
    let later = citizen.intake().create_report(request).await.expect("known").into_inner();
    assert_eq!(
        later, answers[0],
        "a late copy has the answer of the first, whatever became of the report since"
    );
    let own =
        citizen.intake().list_reports(ListReportsRequest::default()).await.expect("a list").into_inner();
    assert_eq!(own.reports.len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn an_id_belongs_to_one_content_and_one_caller() {
    let mut world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let request = create();
    let first = citizen.intake().create_report(request.clone()).await.expect("taken").into_inner();
    let mut other = request.clone();
    other.report = Some(report(text::PROCEDURE));
    let refused = refusal(citizen.intake().create_report(other.clone()).await);
    assert_eq!((refused.code, refused.reason.as_str()), (Code::InvalidArgument, "REQUEST_ID_REUSED"));
    assert_eq!(refused.fields, ["request_id"]);
    let of_another = world.citizen("citizen-2").intake().create_report(request.clone()).await;
    assert_ne!(of_another.expect("an id of their own").into_inner().name, first.name);
    for bad in ["", "x", "00000000-0000-0000-0000-000000000000", "{6f1c1c52-5f0e-4f6e-9b0a-0d7a4f0f3c11}"] {
        let wrong = CreateReportRequest { request_id: bad.to_owned(), ..create() };
        assert_eq!(
            refusal(citizen.intake().create_report(wrong).await).reason,
            "REQUEST_ID_INVALID",
            "{bad:?}"
        );
    }
    // The memory outlives the process.
    assert_eq!(world.stop().await, runtime::Ending::Clean);
    world.resume().await;
    let again = citizen.intake().create_report(request).await.expect("known").into_inner();
    assert_eq!(again, first);
    assert_eq!(refusal(citizen.intake().create_report(other).await).reason, "REQUEST_ID_REUSED");
    world.finish().await;
}

#[tokio::test]
async fn a_check_stores_nothing_and_uses_up_no_id() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let request = create();
    let check = CreateReportRequest { validate_only: true, ..request.clone() };
    let checked = citizen.intake().create_report(check.clone()).await.expect("valid").into_inner();
    assert_eq!((checked.name.as_str(), checked.code.as_str()), ("", ""));
    let mut wrong = check;
    wrong.report = Some(report(""));
    assert_eq!(refusal(citizen.intake().create_report(wrong).await).reason, "TEXT_EMPTY");
    let own =
        citizen.intake().list_reports(ListReportsRequest::default()).await.expect("a list").into_inner();
    assert!(own.reports.is_empty());
    assert!(!citizen.intake().create_report(request).await.expect("taken").into_inner().name.is_empty());
    world.finish().await;
}

/// Sends a command twice and then once more with another content under the same id.
macro_rules! repeats {
    ($client:expr, $method:ident, $request:expr, $change:expr) => {{
        let request = $request;
        let first = $client.$method(request.clone()).await.expect("granted").into_inner();
        let second = $client.$method(request.clone()).await.expect("granted again").into_inner();
        assert_eq!(second, first, "{}: a repeat has the same answer", stringify!($method));
        let mut other = request;
        $change(&mut other);
        let refused = refusal($client.$method(other).await);
        assert_eq!(refused.reason, "REQUEST_ID_REUSED", "{}", stringify!($method));
        first
    }};
}

#[tokio::test]
async fn every_command_has_one_effect_and_one_answer() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let first = assigned(&world, &citizen).await;
    let handler = world.handler(&first.agency);
    let leader = world.leader(&first.agency);

    let message = Message { text: "Trước nhà số 12.".to_owned(), ..Message::default() };
    let post =
        PostMessageRequest { parent: first.name.clone(), message: Some(message), request_id: fresh_id() };
    repeats!(citizen.intake(), post_message, post, |other: &mut PostMessageRequest| {
        other.message = Some(Message { text: "Khác.".to_owned(), ..Message::default() });
    });

    let assignment = handler.assignment_of(&first.name).await;
    let accept = AcceptAssignmentRequest {
        name: assignment.name.clone(),
        request_id: fresh_id(),
        etag: assignment.etag.clone(),
    };
    let accepted =
        repeats!(handler.dispatch(), accept_assignment, accept, |other: &mut AcceptAssignmentRequest| {
            other.etag.push('0');
        });
    let stale = AcceptAssignmentRequest {
        name: assignment.name.clone(),
        request_id: fresh_id(),
        etag: assignment.etag.clone(),
    };
    let refused = refusal(handler.dispatch().accept_assignment(stale).await);
    assert_eq!((refused.code, refused.reason.as_str()), (Code::Aborted, "ETAG_MISMATCH"));

    let medium = handler.upload_photo(&photo(7, "after")).await.expect("uploaded");
    let submit = SubmitResolutionRequest {
        name: assignment.name.clone(),
        resolution: Some(repaired(&medium.name)),
        request_id: fresh_id(),
        etag: accepted.etag,
    };
    let submitted =
        repeats!(handler.dispatch(), submit_resolution, submit, |other: &mut SubmitResolutionRequest| {
            other.resolution.as_mut().expect("a reply").reply.push('!');
        });
    let approve =
        ApproveResolutionRequest { name: assignment.name, request_id: fresh_id(), etag: submitted.etag };
    repeats!(leader.dispatch(), approve_resolution, approve, |other: &mut ApproveResolutionRequest| {
        other.etag.push('0');
    });

    let done = citizen.until(&first.name, "rateable", |r| !r.invitation.is_empty()).await;
    let rate = SubmitRatingRequest {
        invitation: done.invitation,
        resolved: true,
        verdict: Verdict::Satisfied.into(),
        request_id: fresh_id(),
        ..SubmitRatingRequest::default()
    };
    let rating = repeats!(citizen.ratings(), submit_rating, rate, |other: &mut SubmitRatingRequest| {
        other.comment.push_str("Cảm ơn.");
    });
    assert_eq!(rating.revision, 1);
    world.finish().await;
}

#[tokio::test]
async fn hand_backs_decisions_and_withdrawals_repeat_too() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let first = assigned(&world, &citizen).await;
    let handler = world.handler(&first.agency);
    let assignment = handler.assignment_of(&first.name).await;
    let back = HandBackAssignmentRequest {
        name: assignment.name,
        reason: "Không thuộc phường.".to_owned(),
        request_id: fresh_id(),
        etag: assignment.etag,
    };
    repeats!(handler.dispatch(), hand_back_assignment, back, |other: &mut HandBackAssignmentRequest| {
        other.reason.push('!');
    });
    let coordinator = world.coordinator();
    let review = coordinator.review_of(&first.name).await;
    let decide = DecideReviewRequest {
        name: review.name,
        decision: Some(Decision::Confirm(Confirm {})),
        request_id: fresh_id(),
        etag: review.etag,
    };
    repeats!(coordinator.triage(), decide_review, decide, |other: &mut DecideReviewRequest| {
        other.etag.push('x');
    });
    let second = citizen.create(&report(text::ROAD)).await.expect("taken");
    let withdraw = WithdrawReportRequest { name: second.name, request_id: fresh_id() };
    repeats!(citizen.intake(), withdraw_report, withdraw, |other: &mut WithdrawReportRequest| {
        other.name = first.name.clone();
    });
    world.finish().await;
}

#[tokio::test]
async fn a_rating_can_be_changed_and_every_revision_counts_once() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let first = assigned(&world, &citizen).await;
    let done = answer(&world, &citizen, &first).await;
    let mut revisions = HashSet::new();
    for verdict in [Verdict::Acceptable, Verdict::Satisfied] {
        revisions.insert(citizen.rate(&done.invitation, verdict).await.expect("rated").revision);
    }
    assert_eq!(revisions, HashSet::from([1, 2]));
    let kept = citizen.invitation(&done.invitation).await.expect("own").rating.expect("a rating");
    assert_eq!((kept.revision, kept.verdict()), (2, Verdict::Satisfied));
    let stranger = world.citizen("citizen-2");
    let missing = refusal(stranger.invitation(&format!("invitations/{}", fresh_id())).await);
    assert_eq!(refusal(stranger.invitation(&done.invitation).await), missing);
    assert_eq!(refusal(stranger.rate(&done.invitation, Verdict::Satisfied).await), missing);
    world.finish().await;
}
