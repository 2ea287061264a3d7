//! What agencies write is checked, what they repeat has one effect, what they list comes in order.

use std::time::Duration;

use auth::Role;
use contract::common::v1 as common;
use contract::event::v1 as event;
use contract::routing::v1 as api;
use event::Disposition;
use runtime::wire::timestamp;
use tonic::Code;

use crate::journeys::repaired;
use crate::world::{Report, World, ask, morning, reason};

const ROAD: &str = "infrastructure.road";

/// A world with one report that its agency has accepted.
async fn accepted() -> (World, api::Assignment) {
    let world = World::start().await;
    let report = Report::new(1);
    world.publish(&[report.classified(1, ROAD, Disposition::Route)]).await;
    let assignment = world.assignment_of(report.id).await;
    let request = world.as_role(Role::AgencyHandler, Some(&assignment.agency), ask::accept(&assignment, 1));
    let assignment = world.dispatch().accept_assignment(request).await.expect("accepted").into_inner();
    (world, assignment)
}

#[tokio::test]
async fn a_repeated_request_gets_the_same_answer_and_has_one_effect() {
    let world = World::start().await;
    let report = Report::new(1);
    world.publish(&[report.classified(1, ROAD, Disposition::Route)]).await;
    let assignment = world.assignment_of(report.id).await;
    let send = async || {
        let request =
            world.as_role(Role::AgencyHandler, Some(&assignment.agency), ask::accept(&assignment, 1));
        world.dispatch().accept_assignment(request).await.expect("accepted").into_inner()
    };
    let first = send().await;
    for _ in 0..3 {
        assert_eq!(send().await, first);
    }
    world.rest().await;
    world.wait_for::<event::WorkStarted>(1).await;
    // The same id for something else is refused, another caller's is its own.
    let mut other = ask::hand_back(&first, 1);
    other.reason = "Khác".into();
    let request = world.as_role(Role::AgencyHandler, Some(&assignment.agency), other.clone());
    let refusal = world.dispatch().hand_back_assignment(request).await.expect_err("reused");
    assert_eq!(reason(&refusal), (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned()));
    let request = world.as_role(Role::AgencyLeader, Some(&assignment.agency), other);
    world.dispatch().hand_back_assignment(request).await.expect("another caller");
}

#[tokio::test]
async fn a_repeat_is_answered_even_when_its_promise_has_passed() {
    let (world, assignment) = accepted().await;
    let plan = api::Resolution {
        outcome: common::Outcome::Planned.into(),
        reply: "Sẽ sửa.".into(),
        evidence: Vec::new(),
        promised_time: Some(timestamp(morning() + Duration::from_secs(10))),
    };
    let send = async || {
        let message = ask::submit(&assignment, 2, plan.clone());
        let request = world.as_role(Role::AgencyHandler, Some(&assignment.agency), message);
        world.dispatch().submit_resolution(request).await.expect("submitted").into_inner()
    };
    let first = send().await;
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(send().await, first);
}

#[tokio::test]
async fn many_at_once_have_one_winner() {
    let world = World::start().await;
    let report = Report::new(1);
    world.publish(&[report.classified(1, ROAD, Disposition::Route)]).await;
    let assignment = world.assignment_of(report.id).await;
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..20 {
        let request =
            world.as_role(Role::AgencyHandler, Some(&assignment.agency), ask::accept(&assignment, 100 + n));
        let mut client = world.dispatch();
        calls.spawn(async move { client.accept_assignment(request).await });
    }
    let mut won = 0;
    while let Some(call) = calls.join_next().await {
        match call.expect("no panic") {
            Ok(_) => won += 1,
            Err(refusal) => assert_eq!(reason(&refusal), (Code::Aborted, "ETAG_MISMATCH".to_owned())),
        }
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn wrong_replies_are_refused_with_their_reason() {
    let (world, assignment) = accepted().await;
    let base = repaired();
    let past = Some(timestamp(morning()));
    let far = Some(timestamp(morning() + Duration::from_secs(5 * 366 * 86_400)));
    let end_of_time = Some(timestamp(vocabulary::Timestamp::from_micros(253_402_300_700_000_000)));
    let outcome = |outcome: common::Outcome| outcome as i32;
    let planned = |promised_time| api::Resolution {
        outcome: outcome(common::Outcome::Planned),
        promised_time,
        ..base.clone()
    };
    let cases = [
        (api::Resolution { reply: "  \n".into(), ..base.clone() }, "REPLY_REQUIRED"),
        (api::Resolution { reply: "ă".repeat(4_001), ..base.clone() }, "TEXT_TOO_LONG"),
        (api::Resolution { reply: "x\u{0}".into(), ..base.clone() }, "TEXT_UNREADABLE"),
        (api::Resolution { reply: "\u{200b}\u{202e}".into(), ..base.clone() }, "REPLY_REQUIRED"),
        (api::Resolution { outcome: 0, ..base.clone() }, "OUTCOME_REQUIRED"),
        (api::Resolution { outcome: 99, ..base.clone() }, "ENUM_UNKNOWN"),
        (api::Resolution { evidence: Vec::new(), ..base.clone() }, "EVIDENCE_REQUIRED"),
        (api::Resolution { evidence: vec!["x".into()], ..base.clone() }, "MEDIA_INVALID"),
        (api::Resolution { evidence: vec![base.evidence[0].clone(); 9], ..base.clone() }, "MEDIA_INVALID"),
        (planned(None), "PROMISED_TIME_REQUIRED"),
        (planned(past), "TIME_IN_PAST"),
        (planned(far), "PROMISED_TIME_TOO_FAR"),
        (planned(end_of_time), "PROMISED_TIME_TOO_FAR"),
    ];
    for (number, (resolution, expected)) in cases.into_iter().enumerate() {
        let message = ask::submit(&assignment, 100 + number as u128, resolution);
        let request = world.as_role(Role::AgencyHandler, Some(&assignment.agency), message);
        let refusal = world.dispatch().submit_resolution(request).await.expect_err(expected);
        assert_eq!(reason(&refusal), (Code::InvalidArgument, expected.to_owned()));
    }
    // Invisible marks go, and decomposed letters are composed, before they are counted and stored.
    let decomposed = api::Resolution { reply: "\u{202e}a\u{306}".repeat(4_000), ..base };
    let request = world.as_role(
        Role::AgencyHandler,
        Some(&assignment.agency),
        ask::submit(&assignment, 200, decomposed),
    );
    let submitted = world.dispatch().submit_resolution(request).await.expect("submitted").into_inner();
    assert_eq!(submitted.resolution.expect("a reply").reply, "ă".repeat(4_000));
}

#[tokio::test]
async fn keys_of_requests_are_checked() {
    let (world, assignment) = accepted().await;
    let agency = Some(assignment.agency.as_str());
    let good = ask::hand_back(&assignment, 9);
    for (request_id, etag, text, code, expected) in [
        ("", good.etag.as_str(), "Lý do", Code::InvalidArgument, "REQUEST_ID_INVALID"),
        (
            "00000000-0000-0000-0000-000000000000",
            &good.etag,
            "Lý do",
            Code::InvalidArgument,
            "REQUEST_ID_INVALID",
        ),
        (&good.request_id, "", "Lý do", Code::InvalidArgument, "ETAG_REQUIRED"),
        (&good.request_id, "v1", "Lý do", Code::Aborted, "ETAG_MISMATCH"),
        (&good.request_id, "garbage", "Lý do", Code::Aborted, "ETAG_MISMATCH"),
        (&good.request_id, &good.etag, " ", Code::InvalidArgument, "REASON_REQUIRED"),
        (&good.request_id, &good.etag, "\u{200b}", Code::InvalidArgument, "REASON_REQUIRED"),
        (&good.request_id, &good.etag, "x\u{1b}[31m", Code::InvalidArgument, "TEXT_UNREADABLE"),
        (&good.request_id, &good.etag, &"x".repeat(1_001), Code::InvalidArgument, "TEXT_TOO_LONG"),
    ] {
        let message = api::HandBackAssignmentRequest {
            name: assignment.name.clone(),
            reason: text.into(),
            request_id: request_id.into(),
            etag: etag.into(),
        };
        let request = world.as_role(Role::AgencyHandler, agency, message);
        let refusal = world.dispatch().hand_back_assignment(request).await.expect_err(expected);
        assert_eq!(reason(&refusal), (code, expected.to_owned()));
    }
}

#[tokio::test]
async fn a_command_that_does_not_fit_is_refused() {
    let (world, assignment) = accepted().await;
    let agency = Some(assignment.agency.as_str());
    let request = world.as_role(Role::AgencyHandler, agency, ask::accept(&assignment, 5));
    let refusal = world.dispatch().accept_assignment(request).await.expect_err("accepted before");
    assert_eq!(reason(&refusal), (Code::FailedPrecondition, "ASSIGNMENT_STATE".to_owned()));
    let request = world.as_role(Role::AgencyLeader, agency, ask::approve(&assignment, 6));
    let refusal = world.dispatch().approve_resolution(request).await.expect_err("nothing to approve");
    assert_eq!(reason(&refusal), (Code::FailedPrecondition, "ASSIGNMENT_STATE".to_owned()));
    // A better reply may replace the one that waits.
    let request = world.as_role(Role::AgencyHandler, agency, ask::submit(&assignment, 7, repaired()));
    let waiting = world.dispatch().submit_resolution(request).await.expect("submitted").into_inner();
    let better = api::Resolution { reply: "Đã dặm vá và sơn lại vạch.".into(), ..repaired() };
    let request = world.as_role(Role::AgencyHandler, agency, ask::submit(&waiting, 8, better));
    let better = world.dispatch().submit_resolution(request).await.expect("submitted again").into_inner();
    assert_eq!(better.state(), api::AssignmentState::PendingApproval);
    let request = world.as_role(Role::AgencyHandler, agency, ask::hand_back(&better, 9));
    let refusal = world.dispatch().hand_back_assignment(request).await.expect_err("answered already");
    assert_eq!(reason(&refusal), (Code::FailedPrecondition, "ASSIGNMENT_STATE".to_owned()));
}

#[tokio::test]
async fn the_queue_comes_in_pages_the_nearest_deadline_first() {
    let world = World::start().await;
    for batch in 0..3 {
        let events: Vec<_> =
            (0..5).map(|n| Report::new(batch * 5 + n).classified(1, ROAD, Disposition::Route)).collect();
        world.publish(&events).await;
        world.clock.advance(Duration::from_secs(60));
    }
    let ask = |page_token: &str| api::ListAssignmentsRequest {
        page_size: 4,
        page_token: page_token.into(),
        ..Default::default()
    };
    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        let request = world.as_role(Role::Supervisor, None, ask(&token));
        let page = world.dispatch().list_assignments(request).await.expect("a page").into_inner();
        seen.extend(page.assignments);
        if page.next_page_token.is_empty() {
            break;
        }
        token = page.next_page_token;
    }
    let due = |assignment: &api::Assignment| {
        let due = assignment.due_time.expect("a due time");
        (due.seconds, due.nanos)
    };
    assert!(seen.windows(2).all(|pair| due(&pair[0]) <= due(&pair[1])));
    let names: std::collections::BTreeSet<_> = seen.iter().map(|assignment| &assignment.name).collect();
    assert_eq!((seen.len(), names.len()), (15, 15));
    // With those that have ended the order is the same.
    let first = seen[3].clone();
    let request =
        world.as_role(Role::AgencyHandler, Some(&first.agency), crate::world::ask::hand_back(&first, 1));
    world.dispatch().hand_back_assignment(request).await.expect("handed back");
    let mut all = Vec::new();
    let mut all_token = String::new();
    loop {
        let message = api::ListAssignmentsRequest { include_ended: true, ..ask(&all_token) };
        let request = world.as_role(Role::Supervisor, None, message);
        let page = world.dispatch().list_assignments(request).await.expect("a page").into_inner();
        all.extend(page.assignments.into_iter().map(|assignment| assignment.name));
        all_token = page.next_page_token;
        if all_token.is_empty() {
            break;
        }
    }
    assert_eq!(all, seen.iter().map(|assignment| assignment.name.clone()).collect::<Vec<_>>());
    // A token belongs to its caller and its filter.
    let request = world.as_role(Role::Coordinator, None, ask(&token));
    let refusal = world.dispatch().list_assignments(request).await.expect_err("another's token");
    assert_eq!(reason(&refusal), (Code::InvalidArgument, "PAGE_TOKEN_INVALID".to_owned()));
    let filtered = api::ListAssignmentsRequest { include_ended: true, ..ask(&token) };
    let refusal = world.dispatch().list_assignments(world.as_role(Role::Supervisor, None, filtered)).await;
    assert_eq!(
        reason(&refusal.expect_err("another filter")),
        (Code::InvalidArgument, "PAGE_TOKEN_INVALID".to_owned())
    );
}
