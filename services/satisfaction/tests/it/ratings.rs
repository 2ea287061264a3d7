//! What the reporter may do with an invitation, and nobody else.

use auth::Role;
use contract::common::v1::{Access, ReportState, Verdict};
use contract::event::v1 as event;
use contract::satisfaction::v1 as api;
use tonic::Code;
use uuid::Uuid;

use crate::stories::{CITIZEN, deferred, rejected, resolved, returned};
use crate::world::{DAY, START, World, id, refusal};

fn request(invitation: &str, verdict: Verdict, number: u128) -> api::SubmitRatingRequest {
    api::SubmitRatingRequest {
        invitation: invitation.to_owned(),
        resolved: verdict != Verdict::Unsatisfied,
        verdict: verdict.into(),
        reasons: Vec::new(),
        comment: String::new(),
        request_id: Uuid::from_u128(number).to_string(),
    }
}

async fn rate(world: &World, request: api::SubmitRatingRequest) -> Result<api::Rating, tonic::Status> {
    let call = world.call(Role::Citizen, CITIZEN, request);
    world.ratings.clone().submit_rating(call).await.map(tonic::Response::into_inner)
}

async fn read(world: &World, name: &str) -> Result<api::Invitation, tonic::Status> {
    let call = world.call(Role::Citizen, CITIZEN, api::GetInvitationRequest { name: name.to_owned() });
    world.ratings.clone().get_invitation(call).await.map(tonic::Response::into_inner)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resolved_report_is_rated_and_the_rating_changed() {
    let world = World::new().await;
    world.tell(1, &resolved(&world, 1, 1)).await;
    let name = world.invitation(1, 1).await;
    let invitation = read(&world, &name).await.unwrap();
    assert_eq!(invitation.report, id(1).name());
    assert_eq!((invitation.round, invitation.ended_as()), (1, ReportState::Resolved));
    assert_eq!(invitation.agency, "agencies/ubnd-32002");
    assert_eq!(invitation.expire_time, crate::stories::at(START + DAY * 15));
    assert_eq!(invitation.rating, None);

    let first = rate(&world, request(&name, Verdict::Acceptable, 1)).await.unwrap();
    assert_eq!((first.revision, first.verdict(), first.reopened), (1, Verdict::Acceptable, false));
    let mut change = request(&name, Verdict::Satisfied, 2);
    change.comment = "  Cảm ơn!  ".to_owned();
    let second = rate(&world, change).await.unwrap();
    assert_eq!((second.revision, second.comment.as_str()), (2, "Cảm ơn!"));
    assert_eq!(read(&world, &name).await.unwrap().rating, Some(second));

    let told = world.hear::<event::RatingSubmitted>(2).await;
    assert_eq!(told.iter().map(|told| told.revision).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(told[1].verdict(), Verdict::Satisfied);
    assert_eq!(world.service.audit().await.unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn dissatisfaction_reopens_once_per_round_until_the_rounds_are_used_up() {
    let world = World::new().await;
    for round in 1..=3 {
        world.tell(1, &resolved(&world, 1, round)).await;
        let name = world.invitation(1, round).await;
        let number = u128::try_from(round).unwrap() * 10;
        let mut angry = request(&name, Verdict::Unsatisfied, number);
        angry.reasons = vec![api::DissatisfactionReason::GenericAnswer.into(); 2];
        let rating = rate(&world, angry).await.unwrap();
        assert_eq!(rating.reopened, round < 3, "round {round}");
        assert_eq!(rating.reasons, [i32::from(api::DissatisfactionReason::GenericAnswer)]);
        let again = rate(&world, request(&name, Verdict::Unsatisfied, number + 1)).await.unwrap();
        assert!(!again.reopened);
    }
    world.hear::<event::RatingSubmitted>(6).await;
    let reopened = world.hear::<event::ReportReopened>(2).await;
    assert_eq!(reopened.iter().map(|reopened| reopened.round).collect::<Vec<_>>(), [1, 2]);
    let late = world.invitation(1, 1).await;
    let stale = rate(&world, request(&late, Verdict::Unsatisfied, 99)).await.unwrap();
    assert!(!stale.reopened, "a round that was followed by another is not reopened");
    assert_eq!(world.service.audit().await.unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn everyone_is_asked_but_only_answers_of_agencies_are_reopened() {
    let world = World::new().await;
    world.say(1, &deferred(&world, 1, 1)).await;
    world.say(2, &returned(&world, 2, Access::Quarantine)).await;
    world.tell(3, &rejected(&world, 3)).await;
    let expected = [ReportState::AnsweredDeferred, ReportState::Returned, ReportState::Rejected]
        .into_iter()
        .zip([true, false, false]);
    for (report, (ended_as, reopens)) in (1_u128..).zip(expected) {
        let name = world.invitation(report, 1).await;
        assert_eq!(read(&world, &name).await.unwrap().ended_as(), ended_as);
        let rating = rate(&world, request(&name, Verdict::Unsatisfied, report)).await.unwrap();
        assert_eq!(rating.reopened, reopens, "{ended_as:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_gets_the_first_answer_and_has_one_effect() {
    let world = World::new().await;
    world.tell(1, &resolved(&world, 1, 1)).await;
    let name = world.invitation(1, 1).await;
    let first = rate(&world, request(&name, Verdict::Unsatisfied, 1)).await.unwrap();
    let calls = (0..20).map(|_| rate(&world, request(&name, Verdict::Unsatisfied, 1)));
    for answer in futures::future::join_all(calls).await {
        assert_eq!(answer.unwrap(), first);
    }
    let other = rate(&world, request(&name, Verdict::Satisfied, 1)).await;
    assert_eq!(refusal(other), (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned()));
    world.clock.advance(DAY * 30);
    assert_eq!(
        rate(&world, request(&name, Verdict::Unsatisfied, 1)).await.unwrap(),
        first,
        "also after the window"
    );
    world.hear::<event::RatingSubmitted>(1).await;
    world.until_idle().await;
    assert_eq!(world.heard::<event::RatingSubmitted>().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_ratings_become_revisions_without_gaps() {
    let world = World::new().await;
    world.tell(1, &resolved(&world, 1, 1)).await;
    let name = world.invitation(1, 1).await;
    let calls = (1..=20).map(|number| rate(&world, request(&name, Verdict::Unsatisfied, number)));
    let answers = futures::future::join_all(calls).await;
    let mut revisions: Vec<i32> = answers.iter().map(|answer| answer.as_ref().unwrap().revision).collect();
    revisions.sort_unstable();
    assert_eq!(revisions, (1..=20).collect::<Vec<_>>());
    assert_eq!(answers.iter().filter(|answer| answer.as_ref().unwrap().reopened).count(), 1);
    assert_eq!(world.service.audit().await.unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_the_reporter_learns_that_an_invitation_exists() {
    let world = World::new().await;
    world.tell(1, &resolved(&world, 1, 1)).await;
    let name = world.invitation(1, 1).await;
    let denied = (Code::PermissionDenied, "PERMISSION_DENIED_OR_MISSING".to_owned());
    let missing = format!("invitations/{}", Uuid::from_u128(77));
    for role in Role::ALL {
        for subject in [CITIZEN, "citizen-2"] {
            let own = subject == CITIZEN && matches!(role, Role::Citizen | Role::Assistant);
            for name in [name.as_str(), missing.as_str(), "invitations/x", ""] {
                if own && name.len() == missing.len() && name != missing {
                    continue;
                }
                let get = world.call(*role, subject, api::GetInvitationRequest { name: name.to_owned() });
                assert_eq!(refusal(world.ratings.clone().get_invitation(get).await), denied, "{role} {name}");
                // Wrong in every field: the right is asked before the content.
                let wrong = api::SubmitRatingRequest { invitation: name.to_owned(), ..Default::default() };
                let submit = world.call(*role, subject, wrong);
                assert_eq!(
                    refusal(world.ratings.clone().submit_rating(submit).await),
                    denied,
                    "{role} {name}"
                );
            }
        }
    }
    let anonymous = world.ratings.clone().get_invitation(api::GetInvitationRequest { name }).await;
    assert_eq!(refusal(anonymous).0, Code::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named() {
    let world = World::new().await;
    world.tell(1, &resolved(&world, 1, 1)).await;
    let name = world.invitation(1, 1).await;
    let good = request(&name, Verdict::Satisfied, 1);
    let slow = i32::from(api::DissatisfactionReason::Slow);
    let cases = [
        (api::SubmitRatingRequest { verdict: 0, ..good.clone() }, "VERDICT_REQUIRED"),
        (api::SubmitRatingRequest { verdict: 9, ..good.clone() }, "VERDICT_REQUIRED"),
        (api::SubmitRatingRequest { verdict: -1, ..good.clone() }, "VERDICT_REQUIRED"),
        (api::SubmitRatingRequest { reasons: vec![slow], ..good.clone() }, "REASON_UNKNOWN"),
        (api::SubmitRatingRequest { verdict: 3, reasons: vec![0], ..good.clone() }, "REASON_UNKNOWN"),
        (api::SubmitRatingRequest { verdict: 3, reasons: vec![slow, 7], ..good.clone() }, "REASON_UNKNOWN"),
        (api::SubmitRatingRequest { comment: "ă".repeat(1_001), ..good.clone() }, "TEXT_TOO_LONG"),
        (api::SubmitRatingRequest { comment: "tệ\0".to_owned(), ..good.clone() }, "TEXT_UNREADABLE"),
        (api::SubmitRatingRequest { request_id: String::new(), ..good.clone() }, "REQUEST_ID_INVALID"),
        (
            api::SubmitRatingRequest { request_id: Uuid::nil().to_string(), ..good.clone() },
            "REQUEST_ID_INVALID",
        ),
    ];
    for (wrong, reason) in cases {
        assert_eq!(refusal(rate(&world, wrong).await), (Code::InvalidArgument, reason.to_owned()));
    }
    assert_eq!(rate(&world, good).await.unwrap().revision, 1, "no refused request has left anything");
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_end_for_changes_and_for_ratings() {
    let world = World::new().await;
    world.say(1, &resolved(&world, 1, 1)).await;
    world.tell(2, &resolved(&world, 2, 1)).await;
    let (rated, unrated) = (world.invitation(1, 1).await, world.invitation(2, 1).await);
    rate(&world, request(&rated, Verdict::Satisfied, 1)).await.unwrap();
    world.clock.advance(DAY * 7);
    let late = rate(&world, request(&rated, Verdict::Acceptable, 2)).await;
    assert_eq!(refusal(late), (Code::FailedPrecondition, "REVISION_CLOSED".to_owned()));
    world.clock.advance(DAY * 8);
    let late = rate(&world, request(&unrated, Verdict::Acceptable, 3)).await;
    assert_eq!(refusal(late), (Code::FailedPrecondition, "RATING_CLOSED".to_owned()));
}
