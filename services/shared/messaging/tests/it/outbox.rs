//! What leaves with the transaction, and what does not.

use vocabulary::ReportId;
use uuid::Uuid;

use crate::world::World;

#[tokio::test]
async fn an_uncommitted_event_never_leaves() {
    let world = World::new(None).await;
    let mut work = world.outbox.begin().await.unwrap();
    work.publish(ReportId(Uuid::from_u128(1)), world.clock.now(), &contract::event::v1::ReportClosed::default());
    drop(work);
    assert_eq!(world.outbox.depth().await.unwrap(), 0);
    world.say(1, 0..1).await;
    assert_eq!(world.outbox.depth().await.unwrap(), 1);
}

#[tokio::test]
async fn an_event_that_nobody_wants_stays_in_the_outbox() {
    let world = World::new(None).await;
    world.say_unheard(1).await;
    let relay = world.start_relay();
    crate::world::eventually("the relay tried", async || world.outbox.depth().await.unwrap() == 1).await;
    world.stop.cancel();
    relay.await.unwrap();
    assert_eq!(world.outbox.depth().await.unwrap(), 1);
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
