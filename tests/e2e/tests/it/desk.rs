//! The coordinators' desk: claims, chosen words, questions, contests, batches that are taken back.

use std::time::Duration;

use auth::Role;
use contract::classification::v1::decide_review_request::Decision;
use contract::classification::v1::review_result::Result as Outcome;
use contract::classification::v1::{
    AskReporter, ChangeLeaf, Confirm, MarkDuplicate, MarkEmergency, Reject, ReturnToCitizen, Review,
    ReviewState,
};
use contract::common::v1::{ReportState, Urgency, Verdict};
use contract::intake::v1::Report;
use harness::{Triage, World, kinds, refusal, report, text, verify_timeline};
use tonic::Code;
use vocabulary::{Clock, Timestamp};

use crate::stories::{answer, assigned};

/// Friday, 20 November 2026, 10:00 in Cà Mau.
const MORNING: Timestamp = Timestamp::from_micros(1_795_143_600_000_000);

fn colleague(world: &World) -> Triage {
    Triage(world.anyone(Role::Coordinator, "coordinator-2", None))
}

fn to_road() -> Decision {
    Decision::ChangeLeaf(ChangeLeaf { leaf: "infrastructure.road".to_owned(), urgency: 0 })
}

fn back(template: &str) -> Decision {
    Decision::ReturnToCitizen(ReturnToCitizen {
        leaf: "out_of_scope.other".to_owned(),
        note: String::new(),
        template: template.to_owned(),
    })
}

#[tokio::test]
async fn a_claimed_report_is_returned_with_the_words_that_were_chosen() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let created = citizen.create(&report(text::PROCEDURE)).await.expect("taken");
    let (lan, minh) = (world.coordinator(), colleague(&world));
    let review = lan.review_of(&created.name).await;
    let suggestion = review.suggestion.clone().expect("a suggestion");
    assert_eq!((suggestion.leaves.len(), &suggestion.leaves[0].code), (3, &suggestion.leaf));
    let place = suggestion.reasons.iter().find(|reason| reason.kind == "WORD").expect("a word that weighed");
    let letters: Vec<char> = review.text.chars().collect();
    let marked: String = letters[place.start_char as usize..place.end_char as usize].iter().collect();
    assert_eq!(marked, place.code);

    lan.claim(&review).await.expect("free");
    let refused = refusal(minh.decide(&review, Decision::Confirm(Confirm {})).await);
    assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "REVIEW_CLAIMED"));
    lan.release(&review).await.expect("one's own");
    minh.claim(&review).await.expect("free again");
    assert!(minh.review(&review.name).await.expect("there").claim.expect("claimed").mine);
    let templates = minh.return_templates().await.expect("texts");
    let court =
        templates.iter().find(|template| template.key == "returned.court").expect("a text for courts");
    minh.decide(&review, back(&court.key)).await.expect("decided");

    let returned = citizen.until(&created.name, "returned", |r| r.state() == ReportState::Returned).await;
    let answer = returned.answer.expect("an answer");
    assert_eq!(answer.channel, court.channel);
    assert!(answer.text.expect("guidance").vi.contains("Tòa án"));
    world.finish().await;
}

#[tokio::test]
async fn a_reporter_is_asked_answers_and_the_report_goes_on() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let created = citizen.create(&report(text::ADVERTISING)).await.expect("taken");
    let coordinator = world.coordinator();
    let nothing = refusal(citizen.provide_info(&created.name, "Trước chợ.").await);
    assert_eq!((nothing.code, nothing.reason.as_str()), (Code::FailedPrecondition, "INFO_NOT_REQUESTED"));
    let review = coordinator.review_of(&created.name).await;
    let question = "Sự việc xảy ra ở đâu, ai bị ảnh hưởng?".to_owned();
    let ask = Decision::AskReporter(AskReporter { question: question.clone() });
    let asked = coordinator.decide(&review, ask).await.expect("asked");
    assert_eq!(asked.state(), ReviewState::Asked);
    let waiting = citizen.until(&created.name, "asked", |r| r.state() == ReportState::AwaitingInfo).await;
    let shown = waiting.question.expect("a question");
    assert_eq!((shown.text, shown.due_time), (question, asked.answer_due_time));
    let stranger = world.anyone(Role::Public, "anybody", None);
    assert_eq!(refusal(stranger.get(&created.name).await).code, Code::PermissionDenied, "not public");

    let words = "Ở trước chợ, mặt đường nhiều ổ gà, xe té hoài.";
    let blank = refusal(citizen.provide_info(&created.name, " ").await);
    assert_eq!((blank.reason.as_str(), blank.fields[0].as_str()), ("TEXT_EMPTY", "text"));
    let other = world.citizen("citizen-2").provide_info(&created.name, words).await;
    assert_eq!(refusal(other).code, Code::PermissionDenied);
    let answered = citizen.provide_info(&created.name, words).await.expect("answered");
    assert_eq!((answered.state(), answered.question), (ReportState::UnderReview, None));
    let review = coordinator.review_of(&created.name).await;
    assert!(review.text.ends_with(words) && review.reasons.contains(&"INFO_PROVIDED".to_owned()));
    coordinator.decide(&review, to_road()).await.expect("decided");
    let done = citizen.until(&created.name, "assigned", |r| r.state() == ReportState::Assigned).await;
    verify_timeline(&done.timeline);
    let expected = [
        "ReportSubmitted",
        "ReviewRequested",
        "InfoRequested",
        "InfoProvided",
        "ReviewRequested",
        "ReportClassified",
        "ReportAssigned",
    ];
    assert_eq!(kinds(&done), expected);
    assert!(done.messages.iter().any(|message| message.text == words), "the agency reads the answer");
    world.finish().await;
}

#[tokio::test]
async fn a_contested_return_is_looked_at_by_another_person_and_handled() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let created = citizen.create(&report(text::ADVERTISING)).await.expect("taken");
    let early = refusal(citizen.contest(&created.name, "Đường hư thật.").await);
    assert_eq!((early.code, early.reason.as_str()), (Code::FailedPrecondition, "NOT_RETURNED"));
    let (lan, minh) = (world.coordinator(), colleague(&world));
    let review = lan.review_of(&created.name).await;
    let reject = Reject { template: "returned.advertising".to_owned(), ..Reject::default() };
    lan.decide(&review, Decision::Reject(reject)).await.expect("decided");
    let refused = citizen.until(&created.name, "rateable", |r| !r.invitation.is_empty()).await;
    assert_eq!(refused.state(), ReportState::Rejected);
    assert!(refused.answer.and_then(|answer| answer.text).expect("a reason").vi.contains("quảng cáo"));
    assert!(refused.contest_until_time.is_some());

    let other = world.citizen("citizen-2").contest(&created.name, "x").await;
    assert_eq!(refusal(other).code, Code::PermissionDenied);
    let contested = citizen.contest(&created.name, "Tôi phản ánh đường hư.").await.expect("contested");
    assert_eq!((contested.state(), contested.contest_until_time), (ReportState::UnderReview, None));
    let once = refusal(citizen.contest(&created.name, "Lần nữa.").await);
    assert_eq!(once.reason, "NOT_RETURNED");
    let review = minh.review_of(&created.name).await;
    assert_eq!(
        (&review.reasons[..], review.note.as_str()),
        (&["RETURN_CONTESTED".to_owned()][..], "Tôi phản ánh đường hư.")
    );
    let same = refusal(lan.decide(&review, to_road()).await);
    assert_eq!((same.code, same.reason.as_str()), (Code::FailedPrecondition, "SECOND_PERSON_REQUIRED"));
    world.until_idle().await;
    let late = refusal(citizen.rate(&refused.invitation, Verdict::Unsatisfied).await);
    assert_eq!(late.reason, "RATING_CLOSED", "the refusal is not the last word");

    minh.decide(&review, to_road()).await.expect("decided");
    let held = citizen.until(&created.name, "assigned", |r| r.state() == ReportState::Assigned).await;
    assert_eq!(world.handler(&held.agency).assignment_of(&held.name).await.round, 2);
    let done = answer(&world, &citizen, &held).await;
    citizen.rate(&done.invitation, Verdict::Satisfied).await.expect("rated");
    verify_timeline(&citizen.get(&created.name).await.expect("own").timeline);
    world.finish().await;
}

#[tokio::test]
async fn a_second_return_is_final_for_the_system() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let created = citizen.create(&report(text::PROCEDURE)).await.expect("taken");
    let review = world.coordinator().review_of(&created.name).await;
    world.coordinator().decide(&review, Decision::Confirm(Confirm {})).await.expect("decided");
    let first = citizen.until(&created.name, "rateable", |r| !r.invitation.is_empty()).await;
    citizen.contest(&created.name, "Xin xem lại.").await.expect("contested");
    let review = colleague(&world).review_of(&created.name).await;
    colleague(&world).decide(&review, Decision::Confirm(Confirm {})).await.expect("decided");
    let asked_again = |r: &Report| {
        r.state() == ReportState::Returned && r.invitation != first.invitation && r.answer.is_some()
    };
    let second = citizen.until(&created.name, "returned again", asked_again).await;
    assert_eq!(second.contest_until_time, None);
    assert_eq!(refusal(citizen.contest(&created.name, "Nữa.").await).reason, "CONTEST_CLOSED");
    assert_eq!(citizen.invitation(&second.invitation).await.expect("own").round, 2);
    world.finish().await;
}

fn review(outcome: Option<Outcome>) -> Review {
    match outcome {
        Some(Outcome::Review(review)) => review,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_batch_is_taken_back_before_anybody_was_told_and_another_takes_effect() {
    let world = World::with(&[], Clock::manual(MORNING)).await;
    let citizen = world.citizen("citizen-1");
    let coordinator = world.coordinator();
    let mut reviews = Vec::new();
    for words in [text::ADVERTISING, text::PROCEDURE] {
        let created = citizen.create(&report(words)).await.expect("taken");
        reviews.push(coordinator.review_of(&created.name).await);
    }
    let all = |decision: &Decision| reviews.iter().map(|review| (review.clone(), decision.clone())).collect();
    let decided = coordinator.decide_all(all(&back("returned.advertising"))).await.expect("decided");
    assert!(decided.into_iter().all(|one| review(one.result).state() == ReviewState::Pending));
    assert!(coordinator.reviews().await.expect("a queue").is_empty());
    world.until_idle().await;
    let names: Vec<String> = reviews.iter().map(|review| review.name.clone()).collect();
    let one = coordinator.undo(&names[0]).await.expect("in time");
    assert_eq!(one.state(), ReviewState::Open);
    let rest = coordinator.undo_all(names).await.expect("in time");
    assert!(matches!(rest[0].result, Some(Outcome::Refusal(_))), "already taken back");
    assert_eq!(review(rest[1].result.clone()).state(), ReviewState::Open);
    world.clock().advance(Duration::from_secs(600));
    world.until_idle().await;
    for review in &reviews {
        let report = citizen.get(&review.report).await.expect("own");
        assert_eq!(kinds(&report), ["ReportSubmitted", "ReviewRequested"], "nobody was told");
    }

    let reviews = coordinator.reviews().await.expect("a queue");
    let batch = reviews.iter().map(|review| (review.clone(), Decision::Confirm(Confirm {}))).collect();
    coordinator.decide_all(batch).await.expect("decided");
    world.clock().advance(Duration::from_secs(61));
    for review in &reviews {
        citizen.until(&review.report, "returned", |r| r.state() == ReportState::Returned).await;
    }
    world.finish().await;
}

#[tokio::test]
async fn danger_goes_at_once_and_a_repetition_goes_where_the_first_one_went() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let first = assigned(&world, &citizen).await;
    let coordinator = world.coordinator();
    let second = citizen.create(&report(text::ADVERTISING)).await.expect("taken");
    let review = coordinator.review_of(&second.name).await;
    let repeats = |report: &str| Decision::MarkDuplicate(MarkDuplicate { report: report.to_owned() });
    assert_eq!(refusal(coordinator.decide(&review, repeats(&second.name)).await).reason, "DUPLICATE_INVALID");
    coordinator.decide(&review, repeats(&first.name)).await.expect("decided");
    let held = citizen.until(&second.name, "assigned", |r| r.state() == ReportState::Assigned).await;
    assert_eq!((held.agency, held.leaf), (first.agency, first.leaf));

    let third = citizen.create(&report(text::PROCEDURE)).await.expect("taken");
    let review = coordinator.review_of(&third.name).await;
    let emergency = |leaf: &str| Decision::MarkEmergency(MarkEmergency { leaf: leaf.to_owned() });
    assert_eq!(refusal(coordinator.decide(&review, emergency("")).await).reason, "LEAF_UNKNOWN");
    coordinator.decide(&review, emergency("security.fire_rescue")).await.expect("decided");
    let alarmed = citizen.until(&third.name, "assigned", |r| r.state() == ReportState::Assigned).await;
    assert_eq!(alarmed.urgency(), Urgency::Emergency);
    assert!(alarmed.advice.is_some());
    world.finish().await;
}
