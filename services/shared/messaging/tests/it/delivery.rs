//! At least once on the way, exactly once in effect.

use std::collections::BTreeSet;

use messaging::Chaos;

use crate::world::{Fault, Listener, World, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn every_event_takes_effect_once_whatever_the_bus_repeats_or_shuffles() {
    let world = World::new(Some(Chaos { seed: 7, duplicate: 0.4 })).await;
    let listener = Listener::default();
    let tasks = (world.start_relay(), world.start_listener(listener.clone()).await);
    for report in 1..=20 {
        world.say(report, 0..15).await;
        world.say(report, 15..30).await;
    }
    eventually("all 600 are seen", async || listener.seen.lock().unwrap().len() >= 600).await;
    world.until_idle().await;
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
async fn a_poisonous_event_is_parked_and_harms_no_other() {
    let world = World::new(None).await;
    let listener = Listener::default();
    listener.faults.lock().unwrap().extend([
        (3, Fault::Panic { times: u32::MAX }),
        (4, Fault::Panic { times: 2 }),
        (5, Fault::Reject),
        (6, Fault::Retry { times: 2 }),
    ]);
    world.say(1, 0..10).await;
    let tasks = (world.start_relay(), world.start_listener(listener.clone()).await);
    world.until_idle().await;

    let rounds: BTreeSet<i32> = listener.seen.lock().unwrap().iter().map(|(_, _, round)| *round).collect();
    assert!(rounds.is_superset(&BTreeSet::from([0, 1, 2, 4, 6, 7, 8, 9])));
    assert!(!rounds.contains(&3) && !rounds.contains(&5));
    let parked = world.bus.parked().await.unwrap();
    let reasons: Vec<&str> = parked.iter().map(|parked| parked.reason.as_str()).collect();
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(reasons.contains(&"the handler panicked: its message is withheld"), "{reasons:?}");
    assert!(reasons.contains(&"not for me"));

    listener.faults.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clear();
    assert_eq!(world.bus.replay(parked.iter().map(|parked| parked.id).collect()).await.unwrap(), 2);
    world.until_idle().await;
    let rounds: BTreeSet<i32> = listener.seen.lock().unwrap().iter().map(|(_, _, round)| *round).collect();
    assert!(rounds.contains(&3) && rounds.contains(&5), "a replayed event has its effect");
    world.stop.cancel();
    tasks.0.await.unwrap();
    tasks.1.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_published_before_a_restart_is_delivered_after_it() {
    let world = World::new(None).await;
    world.say(1, 0..5).await;
    let relay = world.start_relay();
    eventually("the bus has all five", async || world.bus.depth(crate::world::QUEUE).await.unwrap() == 5)
        .await;
    relay.abort();

    let bus = messaging::Bus::open(
        &world.folder.path().join("bus.db"),
        vec![crate::world::BOUND],
        world.clock.clone(),
        None,
    )
    .await
    .unwrap();
    let listener = Listener::default();
    let (outbox, stop) = (world.listener().await, world.stop.clone());
    let heard = listener.clone();
    let task = crate::world::background(async move {
        messaging::consume(bus, crate::world::QUEUE, outbox, heard, messaging::RetryPolicy::FAST, stop)
            .await
            .unwrap();
    });
    eventually("all five are heard", async || listener.seen.lock().unwrap().len() == 5).await;
    world.stop.cancel();
    task.await.unwrap();
}
