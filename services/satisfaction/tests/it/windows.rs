//! Rating windows end once, and a report is told closed only if that round stands.

use auth::Role;
use contract::common::v1::Verdict;
use contract::event::v1 as event;
use contract::satisfaction::v1 as api;
use uuid::Uuid;

use crate::stories::{CITIZEN, resolved, withdrawn};
use crate::world::{DAY, World, id};

async fn complain(world: &World, report: u128) {
    let request = api::SubmitRatingRequest {
        invitation: world.invitation(report, 1).await,
        verdict: Verdict::Unsatisfied.into(),
        request_id: Uuid::from_u128(report).to_string(),
        ..Default::default()
    };
    world.ratings.clone().submit_rating(world.call(Role::Citizen, CITIZEN, request)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_ends_once_and_reopened_superseded_or_withdrawn_rounds_end_silently() {
    let world = World::new().await;
    for report in 1..=4 {
        world.say(report, &resolved(&world, report, 1)).await;
    }
    world.until_idle().await;
    complain(&world, 2).await;
    world.say(4, &withdrawn(4, &world.clock)).await;
    world.clock.advance(DAY * 10);
    world.tell(3, &resolved(&world, 3, 2)).await;
    world.invitation(3, 2).await;
    assert_eq!(world.heard::<event::ReportClosed>(), []);

    world.clock.advance(DAY * 5);
    let closed = world.hear::<event::ReportClosed>(1).await;
    assert_eq!((closed[0].report.as_str(), closed[0].round), (id(1).name().as_str(), 1));
    world.clock.advance(DAY * 10);
    let closed = world.hear::<event::ReportClosed>(2).await;
    assert_eq!((closed[1].report.as_str(), closed[1].round), (id(3).name().as_str(), 2));

    // A later window proves that the job has been round again.
    world.tell(5, &resolved(&world, 5, 1)).await;
    world.clock.advance(DAY * 15);
    world.hear::<event::ReportClosed>(3).await;
    world.until_idle().await;
    let reports: Vec<String> =
        world.heard::<event::ReportClosed>().into_iter().map(|closed| closed.report).collect();
    assert_eq!(reports, [id(1).name(), id(3).name(), id(5).name()]);
    assert_eq!(world.service.audit().await.unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn more_windows_than_a_batch_end_all() {
    let world = World::new().await;
    let said: Vec<_> = (1..=450).map(|report| (report, resolved(&world, report, 1))).collect();
    world.say_all(&said.iter().map(|(report, said)| (*report, said)).collect::<Vec<_>>()).await;
    world.hear::<event::RatingInvited>(450).await;
    world.clock.advance(DAY * 15);
    world.hear::<event::ReportClosed>(450).await;
    world.until_idle().await;
    assert_eq!(world.heard::<event::ReportClosed>().len(), 450);
    assert_eq!(world.service.audit().await.unwrap(), Vec::<String>::new());
}
