//! What leaves with the transaction, and what does not.

use contract::Event as _;
use contract::event::v1::ReportReopened;
use engines::Ground;
use messaging::{Envelope, Outbox};
use prost::Message as _;
use sea_orm::{ConnectionTrait as _, DbBackend};
use uuid::Uuid;
use vocabulary::{Clock, EventId, ReportId, Timestamp};

use crate::world::{OldTables, QUEUE, Tables, World, eventually};

#[tokio::test(flavor = "multi_thread")]
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

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_nobody_wants_is_not_taken_by_the_bus() {
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
    assert_eq!(world.bus.publish(&[unheard]).await.unwrap(), [false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announcement_for_outsiders_holds_nothing_up() {
    let world = World::new(None).await;
    let mut work = world.outbox.begin().await.unwrap();
    let report = ReportId(Uuid::from_u128(1));
    work.publish(report, world.clock.now(), &contract::event::v1::MessagePosted::default());
    work.commit().await.unwrap();
    world.say(1, 0..1).await;
    let relay = world.start_relay();
    eventually("the bus has the other event", async || {
        world.bus.depth(QUEUE).await.is_ok_and(|waiting| waiting == 1)
    })
    .await;
    eventually("the outbox is empty", async || world.outbox.depth().await.unwrap() == 0).await;
    world.stop.cancel();
    relay.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
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

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_takes_stays_and_what_was_sent_is_kept_for_a_while() {
    let world = World::new(None).await;
    let report = ReportId(Uuid::from_u128(1));
    let mut work = world.outbox.begin().await.unwrap();
    work.publish(report, world.clock.now(), &ReportReopened::default());
    work.commit().await.unwrap();
    world.say(1, 0..3).await;
    let relay = world.start_relay();
    eventually("three are sent", async || world.bus.depth(QUEUE).await.is_ok_and(|waiting| waiting == 3))
        .await;
    eventually("one waits", async || world.outbox.depth().await.unwrap() == 1).await;
    let waiting = world.outbox.unsent(10).await.unwrap();
    assert_eq!(waiting.iter().map(Envelope::short_type).collect::<Vec<_>>(), ["ReportReopened"]);
    relay.abort();
    let all = messaging::Selection { since: Some(Timestamp::EPOCH), ..messaging::Selection::default() };
    assert_eq!(world.outbox.replay(&all).await.unwrap(), 3, "what was sent can be sent again");
    assert_eq!(world.outbox.depth().await.unwrap(), 4);
    assert_eq!(world.outbox.drop_unsent(&[waiting[0].id]).await.unwrap(), 1);
    assert_eq!(world.outbox.depth().await.unwrap(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_to_send_again_may_be_lost_as_well_and_is_sent_again() {
    let world = World::new(None).await;
    let mut work = world.outbox.begin().await.unwrap();
    work.request_redrive(&[], Some(Timestamp::EPOCH));
    work.commit().await.unwrap();
    let relay = world.start_relay();
    eventually("it is sent", async || world.outbox.depth().await.unwrap() == 0).await;
    relay.abort();
    let about_a_report = messaging::Selection {
        reports: vec![ReportId(Uuid::from_u128(1))],
        ..messaging::Selection::default()
    };
    assert_eq!(world.outbox.replay(&about_a_report).await.unwrap(), 0);
    let all = messaging::Selection { since: Some(Timestamp::EPOCH), ..messaging::Selection::default() };
    assert_eq!(world.outbox.replay(&all).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_in_an_older_schema_waits_in_this_one() {
    let (folder, ground) = (tempfile::tempdir().unwrap(), Ground::new());
    let database = ground.open::<OldTables>("speaker", folder.path()).await;
    let bytes = |digits: &str| match database.backend() {
        DbBackend::Postgres => format!("decode('{digits}', 'hex')"),
        _ => format!("x'{digits}'"),
    };
    let id = |number: u8| match database.backend() {
        DbBackend::Postgres => format!("'{}'", Uuid::from_u128(number.into())),
        _ => bytes(&format!("{number:032x}")),
    };
    for (number, sent) in [(1, "17"), (2, "NULL"), (3, "NULL")] {
        let insert = format!(
            "INSERT INTO outbox (event_id, event_type, report_id, sequence, time, body, sent_time) \
             VALUES ({}, 'a', {}, 1, 17, {}, {sent})",
            id(number),
            id(9),
            bytes(""),
        );
        let tx = database.begin().await.unwrap();
        tx.execute_unprepared(&insert).await.unwrap();
        database.commit(tx).await.unwrap();
    }
    database.migrate::<Tables>().await.unwrap();
    let outbox = Outbox::new(database, "speaker", Clock::system());
    let waiting: Vec<u128> =
        outbox.unsent(10).await.unwrap().iter().map(|event| event.id.0.as_u128()).collect();
    assert_eq!(waiting, [2, 3]);
}
