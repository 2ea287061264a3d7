//! The life of a report, from the citizen's first word to the score of its agency.

use std::time::Duration;

use contract::classification::v1::decide_review_request::Decision;
use contract::classification::v1::{ChangeLeaf, Confirm, Reject, ReturnToCitizen, ReviewState};
use contract::common::v1::{Location, Outcome, ReportState, Urgency, Verdict};
use contract::google::r#type::LatLng;
use contract::intake::v1::Report;
use contract::routing::v1::Resolution;
use contract::satisfaction::v1::{GetScoreRequest, ScoreDimension};
use harness::{OUTSIDE_PROVINCE, World, kinds, photo, refusal, repaired, report, text, verify_timeline};
use runtime::Ending;
use tonic::Code;

use crate::stories::{answer, assigned, bring_to_agency};

#[tokio::test]
async fn a_report_is_assigned_answered_rated_and_counted() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let created = citizen.create(&report(text::ROAD)).await.expect("taken");
    assert_eq!(created.state(), ReportState::Submitted);
    assert!(created.code.starts_with("CM-"), "{}", created.code);

    let waiting = citizen.until(&created.name, "assigned", |r| r.state() == ReportState::Assigned).await;
    assert_eq!(
        (waiting.leaf.as_str(), waiting.agency.as_str()),
        ("infrastructure.road", "agencies/ubnd-32025")
    );
    assert_eq!(waiting.commune_code, "32025");
    assert!(waiting.respond_due_time.is_some());

    let handler = world.handler(&waiting.agency);
    let assignment = handler.assignment_of(&created.name).await;
    assert_eq!(assignment.text, text::ROAD);
    let assignment = handler.accept(&assignment).await.expect("accepted");
    citizen.until(&created.name, "in progress", |r| r.state() == ReportState::InProgress).await;

    let after = photo(7, "after");
    let medium = handler.upload_photo(&after).await.expect("uploaded");
    let assignment = handler.submit(&assignment, repaired(&medium.name)).await.expect("submitted");
    let officer = world.coordinator();
    officer.until(&created.name, "pending", |r| r.state() == ReportState::PendingApproval).await;
    let seen = citizen.get(&created.name).await.expect("own report");
    assert_eq!(seen.state(), ReportState::InProgress, "approval is the agency's own affair");
    assert!(seen.answer.is_none(), "a reply is public only after approval");
    let leader = world.leader(&waiting.agency);
    leader.approve(&assignment).await.expect("approved");

    let done = citizen.until(&created.name, "rateable", |r| !r.invitation.is_empty()).await;
    assert_eq!(done.state(), ReportState::Resolved);
    let answer = done.answer.clone().expect("an answer");
    assert_eq!((answer.outcome(), answer.evidence.as_slice()), (Outcome::Repaired, [medium.name].as_slice()));
    let rating = citizen.rate(&done.invitation, Verdict::Satisfied).await.expect("rated");
    assert_eq!((rating.revision, rating.reopened), (1, false));

    let done = citizen.until(&created.name, "rated", |r| kinds(r).contains(&"RatingSubmitted")).await;
    verify_timeline(&done.timeline);
    assert_eq!(
        kinds(&done),
        [
            "ReportSubmitted",
            "ReportClassified",
            "ReportAssigned",
            "WorkStarted",
            "ResolutionSubmitted",
            "ReportResolved",
            "RatingInvited",
            "RatingSubmitted",
        ]
    );
    let request = GetScoreRequest {
        dimension: ScoreDimension::Agency.into(),
        subject: waiting.agency.clone(),
        start_time: None,
        end_time: None,
    };
    let score = world.supervisor().scores().get_score(request).await.expect("a score").into_inner();
    assert!(score.satisfied.is_none(), "one answer is fewer than may be shown: {score:?}");
    world.finish().await;
}

#[tokio::test]
async fn a_matter_of_procedure_is_returned_with_its_channel_and_can_be_rated() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let created = citizen.create(&report(text::PROCEDURE)).await.expect("taken");
    let coordinator = world.coordinator();
    let review = coordinator.review_of(&created.name).await;
    let suggestion = review.suggestion.clone().expect("a suggestion");
    assert_eq!(suggestion.leaf, "out_of_scope.administrative_procedure");
    assert!(!suggestion.reasons.is_empty() && !review.reasons.is_empty(), "{review:?}");
    citizen.until(&created.name, "under review", |r| r.state() == ReportState::UnderReview).await;

    let decided = coordinator.decide(&review, Decision::Confirm(Confirm {})).await.expect("decided");
    assert_eq!(decided.state(), ReviewState::Decided);
    let returned = citizen.until(&created.name, "rateable", |r| !r.invitation.is_empty()).await;
    assert_eq!(returned.state(), ReportState::Returned);
    let answer = returned.answer.clone().expect("an answer");
    let channel = answer.channel.expect("a channel");
    assert!(!channel.vi.is_empty() && !channel.en.is_empty());
    let guidance = answer.text.expect("guidance");
    assert!(guidance.vi.contains(&created.code) && !guidance.vi.contains('{'), "{}", guidance.vi);
    let rating = citizen.rate(&returned.invitation, Verdict::Acceptable).await.expect("rated");
    assert!(!rating.reopened);

    // Decided once is decided.
    let again = coordinator.decide(&review, Decision::Confirm(Confirm {})).await;
    let refused = refusal(again);
    assert!(matches!(refused.reason.as_str(), "REVIEW_DECIDED" | "ETAG_MISMATCH"), "{refused:?}");
    world.finish().await;
}

#[tokio::test]
async fn a_report_that_is_refused_carries_the_words_of_the_coordinator() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let created = citizen.create(&report(text::ADVERTISING)).await.expect("taken");
    let coordinator = world.coordinator();
    let review = coordinator.review_of(&created.name).await;
    let empty = coordinator.decide(&review, Decision::Reject(Reject::default())).await;
    assert_eq!(refusal(empty).reason, "NOTE_REQUIRED");
    let note = "Nội dung là quảng cáo.".to_owned();
    coordinator
        .decide(&review, Decision::Reject(Reject { note: note.clone(), ..Reject::default() }))
        .await
        .expect("decided");
    let rejected = citizen.until(&created.name, "rejected", |r| r.state() == ReportState::Rejected).await;
    assert_eq!(rejected.answer.and_then(|answer| answer.text).expect("a reason").vi, note);
    world.finish().await;
}

#[tokio::test]
async fn danger_to_life_is_met_with_advice_at_once() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let created = citizen.create(&report(text::EMERGENCY)).await.expect("taken");
    let advised = citizen.until(&created.name, "advised", |r| r.advice.is_some()).await;
    assert_eq!(advised.urgency(), Urgency::Emergency);
    let advice = advised.advice.expect("advice");
    let numbers = ["113", "114", "115"];
    assert!(
        numbers.iter().all(|number| advice.vi.contains(number) && advice.en.contains(number)),
        "{advice:?}"
    );
    world.finish().await;
}

#[tokio::test]
async fn a_report_that_is_handed_back_goes_to_the_agency_that_the_coordinator_names() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let first = assigned(&world, &citizen).await;
    let handler = world.handler(&first.agency);
    let assignment = handler.assignment_of(&first.name).await;
    let blank = handler.hand_back(&assignment, "  ").await;
    assert_eq!(refusal(blank).reason, "REASON_REQUIRED");
    handler.hand_back(&assignment, "Lưới điện, không phải đường của phường.").await.expect("handed back");

    let coordinator = world.coordinator();
    let review = coordinator.review_of(&first.name).await;
    assert!(review.reasons.iter().any(|reason| reason == "HANDED_BACK"), "{:?}", review.reasons);
    assert_eq!(review.note, "Lưới điện, không phải đường của phường.");
    citizen.until(&first.name, "with a person again", |r| r.state() == ReportState::UnderReview).await;

    let leaf = "electricity_lighting.grid".to_owned();
    let decision = Decision::ChangeLeaf(ChangeLeaf { leaf, urgency: 0 });
    coordinator.decide(&review, decision).await.expect("decided");
    let second =
        citizen.until(&first.name, "with the power company", |r| r.agency == "agencies/cty-dien-luc").await;
    assert_eq!((second.state(), second.leaf.as_str()), (ReportState::Assigned, "electricity_lighting.grid"));
    let late = refusal(handler.accept(&assignment).await);
    assert!(matches!(late.reason.as_str(), "ASSIGNMENT_STATE" | "ETAG_MISMATCH"), "{late:?}");
    let timeline = citizen.get(&first.name).await.expect("own").timeline;
    verify_timeline(&timeline);
    let told = timeline.iter().filter(|entry| entry.event == "ReportAssigned").count();
    assert_eq!(told, 2);
    world.finish().await;
}

#[tokio::test]
async fn an_unsatisfied_citizen_reopens_the_report_and_rates_the_second_answer() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let first = assigned(&world, &citizen).await;
    let done = answer(&world, &citizen, &first).await;
    let rating = citizen.rate(&done.invitation, Verdict::Unsatisfied).await.expect("rated");
    assert!(rating.reopened);
    let sent_twice = |r: &Report| {
        r.state() == ReportState::Assigned
            && kinds(r).iter().filter(|kind| **kind == "ReportAssigned").count() == 2
    };
    let again = citizen.until(&first.name, "with its agency again", sent_twice).await;
    assert_eq!(again.agency, first.agency);
    assert_eq!(world.handler(&first.agency).assignment_of(&first.name).await.round, 2);

    let done = answer(&world, &citizen, &again).await;
    let invitation = citizen.invitation(&done.invitation).await.expect("own");
    assert_eq!(invitation.round, 2);
    let rating = citizen.rate(&done.invitation, Verdict::Satisfied).await.expect("rated");
    assert!(!rating.reopened);
    verify_timeline(&citizen.get(&first.name).await.expect("own").timeline);
    world.finish().await;
}

#[tokio::test]
async fn a_promise_is_an_answer_with_a_date() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let first = assigned(&world, &citizen).await;
    let handler = world.handler(&first.agency);
    let assignment = handler.assignment_of(&first.name).await;
    let assignment = handler.accept(&assignment).await.expect("accepted");
    let promised = runtime::wire::timestamp(world.clock().now() + Duration::from_secs(30 * 86_400));
    let plan = |promised_time| Resolution {
        outcome: Outcome::Planned.into(),
        reply: "Đơn vị sẽ sửa trong quý tới.".to_owned(),
        evidence: Vec::new(),
        promised_time,
    };
    let refused = refusal(handler.submit(&assignment, plan(None)).await);
    assert_eq!(refused.reason, "PROMISED_TIME_REQUIRED");
    let assignment = handler.submit(&assignment, plan(Some(promised))).await.expect("submitted");
    world.leader(&first.agency).approve(&assignment).await.expect("approved");
    let deferred = |r: &Report| r.state() == ReportState::AnsweredDeferred && !r.invitation.is_empty();
    let done = citizen.until(&first.name, "answered with a date", deferred).await;
    assert_eq!(done.answer.expect("an answer").promised_time, Some(promised));
    world.finish().await;
}

#[tokio::test]
async fn a_withdrawn_report_leaves_every_queue_and_stays_on_record() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let first = assigned(&world, &citizen).await;
    let handler = world.handler(&first.agency);
    handler.assignment_of(&first.name).await;
    let stranger = world.citizen("citizen-2").withdraw(&first.name).await;
    assert_eq!(refusal(stranger).reason, "PERMISSION_DENIED_OR_MISSING");
    let withdrawn = citizen.withdraw(&first.name).await.expect("withdrawn");
    assert_eq!(withdrawn.state(), ReportState::Withdrawn);
    world.until_idle().await;
    assert!(handler.assignments().await.expect("a queue").iter().all(|left| left.report != first.name));
    let kept = citizen.get(&first.name).await.expect("own");
    assert_eq!(kept.state(), ReportState::Withdrawn);
    let refused = refusal(citizen.withdraw(&first.name).await);
    assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "REPORT_ENDED"));
    let refused = refusal(citizen.post(&first.name, "Còn gì nữa không?", false).await);
    assert_eq!(refused.reason, "REPORT_ENDED");
    world.finish().await;
}

#[tokio::test]
async fn a_report_withdrawn_while_it_waits_leaves_the_coordinators_queue() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let created = citizen.create(&report(text::PROCEDURE)).await.expect("taken");
    let coordinator = world.coordinator();
    coordinator.review_of(&created.name).await;
    citizen.withdraw(&created.name).await.expect("withdrawn");
    world.until_idle().await;
    assert!(coordinator.reviews().await.expect("a queue").is_empty());
    world.finish().await;
}

#[tokio::test]
async fn a_place_outside_the_province_goes_to_a_person_and_back_with_guidance() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let mut elsewhere = report(text::ROAD);
    let point = LatLng { latitude: OUTSIDE_PROVINCE.0, longitude: OUTSIDE_PROVINCE.1 };
    elsewhere.location = Some(Location { point: Some(point), address: String::new() });
    let created = citizen.create(&elsewhere).await.expect("taken");
    let coordinator = world.coordinator();
    let review = coordinator.review_of(&created.name).await;
    assert!(review.reasons.iter().any(|reason| reason == "OUTSIDE_PROVINCE"), "{:?}", review.reasons);
    let (leaf, note) = ("out_of_scope.other".to_owned(), "Thuộc tỉnh bạn.".to_owned());
    let back = ReturnToCitizen { leaf, note, template: String::new() };
    coordinator.decide(&review, Decision::ReturnToCitizen(back)).await.expect("decided");
    let returned = citizen.until(&created.name, "returned", |r| r.state() == ReportState::Returned).await;
    let guidance = returned.answer.and_then(|answer| answer.text).expect("guidance");
    assert!(guidance.vi.contains("Thuộc tỉnh bạn."), "{}", guidance.vi);
    world.finish().await;
}

#[tokio::test]
async fn a_conversation_does_not_hold_up_other_reports() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let first = assigned(&world, &citizen).await;
    let handler = world.handler(&first.agency);
    handler.post(&first.name, "Xin cho biết chỗ hư nằm trước số nhà nào?", false).await.expect("posted");
    handler.post(&first.name, "Nhớ gọi tổ 3.", true).await.expect("noted");
    citizen.post(&first.name, "Trước nhà số 12.", false).await.expect("answered");
    let thread =
        |r: &Report| r.messages.iter().map(|m| (m.author_role.clone(), m.text.clone())).collect::<Vec<_>>();
    let read = citizen.get(&first.name).await.expect("own");
    let public = [
        ("agency_handler".to_owned(), "Xin cho biết chỗ hư nằm trước số nhà nào?".to_owned()),
        ("citizen".to_owned(), "Trước nhà số 12.".to_owned()),
    ];
    assert_eq!(thread(&read), public, "internal notes are for staff");
    assert_eq!(handler.get(&first.name).await.expect("own agency's").messages.len(), 3);
    // What comes after a conversation is not stuck behind it.
    assigned(&world, &world.citizen("citizen-2")).await;
    world.finish().await;
}

#[tokio::test]
async fn a_restart_in_the_middle_changes_nothing() {
    let mut world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let created = citizen.create(&report(text::ROAD)).await.expect("taken");
    assert_eq!(world.stop().await, Ending::Clean);
    world.resume().await;
    let first = bring_to_agency(&world, &citizen, &created.name).await;
    let handler = world.handler(&first.agency);
    let assignment = handler.assignment_of(&first.name).await;
    handler.accept(&assignment).await.expect("accepted");
    let before = citizen.until(&first.name, "in progress", |r| r.state() == ReportState::InProgress).await;
    assert_eq!(world.stop().await, Ending::Clean);
    world.resume().await;
    let after = citizen.get(&first.name).await.expect("own");
    assert_eq!(after, before, "what was on the timeline stays as it was");
    let medium = handler.upload_photo(&photo(7, "after")).await.expect("uploaded");
    let assignment = handler.assignment_of(&first.name).await;
    let assignment = handler.submit(&assignment, repaired(&medium.name)).await.expect("submitted");
    world.leader(&first.agency).approve(&assignment).await.expect("approved");
    let done = citizen.until(&first.name, "rateable", |r| !r.invitation.is_empty()).await;
    assert_eq!(&done.timeline[..before.timeline.len()], &before.timeline[..]);
    verify_timeline(&done.timeline);
    world.finish().await;
}

#[tokio::test]
async fn a_denunciation_is_sealed_until_its_end_and_answered_to_its_reporter_alone() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let created = citizen.create(&report(text::DENUNCIATION)).await.expect("taken");
    let officer = world.cleared_officer();
    let review = officer.review_of(&created.name).await;
    assert!(review.reasons.iter().any(|reason| reason == "DENUNCIATION_SUSPECTED"), "{:?}", review.reasons);
    assert!(world.coordinator().reviews().await.expect("a queue").is_empty());
    let by_coordinator = world.coordinator().decide(&review, Decision::Confirm(Confirm {})).await;
    assert_eq!(refusal(by_coordinator).reason, "PERMISSION_DENIED_OR_MISSING");
    officer.decide(&review, Decision::Confirm(Confirm {})).await.expect("decided");
    let returned = citizen.until(&created.name, "rateable", |r| !r.invitation.is_empty()).await;
    assert_eq!(returned.state(), ReportState::Returned);
    let guidance = returned.answer.and_then(|answer| answer.text).expect("guidance");
    assert!(!guidance.vi.is_empty() && !guidance.vi.contains("Thử Nghiệm"), "{}", guidance.vi);
    citizen.rate(&returned.invitation, Verdict::Satisfied).await.expect("rated");
    world.until_idle().await;
    for other in [world.citizen("citizen-2").0, world.coordinator().0, world.supervisor().0] {
        assert_eq!(refusal(other.get(&created.name).await).code, Code::PermissionDenied, "{:?}", other.role);
    }
    world.finish().await;
}
