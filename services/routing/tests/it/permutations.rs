//! Whatever order events come in, and however often, a report ends in the same state.

use std::time::Duration;

use contract::common::v1 as common;
use contract::event::v1 as event;
use event::Disposition;
use messaging::{Chaos, Envelope};
use province::ClockKind;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use vocabulary::ReportId;

use crate::world::{Report, World, morning, province};

const ROAD: &str = "infrastructure.road";

/// What must not depend on the order: the case, its open assignment, its running clocks. What was begun and ended on the
/// way is history, and so is the round of a report that was withdrawn.
async fn state(world: &World, report: ReportId) -> Vec<String> {
    let database = world.outbox.database();
    let id = match database.backend() {
        DbBackend::Postgres => format!("'{}'", report.0),
        _ => format!("x'{}'", report.0.simple()),
    };
    let queries = [
        "SELECT state || ' ' || CASE state WHEN 'withdrawn' THEN '' ELSE CAST(round AS text) END || ' ' || sequence || ' ' ||
            coalesce(leaf, '') || ' ' || coalesce(access, '') || ' ' || coalesce(commune_code, '') || ' ' ||
            coalesce(code, '') || ' ' || hand_backs AS line FROM cases",
        "SELECT agency || ' ' || round || ' ' || state || ' ' || due_time AS line FROM assignments",
        "SELECT kind || ' ' || round || ' ' || agency || ' ' || due_time AS line FROM clocks",
    ];
    let filters = ["", " AND end_time IS NULL", " AND stop_time IS NULL"];
    let mut lines = Vec::new();
    for (query, filter) in queries.iter().zip(filters) {
        let sql = format!("{query} WHERE report_id = {id}{filter} ORDER BY line");
        let statement = Statement::from_string(database.backend(), sql);
        for row in database.read().query_all_raw(statement).await.expect("rows") {
            lines.push(row.try_get::<String>("", "line").expect("a line"));
        }
    }
    lines
}

fn permutations(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = permutations(count - 1);
    let insert = |order: &Vec<usize>, at: usize| {
        let mut longer = order.clone();
        longer.insert(at, count - 1);
        longer
    };
    shorter.iter().flat_map(|order| (0..count).map(move |at| insert(order, at))).collect()
}

/// Every order of the events that `story` tells about a report, one event or all at once, with every event twice.
async fn every_order_ends_alike(story: impl Fn(&Report) -> Vec<Envelope>) -> Vec<String> {
    let world = World::start().await;
    let mut expected = None;
    let mut number = 0;
    let orders = permutations(story(&Report::new(0)).len());
    for together in [true, false] {
        for order in &orders {
            number += 1;
            let report = Report::new(number);
            let events = story(&report);
            let ordered: Vec<Envelope> = order.iter().map(|index| events[*index].clone()).collect();
            if together {
                world.publish(&ordered).await;
            } else {
                for event in &ordered {
                    world.publish(std::slice::from_ref(event)).await;
                }
            }
            world.publish(&ordered).await;
            let found = state(&world, report.id).await;
            assert!(!found.is_empty());
            assert_eq!(
                *expected.get_or_insert_with(|| found.clone()),
                found,
                "{order:?}, together: {together}"
            );
        }
    }
    assert!(world.outbox.parked().await.expect("parked").is_empty());
    expected.expect("at least one order")
}

#[tokio::test]
async fn routed_then_classified_anew() {
    let end = every_order_ends_alike(|report| {
        vec![
            report.review_requested(1),
            report.classified(2, ROAD, Disposition::Route),
            report.reclassified(3, "security.disorder", Disposition::Route),
        ]
    })
    .await;
    assert!(end[0].starts_with("assigned 1 3 security.disorder"), "{end:?}");
    assert_eq!(end.len(), 3, "{end:?}");
}

#[tokio::test]
async fn asked_twice_and_still_waiting() {
    let end = every_order_ends_alike(|report| {
        let at = |envelope: Envelope, minutes: u64| {
            let time = envelope.time + Duration::from_secs(60 * minutes);
            Envelope { time, ..envelope }
        };
        vec![
            report.review_requested(1),
            at(report.info_requested(2), 10),
            at(report.review_requested(3), 40),
            at(report.info_requested(4), 50),
        ]
    })
    .await;
    let due = province().due(ClockKind::Receive, morning(), &[]).due + Duration::from_secs(30 * 60);
    assert!(end[1].ends_with(&due.micros().to_string()), "{end:?}");
}

#[tokio::test]
async fn returned_and_reopened() {
    let end = every_order_ends_alike(|report| {
        vec![
            report.review_requested(1),
            report.classified(2, ROAD, Disposition::Route),
            report.reclassified(3, "out_of_scope.other", Disposition::Return),
            report.reopened(1),
        ]
    })
    .await;
    assert!(end[0].starts_with("assigned 2 3 out_of_scope.other"), "{end:?}");
}

#[tokio::test]
async fn withdrawn_whenever() {
    let end = every_order_ends_alike(|report| {
        let access = common::Access::Restricted;
        vec![
            report.classified_as(2, "out_of_scope.complaint", Disposition::Return, access, ""),
            report.reopened(1),
            report.withdrawn(),
            report.review_requested(1),
        ]
    })
    .await;
    assert_eq!(end.len(), 1, "{end:?}");
    assert!(end[0].starts_with("withdrawn  2 out_of_scope.complaint"), "{end:?}");
}

#[tokio::test]
async fn a_shuffling_doubling_bus_changes_nothing() {
    let story = |report: &Report| {
        vec![
            report.review_requested(1),
            report.classified(2, ROAD, Disposition::Route),
            report.reclassified(3, "security.disorder", Disposition::Route),
        ]
    };
    let mut ends = Vec::new();
    for chaos in [None, Some(Chaos { seed: 1, duplicate: 0.3 }), Some(Chaos { seed: 2, duplicate: 0.5 })] {
        let world = World::with_chaos(chaos).await;
        let events: Vec<Envelope> = (0..100).flat_map(|n| story(&Report::new(n))).collect();
        world.publish(&events).await;
        let mut states = Vec::new();
        for n in 0..100 {
            states.push(state(&world, Report::new(n).id).await);
        }
        ends.push(states);
    }
    assert!(ends.windows(2).all(|pair| pair[0] == pair[1]));
}
