//! Clocks that run down are told about, each once.

use std::time::Duration;

use contract::event::v1 as event;
use event::Disposition;
use messaging::Envelope;
use province::ClockKind;
use runtime::wire::timestamp;

use crate::journeys::answer;
use crate::world::{Report, World, morning, province};

const ROAD: &str = "infrastructure.road";

/// Moves the clock to just after `at` and lets the service look.
async fn go_to(world: &World, at: vocabulary::Timestamp) {
    world.clock.advance(at.since(world.clock.now()) + Duration::from_micros(1));
    world.service.look_at_clocks();
    world.rest().await;
}

#[tokio::test]
async fn an_agency_is_warned_once_and_its_miss_is_told_once() {
    let world = World::start().await;
    let report = Report::new(1);
    world.publish(&[report.classified(1, ROAD, Disposition::Route)]).await;
    let assigned: event::ReportAssigned = world.wait_for(1).await;
    let due = province().due(ClockKind::Respond, morning(), &[]);
    go_to(&world, due.due_soon).await;
    let approaching: event::DeadlineApproaching = world.wait_for(1).await;
    assert_eq!((approaching.clock(), &approaching.agency), (event::ClockKind::Respond, &assigned.agency));
    assert_eq!(approaching.due_time, Some(timestamp(due.due)));
    go_to(&world, due.due).await;
    world.wait_for::<event::DeadlineMissed>(1).await;
    assert!(world.assignment_of(report.id).await.overdue);
    // A later look tells about another report, and about this one nothing more.
    let other = Report::new(5);
    world.publish(&[other.classified(1, ROAD, Disposition::Route)]).await;
    let assignment = world.assignment_of(other.id).await;
    let due = runtime::wire::parse_timestamp("due", assignment.due_time).expect("an instant");
    go_to(&world, due).await;
    world.until("another miss", async || world.told::<event::DeadlineMissed>().len() >= 2).await;
    let of_first =
        world.told::<event::DeadlineMissed>().into_iter().filter(|missed| missed.report == report.id.name());
    assert_eq!((of_first.count(), world.told::<event::DeadlineApproaching>().len()), (1, 1));
}

#[tokio::test]
async fn a_report_that_waits_for_a_person_is_on_the_first_clock() {
    let world = World::start().await;
    let report = Report::new(2);
    world.publish(&[report.review_requested(1)]).await;
    let due = province().due(ClockKind::Receive, morning(), &[]);
    go_to(&world, due.due_soon).await;
    let approaching: event::DeadlineApproaching = world.wait_for(1).await;
    assert_eq!(approaching.clock(), event::ClockKind::Receive);
    assert_eq!(approaching.agency, province().profile.coordinating_agency.name());
    // Distributed too late: the miss is told although nobody looked in between.
    world.clock.advance(due.due.since(world.clock.now()) + Duration::from_secs(1));
    world.publish(&[report.classified(2, ROAD, Disposition::Route)]).await;
    let missed: event::DeadlineMissed = world.wait_for(1).await;
    assert_eq!((missed.clock(), missed.due_time), (event::ClockKind::Receive, Some(timestamp(due.due))));
}

#[tokio::test]
async fn while_the_reporter_is_asked_the_first_clock_stands_still() {
    let world = World::start().await;
    let report = Report::new(6);
    let hour = Duration::from_secs(3_600);
    let told_now = |envelope: Envelope| Envelope { time: world.clock.now(), ..envelope };
    world.publish(&[report.review_requested(1)]).await;
    world.clock.advance(hour);
    world.publish(&[told_now(report.info_requested(2))]).await;
    let due = province().due(ClockKind::Receive, morning(), &[]);
    go_to(&world, due.due).await;
    world.clock.advance(24 * hour);
    world.service.look_at_clocks();
    world.rest().await;
    assert_eq!(world.told::<event::DeadlineMissed>(), [], "nothing is missed meanwhile");
    let asked = morning() + hour;
    let waited = world.clock.now().since(asked);
    world.publish(&[told_now(report.review_requested(3))]).await;
    go_to(&world, due.due_soon + waited).await;
    let approaching: event::DeadlineApproaching = world.wait_for(1).await;
    assert_eq!(approaching.due_time, Some(timestamp(due.due + waited)));
    go_to(&world, due.due + waited).await;
    world.wait_for::<event::DeadlineMissed>(1).await;
}

#[tokio::test]
async fn an_answered_report_is_never_missed() {
    let world = World::start().await;
    let report = Report::new(3);
    world.publish(&[report.classified(1, ROAD, Disposition::Route)]).await;
    answer(&world, &report).await;
    let other = Report::new(4);
    world.publish(&[other.classified(1, ROAD, Disposition::Route)]).await;
    let due = province().due(ClockKind::Respond, morning(), &[]);
    go_to(&world, due.due).await;
    let missed: event::DeadlineMissed = world.wait_for(1).await;
    assert_eq!(missed.report, other.id.name());
}

#[tokio::test]
async fn more_clocks_than_a_batch_are_all_told() {
    let world = World::start().await;
    let events: Vec<_> =
        (0..450).map(|n| Report::new(100 + n).classified(1, ROAD, Disposition::Route)).collect();
    world.publish(&events).await;
    let due = province().due(ClockKind::Respond, morning(), &[]);
    go_to(&world, due.due).await;
    world.wait_for::<event::DeadlineMissed>(450).await;
}
