//! At least once on the way, exactly once in effect.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use contract::Event as _;
use contract::event::v1::ReportClosed;
use messaging::{BODY_LIMIT, Chaos, Envelope, Selection};
use prost::Message as _;
use uuid::Uuid;
use vocabulary::{EventId, ReportId};

use crate::world::{BOUND, Fault, Listener, QUEUE, World, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn every_event_takes_effect_once_whatever_the_bus_repeats_or_shuffles() {
    let world = World::new(Some(Chaos { seed: 7, duplicate: 0.4 })).await;
    let listener = Listener::default();
    let tasks = (world.start_relay(), world.start_listener(listener.clone()));
    for report in 1..=20 {
        world.say(report, 0..15).await;
        world.say(report, 15..30).await;
    }
    world.until_settled().await;
    // What comes again, long after, has no second effect.
    world.outbox.replay(&Selection::default()).await.unwrap();
    world.until_settled().await;
    let seen = listener.seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 600, "an event had more than one effect");
    for report in 1..=20_u128 {
        let numbers: BTreeSet<i64> = seen
            .iter()
            .filter(|(id, _, _)| id.0.as_u128() == report)
            .map(|(_, sequence, _)| *sequence)
            .collect();
        assert_eq!(numbers, (1..=30).collect(), "numbers of report {report} have gaps");
    }
    assert!(seen.iter().all(|(_, sequence, round)| *sequence == i64::from(*round) + 1));
    world.stop.cancel();
    tasks.0.await.unwrap();
    tasks.1.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_each_share_the_work_and_double_nothing() {
    let world = World::new(None).await;
    if world.outbox.database().backend() == sea_orm::DbBackend::Sqlite {
        // A file has one process, and one relay in it.
        return world.stop.cancel();
    }
    let listener = Listener::default();
    let relays = [world.start_relay(), world.start_relay()];
    let consumers = [world.start_listener(listener.clone()), world.start_listener(listener.clone())];
    for report in 1..=40 {
        world.say(report, 0..25).await;
    }
    world.until_settled().await;
    assert_eq!(listener.seen.lock().unwrap().len(), 1_000);
    world.stop.cancel();
    for task in relays.into_iter().chain(consumers) {
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_outlives_its_lease_doubles_nothing() {
    let world = World::new(None).await;
    let listener = Listener { pause: Duration::from_millis(100), ..Listener::default() };
    listener.faults.lock().unwrap().extend((0..4).map(|round| (round, Fault::Fail { times: 1 })));
    let relay = world.start_relay();
    let consumers = [(); 3].map(|()| world.start_listener_without_lease(listener.clone()));
    world.say(1, 0..4).await;
    world.until_settled().await;
    world.stop.cancel();
    for task in consumers.into_iter().chain([relay]) {
        task.await.unwrap();
    }
    assert_eq!(listener.rounds(), [0, 1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poisonous_event_is_parked_after_five_attempts_and_harms_no_other() {
    let world = World::new(None).await;
    let listener = Listener::default();
    listener.faults.lock().unwrap().extend([
        (3, Fault::Panic { times: u32::MAX }),
        (4, Fault::Panic { times: 2 }),
        (5, Fault::Fail { times: u32::MAX }),
        (6, Fault::Fail { times: 2 }),
    ]);
    world.say(1, 0..10).await;
    let tasks = (world.start_relay(), world.start_listener(listener.clone()));
    world.until_settled().await;

    assert_eq!(listener.rounds(), [0, 1, 2, 4, 6, 7, 8, 9]);
    let parked = world.own.parked().await.unwrap();
    let reasons: BTreeSet<&str> = parked.iter().map(|parked| parked.reason.as_str()).collect();
    let expected = ["the handler panicked: its message is withheld", "not yet"];
    assert_eq!(reasons, BTreeSet::from(expected));
    assert!(parked.iter().all(|parked| parked.attempts == 5), "{parked:?}");

    listener.faults.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clear();
    let ids: Vec<Uuid> = parked.iter().map(|parked| parked.event).collect();
    assert_eq!(world.own.replay_parked(&ids[..1]).await.unwrap(), 1);
    world.until_settled().await;
    assert_eq!(listener.rounds().len(), 9, "a replayed event has its effect");
    assert_eq!(world.own.drop_parked(&ids).await.unwrap(), 1);
    assert!(world.own.parked().await.unwrap().is_empty());
    world.outbox.replay(&Selection::default()).await.unwrap();
    world.until_settled().await;
    assert_eq!(listener.rounds().len(), 9, "what was given up for ever stays so, sent again or not");
    world.stop.cancel();
    tasks.0.await.unwrap();
    tasks.1.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_were_never_attempted_go_together_and_what_fails_among_them_harms_no_other() {
    for fault in [Fault::Fail { times: 2 }, Fault::Panic { times: 2 }] {
        let world = World::new(None).await;
        let listener = Listener::default();
        let faults =
            |faults: Vec<(i32, Fault)>| *listener.faults.lock().unwrap() = faults.into_iter().collect();
        faults((0..10).map(|round| (round, Fault::Fail { times: 5 })).collect());
        world.say(1, 0..10).await;
        let tasks = (world.start_relay(), world.start_listener(listener.clone()));
        world.until_settled().await;
        let parked: Vec<Uuid> = world.own.parked().await.unwrap().iter().map(|parked| parked.event).collect();
        assert_eq!(parked.len(), 10);

        faults(vec![(4, fault)]);
        listener.batches.lock().unwrap().clear();
        assert_eq!(world.own.replay_parked(&parked).await.unwrap(), 10);
        world.until_settled().await;
        assert_eq!(listener.rounds(), (0..10).collect::<Vec<_>>());
        let batches = listener.batches.lock().unwrap().clone();
        assert_eq!(batches[0], 10, "one transaction for all of them");
        assert!(batches[1..].iter().all(|events| *events == 1), "{batches:?}");
        let alone = if matches!(fault, Fault::Fail { .. }) { 2 } else { 11 };
        assert_eq!(batches.len() - 1, alone, "{batches:?}");
        assert_eq!(world.own.parked().await.unwrap(), []);
        world.stop.cancel();
        tasks.0.await.unwrap();
        tasks.1.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_event_of_this_service_is_parked_with_its_reason() {
    let world = World::new(None).await;
    let listener = Listener::default();
    let task = world.start_listener(listener.clone());
    let event = |id: u128, body: Bytes| Envelope {
        id: EventId(Uuid::from_u128(id)),
        source: "speaker".to_owned(),
        event_type: ReportClosed::TYPE.to_owned(),
        report: ReportId(Uuid::from_u128(1)),
        sequence: 1,
        time: world.clock.now(),
        cause: None,
        traceparent: None,
        body,
    };
    let good = ReportClosed { round: 7, ..ReportClosed::default() }.encode_to_vec();
    let events = [
        event(1, Bytes::from_static(b"\xff\xff")),
        event(2, vec![0; BODY_LIMIT + 1].into()),
        event(3, good.into()),
    ];
    // The queue must exist before somebody outside publishes to it.
    eventually("published", async || {
        world.bus.publish(&events).await.is_ok_and(|taken| taken == [true, true, true])
    })
    .await;
    eventually("two are parked", async || world.own.parked().await.unwrap().len() == 2).await;
    let parked = world.own.parked().await.unwrap();
    let reason = |id: u128| {
        let found = parked.iter().find(|parked| parked.event == Uuid::from_u128(id));
        found.map(|parked| (parked.reason.clone(), parked.attempts)).unwrap()
    };
    assert_eq!(reason(1), (format!("the body of a {} cannot be decoded", ReportClosed::TYPE), 5));
    assert_eq!(reason(2), ("the body has 65537 bytes; at most 65536 are allowed".to_owned(), 5));
    assert_eq!(listener.rounds(), [7]);
    world.stop.cancel();
    task.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_published_before_a_restart_is_delivered_after_it() {
    let world = World::new(None).await;
    world.say(1, 0..5).await;
    let relay = world.start_relay();
    eventually("all five are on the bus", async || world.outbox.depth().await.unwrap() == 0).await;
    eventually("all five wait", async || world.bus.depth(QUEUE).await.unwrap() == 5).await;
    relay.abort();

    let bus = world.ground.bus(world.folder.path(), vec![BOUND, crate::world::ASKED], None).await;
    let listener = Listener::default();
    let (outbox, stop) = (world.own.clone(), world.stop.clone());
    let heard = listener.clone();
    let task = crate::world::background(async move {
        messaging::consume(bus, QUEUE, outbox, heard, messaging::RetryPolicy::FAST, stop).await.unwrap();
    });
    eventually("all five are heard", async || listener.rounds().len() == 5).await;
    world.stop.cancel();
    task.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_bus_has_lost_is_sent_again_when_somebody_asks() {
    let world = World::new(None).await;
    world.say(1, 0..5).await;
    world.say(2, 0..5).await;
    let relay = world.start_relay();
    eventually("all are on the bus", async || world.outbox.depth().await.unwrap() == 0).await;
    relay.abort();
    // Another bus: nothing of what was sent is on it.
    let elsewhere = engines::Ground::new();
    let folder = tempfile::tempdir().unwrap();
    let bus = elsewhere.bus(folder.path(), vec![BOUND, crate::world::ASKED], None).await;
    let world = World { bus, ..world };

    let listener = Listener::default();
    let tasks = [world.start_relay(), world.start_listener(listener.clone()), world.start_speaker()];
    let mut work = world.outbox.begin().await.unwrap();
    work.request_redrive(&[ReportId(Uuid::from_u128(2))], None);
    work.commit().await.unwrap();
    eventually("report 2 is heard", async || listener.rounds().len() == 5).await;
    assert!(listener.seen.lock().unwrap().iter().all(|(report, _, _)| report.0.as_u128() == 2));
    let mut work = world.outbox.begin().await.unwrap();
    work.request_redrive(&[], Some(vocabulary::Timestamp::EPOCH));
    work.commit().await.unwrap();
    eventually("report 1 is heard, 2 not again", async || listener.rounds().len() == 10).await;
    world.until_settled().await;
    assert_eq!(listener.rounds(), [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
    world.stop.cancel();
    for task in tasks {
        task.await.unwrap();
    }
}
