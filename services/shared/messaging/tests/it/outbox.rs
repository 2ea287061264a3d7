//! What leaves with the transaction, and what does not.

use contract::Event as _;
use contract::event::v1::ReportReopened;
use messaging::{BusError, Envelope};
use prost::Message as _;
use uuid::Uuid;
use vocabulary::{EventId, ReportId};

use crate::world::{QUEUE, World, eventually};

#[tokio::test]
async fn an_uncommitted_event_never_leaves() {
    let world = World::new(None).await;
    let mut work = world.outbox.begin().await.unwrap();
    work.publish(
        ReportId(Uuid::from_u128(1)),
        world.clock.now(),
        &contract::event::v1::ReportClosed::default(),
    );
    drop(work);
    assert_eq!(world.outbox.depth().await.unwrap(), 0);
    world.say(1, 0..1).await;
    assert_eq!(world.outbox.depth().await.unwrap(), 1);
}

#[tokio::test]
async fn an_event_that_nobody_wants_is_refused_by_the_bus() {
    let world = World::new(None).await;
    let unheard = Envelope {
        id: EventId(Uuid::from_u128(7)),
        source: "speaker".to_owned(),
        event_type: ReportReopened::TYPE.to_owned(),
        report: ReportId(Uuid::from_u128(1)),
        sequence: 1,
        time: world.clock.now(),
        cause: None,
        traceparent: None,
        body: ReportReopened::default().encode_to_vec().into(),
    };
    assert!(matches!(world.bus.publish(&[unheard]).await, Err(BusError::Unroutable(_))));
}

#[tokio::test]
async fn an_announcement_for_outsiders_holds_nothing_up() {
    let world = World::new(None).await;
    let mut work = world.outbox.begin().await.unwrap();
    let report = ReportId(Uuid::from_u128(1));
    work.publish(report, world.clock.now(), &contract::event::v1::MessagePosted::default());
    work.commit().await.unwrap();
    world.say(1, 0..1).await;
    let relay = world.start_relay();
    eventually("the bus has the other event", async || world.bus.depth(QUEUE).await.unwrap() == 1).await;
    eventually("the outbox is empty", async || world.outbox.depth().await.unwrap() == 0).await;
    world.stop.cancel();
    relay.await.unwrap();
}

#[tokio::test]
async fn actions_run_only_after_a_commit() {
    let world = World::new(None).await;
    let ran = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    for commit in [false, true] {
        let mut work = world.outbox.begin().await.unwrap();
        let counter = ran.clone();
        work.after_commit(move || {
            counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        });
        if commit {
            work.commit().await.unwrap();
        }
    }
    assert_eq!(ran.load(std::sync::atomic::Ordering::SeqCst), 1);
}
