//! The life of a report, from the citizen's first word to the score of its agency.

use contract::common::v1::{Outcome, ReportState, Verdict};
use contract::satisfaction::v1::{GetScoreRequest, ScoreDimension};
use harness::{World, kinds, photo, repaired, report, text, verify_timeline};

#[tokio::test]
async fn a_report_is_assigned_answered_rated_and_counted() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let created = citizen.create(&report(text::ROAD)).await.expect("taken");
    assert_eq!(created.state(), ReportState::Submitted);
    assert!(created.code.starts_with("CM-"), "{}", created.code);

    let waiting = citizen.until(&created.name, "assigned", |r| r.state() == ReportState::Assigned).await;
    assert_eq!((waiting.leaf.as_str(), waiting.agency.as_str()), ("infrastructure.road", "agencies/ubnd-32025"));
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
