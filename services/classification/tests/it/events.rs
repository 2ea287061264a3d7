//! Events arrive in any order, twice, broken: the state that results is the same.

use contract::classification::v1::Review;
use contract::event::v1::{ReportClassified, ReportSubmitted, ReviewRequested};
use messaging::{Chaos, Envelope};
use vocabulary::ReportId;

use crate::pack::PACK;
use crate::triage::classification;
use crate::world::{World, event, handed_back, report, route_missing, submitted, withdrawn};

/// What can be seen of a report in the end; names of reviews and times of opening differ from order to order.
async fn visible(world: &World, report: ReportId) -> (Option<String>, Vec<Review>) {
    let stored = classification(world, auth::Role::ClearedOfficer, report).await;
    let mut open = world.queue().await;
    open.retain(|review| review.report == report.name());
    for review in &mut open {
        (review.name, review.report, review.create_time) = (String::new(), String::new(), None);
        review.etag.clear();
    }
    (stored.ok().map(|stored| stored.leaf), open)
}

fn orders(events: &[Envelope]) -> Vec<Vec<Envelope>> {
    let Some((first, rest)) = events.split_first() else { return vec![Vec::new()] };
    let mut all = Vec::new();
    for order in orders(rest) {
        for at in 0..=order.len() {
            let mut longer = order.clone();
            longer.insert(at, first.clone());
            all.push(longer);
        }
    }
    all
}

#[tokio::test]
async fn every_order_of_events_ends_alike() {
    type History = fn(ReportId) -> Vec<Envelope>;
    let histories: [(&str, History); 4] = [
        ("sure and handed back", |r| {
            vec![
                submitted(r, &PACK.texts.sure),
                handed_back(r, 1, "một"),
                route_missing(r, 2, "NO_MATRIX_ROW"),
            ]
        }),
        ("doubtful and outside", |r| {
            vec![submitted(r, &PACK.texts.doubtful), route_missing(r, 1, "OUTSIDE_PROVINCE")]
        }),
        ("withdrawn", |r| vec![submitted(r, &PACK.texts.doubtful), withdrawn(r), handed_back(r, 1, "một")]),
        ("all", |r| {
            vec![
                submitted(r, &PACK.texts.sure),
                handed_back(r, 1, "một"),
                handed_back(r, 2, "hai"),
                route_missing(r, 3, "OUTSIDE_PROVINCE"),
            ]
        }),
    ];
    let world = World::new().await;
    let mut number = 0;
    for (name, history) in histories {
        let mut expected = None;
        for order in orders(&history(report(1))) {
            number += 1;
            let now = history(report(1_000 + number));
            let twins = order.iter().filter_map(|event| {
                now.iter().find(|twin| twin.sequence == event.sequence && twin.source == event.source)
            });
            // One batch with a duplicate, or one by one: both must do.
            let mut events: Vec<Envelope> = twins.cloned().collect();
            events.push(events[0].clone());
            if number % 2 == 0 {
                world.tell(&events).await;
            } else {
                for event in events {
                    world.tell(&[event]).await;
                }
            }
            let seen = visible(&world, report(1_000 + number)).await;
            assert_eq!(expected.get_or_insert(seen.clone()), &seen, "{name}");
        }
    }
}

#[tokio::test]
async fn duplicates_and_disorder_on_the_bus_publish_everything_once() {
    let world = World::with_chaos(Some(Chaos { seed: 11, duplicate: 0.5 })).await;
    let texts = [&PACK.texts.sure, &PACK.texts.doubtful];
    let events: Vec<Envelope> =
        (1..=300_u128).map(|n| submitted(report(n), texts[(n % 2) as usize])).collect();
    world.tell(&events).await;
    assert_eq!(world.heard::<ReportClassified>().len(), 150);
    assert_eq!(world.heard::<ReviewRequested>().len(), 150);
    assert_eq!(world.outbox.parked().await.unwrap(), []);
}

#[tokio::test]
async fn what_cannot_be_understood_is_parked_and_hinders_nobody() {
    let world = World::new().await;
    let mut garbage = submitted(report(1), "x");
    garbage.body = vec![0xff; 9].into();
    let empty = event("intake", report(2), 1, &ReportSubmitted { report: None });
    let foreign = Envelope { report: report(3), ..submitted(report(4), &PACK.texts.sure) };
    let unheard = route_missing(report(5), 1, "BAD_WEATHER");
    let good = submitted(report(6), &PACK.texts.sure);
    world.bus.publish(&[garbage, empty, foreign, good, unheard]).await.unwrap();
    world.until_idle().await;
    let parked = world.outbox.parked().await.unwrap();
    assert_eq!(parked.len(), 4, "{parked:?}");
    assert_eq!(world.heard::<ReportClassified>().len(), 1);
}
