//! Events in any order and number end in the same state.

use std::time::Duration;

use auth::Role;
use contract::Event as _;
use contract::common::v1::Access;
use contract::event::v1 as event;
use contract::satisfaction::v1 as api;
use messaging::Chaos;

use crate::stories::{CITIZEN, closing, resolved, resolved_with, returned, withdrawn};
use crate::world::{START, World, eventually, id};

async fn province(world: &World) -> api::Score {
    let request = api::GetScoreRequest {
        dimension: api::ScoreDimension::Province.into(),
        subject: "province".to_owned(),
        ..Default::default()
    };
    world.scores.clone().get_score(world.call(Role::Public, "anybody", request)).await.unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_round_may_arrive_before_the_first() {
    let world = World::new().await;
    world.tell(1, &resolved(&world, 1, 2)).await;
    world.tell(1, &resolved(&world, 1, 1)).await;
    let invited = world.hear::<event::RatingInvited>(2).await;
    assert_eq!(invited.iter().map(|invited| invited.round).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(world.service.audit().await.unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cause_of_an_invitation_is_its_closing() {
    let world = World::new().await;
    world.tell(1, &resolved(&world, 1, 1)).await;
    world.hear::<event::RatingInvited>(1).await;
    let envelope = world.envelopes().remove(0);
    assert_eq!(envelope.event_type, event::RatingInvited::TYPE);
    assert_eq!((envelope.report, envelope.sequence, envelope.time), (id(1), 1, START));
    assert!(envelope.cause.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_and_shuffled_events_invite_once() {
    let world = World::with(Some(Chaos { seed: 11, duplicate: 0.5 }), Duration::ZERO).await;
    let said: Vec<_> = (1..=60).flat_map(|report| (1..=3).map(move |round| (report, round))).collect();
    let said: Vec<_> =
        said.iter().map(|(report, round)| (*report, resolved(&world, *report, *round))).collect();
    world.say_all(&said.iter().map(|(report, said)| (*report, said)).collect::<Vec<_>>()).await;
    let taken_back: Vec<_> = (1..=20).map(|report| (report, withdrawn(report, &world.clock))).collect();
    world.say_all(&taken_back.iter().map(|(report, said)| (*report, said)).collect::<Vec<_>>()).await;
    world.until_idle().await;
    eventually("120 others are invited", async || {
        let invited = world.heard::<event::RatingInvited>();
        invited.iter().filter(|invited| invited.report > id(20).name()).count() == 120
    })
    .await;
    let mut invited: Vec<(String, i32)> = world
        .heard::<event::RatingInvited>()
        .into_iter()
        .map(|invited| (invited.report, invited.round))
        .collect();
    invited.sort();
    let all = invited.len();
    invited.dedup();
    assert_eq!(invited.len(), all, "nobody is invited twice for the same round");
    assert_eq!(world.outbox.parked().await.unwrap(), []);
    assert_eq!(world.service.audit().await.unwrap(), Vec::<String>::new());
}

/// Every order of the elements.
fn permutations<T: Clone>(elements: &[T]) -> Vec<Vec<T>> {
    if elements.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for index in 0..elements.len() {
        let mut rest = elements.to_vec();
        let first = rest.remove(index);
        all.extend(permutations(&rest).into_iter().map(|tail| [vec![first.clone()], tail].concat()));
    }
    all
}

#[derive(Clone, Copy)]
enum Said {
    Resolved(i32),
    Withdrawn,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_of_events_ends_in_the_same_rows() {
    let world = World::new().await;
    // Each order is told about a report of its own; `Resolved(1)` comes twice, as an event of its own each time.
    let said = [Said::Resolved(1), Said::Resolved(1), Said::Resolved(2), Said::Withdrawn];
    let orders = permutations(&said);
    for step in 0..said.len() {
        for (report, order) in (1_u128..).zip(&orders) {
            match order[step] {
                Said::Resolved(round) => world.say(report, &resolved(&world, report, round)).await,
                Said::Withdrawn => world.say(report, &withdrawn(report, &world.clock)).await,
            }
        }
        world.until_idle().await;
    }
    assert_eq!(world.outbox.parked().await.unwrap(), []);
    let rows = world
        .rows("SELECT standing, round, revision, reopened, ended_as FROM invitations ORDER BY report, round")
        .await;
    assert_eq!(rows.len(), orders.len() * 2);
    assert!(rows.chunks(2).all(|of_report| of_report == &rows[..2]), "{rows:#?}");
    assert!(rows[0].starts_with("withdrawn"), "{rows:#?}");
    let whole = world
        .rows("SELECT CAST(SUM(closed) AS bigint), CAST(SUM(asked) AS bigint) FROM score_facts WHERE dimension = 'field' AND span = 'day'")
        .await;
    assert_eq!(whole, [format!("{} 0", orders.len() * 2)]);
    assert_eq!(world.service.audit().await.unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_before_after_or_without_a_closing_ends_alike() {
    let mut ends = Vec::new();
    for withdrawal_first in [true, false] {
        let world = World::new().await;
        if withdrawal_first {
            world.tell(1, &withdrawn(1, &world.clock)).await;
            world.tell(1, &resolved(&world, 1, 1)).await;
        } else {
            world.tell(1, &resolved(&world, 1, 1)).await;
            let name = world.invitation(1, 1).await;
            world.tell(1, &withdrawn(1, &world.clock)).await;
            let request = api::SubmitRatingRequest {
                invitation: name,
                verdict: 1,
                request_id: uuid::Uuid::from_u128(1).to_string(),
                ..Default::default()
            };
            let answer =
                world.ratings.clone().submit_rating(world.call(Role::Citizen, CITIZEN, request)).await;
            assert_eq!(crate::world::refusal(answer).1, "RATING_CLOSED");
        }
        world.tell(2, &withdrawn(2, &world.clock)).await;
        assert_eq!(world.service.audit().await.unwrap(), Vec::<String>::new());
        assert_eq!(world.outbox.parked().await.unwrap(), []);
        ends.push(province(&world).await);
    }
    assert_eq!(ends[0], ends[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_understood_or_contradicts_is_parked_and_harms_no_other() {
    let world = World::new().await;
    let good = closing(&world, 1, 1);
    let broken = [
        event::Closing { round: 0, ..good.clone() },
        event::Closing { agency: "ubnd-32002".to_owned(), ..good.clone() },
        event::Closing { leaf: String::new(), ..good.clone() },
        event::Closing { access: 0, ..good.clone() },
        event::Closing { commune_code: "x".to_owned(), ..good.clone() },
        event::Closing { close_time: None, ..good.clone() },
        event::Closing { reporter_proof: vec![1; 31].into(), ..good.clone() },
    ];
    let mut said: Vec<_> = broken.into_iter().map(|closing| resolved_with(9, closing)).collect();
    said.push(event::ReportResolved { closing: None, ..resolved(&world, 9, 1) });
    said.push(resolved(&world, 1, 1));
    said.push(resolved(&world, 1, 1));
    said.push(resolved_with(1, event::Closing { agency: "agencies/so-xay-dung".to_owned(), ..good }));
    world
        .say_all(
            &said
                .iter()
                .map(|said| (if said.report == id(1).name() { 1 } else { 9 }, said))
                .collect::<Vec<_>>(),
        )
        .await;
    world.until_idle().await;
    world.invitation(1, 1).await;
    let reasons: Vec<String> =
        world.outbox.parked().await.unwrap().into_iter().map(|parked| parked.reason).collect();
    assert_eq!(reasons.len(), 9, "{reasons:#?}");
    let contradicted = |reason: &String| reason.contains("closed before with other facts");
    assert_eq!(reasons.iter().filter(|reason| contradicted(reason)).count(), 1, "{reasons:#?}");
    assert_eq!(world.heard::<event::RatingInvited>().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn secret_reports_are_asked_but_count_nowhere() {
    let world = World::new().await;
    for report in 1..=10 {
        world.say(report, &returned(&world, report, Access::Quarantine)).await;
    }
    world.until_idle().await;
    world.hear::<event::RatingInvited>(10).await;
    let request =
        api::ListScoresRequest { dimension: api::ScoreDimension::Agency.into(), ..Default::default() };
    let listed =
        world.scores.clone().list_scores(world.call(Role::Public, "anybody", request)).await.unwrap();
    assert_eq!(listed.into_inner().scores, []);
}
