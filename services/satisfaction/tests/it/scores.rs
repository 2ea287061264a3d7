//! Scores as their readers get them.

use auth::Role;
use contract::common::v1::{Access, Verdict};
use contract::event::v1 as event;
use contract::satisfaction::v1 as api;
use contract::satisfaction::v1::{Disclosure, ScoreDimension};
use tonic::Code;
use uuid::Uuid;

use crate::stories::{CITIZEN, at, closing, resolved_with};
use crate::world::{DAY, HOUR, START, World, refusal};

/// Closes `closed` reports of an agency in its own commune; the first ones are rated as given.
async fn agency(world: &World, number: u128, closed: u128, verdicts: &[(Verdict, u128)]) {
    let said: Vec<_> = (1..=closed)
        .map(|n| {
            let report = number * 1_000 + n;
            let mut closing = closing(world, report, 1);
            closing.agency = format!("agencies/agency-{number}");
            closing.commune_code = format!("3200{number}");
            closing.access = Access::Ordinary.into();
            (report, resolved_with(report, closing))
        })
        .collect();
    world.say_all(&said.iter().map(|(report, said)| (*report, said)).collect::<Vec<_>>()).await;
    let verdicts = verdicts.iter().flat_map(|(verdict, count)| (0..*count).map(|_| *verdict));
    for (verdict, (report, _)) in verdicts.zip(&said) {
        let request = api::SubmitRatingRequest {
            invitation: world.invitation(*report, 1).await,
            verdict: verdict.into(),
            request_id: Uuid::from_u128(*report).to_string(),
            ..Default::default()
        };
        world.ratings.clone().submit_rating(world.call(Role::Citizen, CITIZEN, request)).await.unwrap();
    }
}

fn list(dimension: ScoreDimension) -> api::ListScoresRequest {
    api::ListScoresRequest { dimension: dimension.into(), ..Default::default() }
}

async fn listed(
    world: &World,
    request: api::ListScoresRequest,
) -> Result<api::ListScoresResponse, tonic::Status> {
    let call = world.call(Role::Public, "anybody", request);
    world.scores.clone().list_scores(call).await.map(tonic::Response::into_inner)
}

async fn read(world: &World, dimension: ScoreDimension, subject: &str) -> api::Score {
    let request = api::GetScoreRequest {
        dimension: dimension.into(),
        subject: subject.to_owned(),
        ..Default::default()
    };
    world
        .scores
        .clone()
        .get_score(world.call(Role::ScoreConsumer, "ioc", request))
        .await
        .unwrap()
        .into_inner()
}

fn outline(scores: &[api::Score]) -> Vec<(&str, Disclosure, i32)> {
    scores.iter().map(|score| (score.subject.as_str(), score.disclosure(), score.rank)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn scores_tell_how_sure_they_are_and_hide_the_small() {
    let world = World::new().await;
    agency(&world, 1, 40, &[(Verdict::Satisfied, 27), (Verdict::Acceptable, 2), (Verdict::Unsatisfied, 1)])
        .await;
    agency(&world, 2, 12, &[(Verdict::Satisfied, 9), (Verdict::Acceptable, 1)]).await;
    agency(&world, 3, 9, &[(Verdict::Satisfied, 4)]).await;
    agency(&world, 4, 7, &[(Verdict::Satisfied, 6)]).await;

    let scores = listed(&world, list(ScoreDimension::Agency)).await.unwrap().scores;
    assert_eq!(
        outline(&scores),
        [
            ("agencies/agency-1", Disclosure::Ranked, 1),
            ("agencies/agency-2", Disclosure::Unranked, 0),
            ("agencies/agency-3", Disclosure::Hidden, 0),
            ("agencies/agency-4", Disclosure::Hidden, 0),
        ]
    );
    let first = &scores[0];
    assert_eq!((first.closed, first.asked, first.answered), (40, 40, 30));
    assert!((first.response_rate - 0.75).abs() < 1e-12);
    let satisfied = first.satisfied.unwrap();
    assert!((satisfied.value - 0.9).abs() < 1e-12);
    assert_eq!(((satisfied.lower * 100.0).round(), (satisfied.upper * 100.0).round()), (74.0, 97.0));
    assert!((first.at_least_acceptable.unwrap().value - 29.0 / 30.0).abs() < 1e-12);
    // The province: 46 of 50 satisfied.
    assert!((first.shrunken_satisfied - (25.0 * 46.0 / 50.0 + 27.0) / 55.0).abs() < 1e-12);
    assert!((first.on_time - 1.0).abs() < 1e-12);
    assert!((first.median_hours - 3.0).abs() < 0.4, "{}", first.median_hours);
    assert!((first.reopened - 1.0 / 40.0).abs() < 1e-12);
    assert_eq!(first.method_version, world.platform.province.policies.scores.method_version);

    for score in &scores {
        assert_eq!(
            &read(&world, ScoreDimension::Agency, &score.subject).await,
            score,
            "one by one as in the list"
        );
    }
    let hidden = &scores[2];
    let unknown = read(&world, ScoreDimension::Agency, "agencies/nobody").await;
    let bare = api::Score { subject: unknown.subject.clone(), ..hidden.clone() };
    assert_eq!(unknown, bare, "hidden and unknown look alike");
    assert_eq!((hidden.closed, hidden.answered, hidden.satisfied), (0, 0, None));

    let whole = read(&world, ScoreDimension::Province, "province").await;
    assert_eq!((whole.closed, whole.answered, whole.disclosure()), (68, 50, Disclosure::Ranked));
    assert_eq!(read(&world, ScoreDimension::Field, "infrastructure").await.answered, 50);
    assert_eq!(read(&world, ScoreDimension::Commune, "32001").await.answered, 30);
    assert_eq!(world.service.audit().await.unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_period_is_made_of_whole_local_days() {
    let world = World::new().await;
    agency(&world, 1, 6, &[(Verdict::Satisfied, 6)]).await;
    world.clock.advance(DAY * 40);
    agency(&world, 2, 7, &[(Verdict::Satisfied, 7)]).await;
    let closed = async |start, end| {
        let request = api::GetScoreRequest {
            dimension: ScoreDimension::Province.into(),
            subject: "province".to_owned(),
            start_time: start,
            end_time: end,
        };
        let call = world.call(Role::Supervisor, "leader", request);
        world.scores.clone().get_score(call).await.map(|score| score.into_inner().closed)
    };
    assert_eq!(closed(None, None).await.unwrap(), 13);
    // 10:00 local time: the whole day counts, from 17:00 UTC of the day before.
    assert_eq!(closed(at(START + HOUR), at(START + HOUR * 2)).await.unwrap(), 6);
    assert_eq!(closed(at(START - HOUR * 20), at(START - HOUR * 10)).await.unwrap(), 0);
    assert_eq!(closed(at(START + HOUR * 14), None).await.unwrap(), 7);
    assert_eq!(closed(None, at(START + DAY * 39)).await.unwrap(), 6);
    let invalid = (Code::InvalidArgument, "PERIOD_INVALID".to_owned());
    let outside = Some(prost_types::Timestamp { seconds: i64::MAX, nanos: 0 });
    for (start, end) in
        [(at(START), at(START)), (at(START + DAY), at(START)), (outside, None), (None, outside)]
    {
        assert_eq!(refusal(closed(start, end).await), invalid);
    }
    let (first, last) = (Some(prost_types::Timestamp { seconds: -62_135_596_800, nanos: 0 }), at(START));
    assert_eq!(closed(first, last).await.unwrap(), 6);
    let end = Some(prost_types::Timestamp { seconds: 253_402_300_799, nanos: 999_999_999 });
    assert_eq!(closed(at(START), end).await.unwrap(), 13);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_continue_for_their_caller_and_list_only() {
    let world = World::new().await;
    for number in 1..=7 {
        agency(&world, number, 5 + number, &[(Verdict::Satisfied, 5), (Verdict::Acceptable, number)]).await;
    }
    let all = listed(&world, list(ScoreDimension::Agency)).await.unwrap();
    assert_eq!((all.scores.len(), all.next_page_token.as_str()), (7, ""));
    let mut request = api::ListScoresRequest { page_size: 3, ..list(ScoreDimension::Agency) };
    let mut paged = Vec::new();
    let mut tokens = Vec::new();
    loop {
        let page = listed(&world, request.clone()).await.unwrap();
        paged.extend(page.scores);
        if page.next_page_token.is_empty() {
            break;
        }
        tokens.push(page.next_page_token.clone());
        request.page_token = page.next_page_token;
    }
    assert_eq!((paged, tokens.len()), (all.scores, 2));

    let invalid = (Code::InvalidArgument, "PAGE_TOKEN_INVALID".to_owned());
    let other = api::ListScoresRequest { page_token: tokens[0].clone(), ..list(ScoreDimension::Commune) };
    assert_eq!(refusal(listed(&world, other).await), invalid);
    let mine = api::ListScoresRequest { page_token: tokens[0].clone(), ..list(ScoreDimension::Agency) };
    let stranger = world.scores.clone().list_scores(world.call(Role::Public, "somebody-else", mine)).await;
    assert_eq!(refusal(stranger), invalid);
    let garbage = api::ListScoresRequest { page_token: "x".repeat(9_000), ..list(ScoreDimension::Agency) };
    assert_eq!(refusal(listed(&world, garbage).await), invalid);
    let negative = api::ListScoresRequest { page_size: -1, ..list(ScoreDimension::Agency) };
    assert_eq!(refusal(listed(&world, negative).await).0, Code::InvalidArgument);
    for dimension in [0, 9, -1] {
        let unknown = api::ListScoresRequest { dimension, ..Default::default() };
        assert_eq!(
            refusal(listed(&world, unknown).await),
            (Code::InvalidArgument, "ENUM_UNKNOWN".to_owned())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_rating_moves_the_score_of_the_day_of_its_closing() {
    let world = World::new().await;
    agency(&world, 1, 6, &[(Verdict::Unsatisfied, 6)]).await;
    world.hear::<event::ReportReopened>(6).await;
    world.clock.advance(DAY * 3);
    let request = api::SubmitRatingRequest {
        invitation: world.invitation(1_001, 1).await,
        verdict: Verdict::Satisfied.into(),
        request_id: Uuid::from_u128(5).to_string(),
        ..Default::default()
    };
    world.ratings.clone().submit_rating(world.call(Role::Citizen, CITIZEN, request)).await.unwrap();
    let first_day = api::GetScoreRequest {
        dimension: ScoreDimension::Agency.into(),
        subject: "agencies/agency-1".to_owned(),
        start_time: at(START),
        end_time: at(START + HOUR),
    };
    let score = world.scores.clone().get_score(world.call(Role::Public, "anybody", first_day)).await.unwrap();
    let score = score.into_inner();
    assert_eq!((score.answered, score.closed), (6, 6));
    assert!((score.satisfied.unwrap().value - 1.0 / 6.0).abs() < 1e-12);
    assert!((score.reopened - 1.0).abs() < 1e-12, "what was sent back stays sent back");
    assert_eq!(world.service.audit().await.unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_score_is_at_most_as_old_as_configured() {
    let world = World::with(None, HOUR).await;
    agency(&world, 1, 6, &[(Verdict::Satisfied, 6)]).await;
    let answered = async || read(&world, ScoreDimension::Province, "province").await.answered;
    assert_eq!(answered().await, 6);
    agency(&world, 2, 6, &[(Verdict::Satisfied, 6)]).await;
    assert_eq!(answered().await, 6);
    world.clock.advance(HOUR);
    assert_eq!(answered().await, 12);
}
