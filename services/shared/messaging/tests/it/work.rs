//! What one piece of work writes, it writes whole.

use contract::event::v1::ReportClosed;
use sea_orm::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use vocabulary::ReportId;

use crate::world::World;

#[expect(
    clippy::disallowed_methods,
    reason = "`sea_orm::model` writes a `begin()` of its own that nobody calls"
)]
mod note {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "note")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub words: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

#[expect(
    clippy::disallowed_methods,
    reason = "`sea_orm::model` writes a `begin()` of its own that nobody calls"
)]
mod tally {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tally")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub count: i32,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

async fn world_with_tables() -> World {
    let world = World::new(None).await;
    let tx = world.outbox.database().begin().await.unwrap();
    for table in ["note (id BIGINT PRIMARY KEY, words TEXT)", "tally (id BIGINT PRIMARY KEY, count INTEGER)"]
    {
        tx.execute_unprepared(&format!("CREATE TABLE {table}")).await.unwrap();
    }
    world.outbox.database().commit(tx).await.unwrap();
    world
}

fn notes(ids: std::ops::Range<i64>) -> Vec<note::ActiveModel> {
    ids.map(|id| note::ActiveModel { id: Set(id), words: Set((id % 2 == 0).then(|| format!("số {id}"))) })
        .collect()
}

fn tallies(ids: std::ops::Range<i64>, count: i32) -> Vec<tally::ActiveModel> {
    ids.map(|id| tally::ActiveModel { id: Set(id), count: Set(count) }).collect()
}

async fn written(world: &World) -> (u64, Vec<i32>, u64) {
    let db = world.outbox.database().read();
    let tallies = tally::Entity::find().all(db).await.unwrap();
    let counts = tallies.into_iter().map(|tally| tally.count).collect();
    (note::Entity::find().count(db).await.unwrap(), counts, world.outbox.depth().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_several_tables_and_events_are_written_by_the_commit_and_not_before() {
    let world = world_with_tables().await;
    let mut work = world.outbox.begin().await.unwrap();
    work.inserts().add(notes(0..300), None).unwrap();
    work.inserts().add(tallies(0..2, 7), None).unwrap();
    work.inserts().add(notes(0..0), None).unwrap();
    for round in 0..3 {
        let event = ReportClosed { round, ..ReportClosed::default() };
        work.publish(ReportId(Uuid::from_u128(1)), world.clock.now(), &event);
    }
    assert_eq!(note::Entity::find().count(work.tx()).await.unwrap(), 0);
    work.commit().await.unwrap();
    assert_eq!(written(&world).await, (300, vec![7, 7], 3));
    assert_eq!(told(&world).await, [1, 2, 3]);
}

async fn told(world: &World) -> Vec<i64> {
    world.outbox.unsent(9).await.unwrap().iter().map(|event| event.sequence).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_of_a_new_report_is_numbered_like_what_follows() {
    let world = World::new(None).await;
    world.say(2, 0..1).await;
    let mut work = world.outbox.begin().await.unwrap();
    work.opens(ReportId(Uuid::from_u128(1)));
    for report in [1, 2, 1] {
        work.publish(ReportId(Uuid::from_u128(report)), world.clock.now(), &ReportClosed::default());
    }
    work.commit().await.unwrap();
    world.say(1, 0..2).await;
    assert_eq!(told(&world).await, [1, 1, 2, 2, 3, 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_there_already_are_treated_as_said() {
    let world = world_with_tables().await;
    for count in [1, 2] {
        let mut work = world.outbox.begin().await.unwrap();
        let keep = OnConflict::column(note::Column::Id).do_nothing().to_owned();
        let replace = OnConflict::column(tally::Column::Id).update_column(tally::Column::Count).to_owned();
        work.inserts().add(notes(0..4), Some(keep)).unwrap();
        work.inserts().add(tallies(0..2, count), Some(replace)).unwrap();
        work.commit().await.unwrap();
    }
    assert_eq!(written(&world).await, (4, vec![2, 2], 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_row_that_cannot_be_written_leaves_nothing_of_the_others() {
    let world = world_with_tables().await;
    let mut first = world.outbox.begin().await.unwrap();
    first.inserts().add(tallies(5..6, 1), None).unwrap();
    first.commit().await.unwrap();
    let mut work = world.outbox.begin().await.unwrap();
    work.inserts().add(notes(0..4), None).unwrap();
    work.inserts().add(tallies(4..7, 2), None).unwrap();
    work.publish(ReportId(Uuid::from_u128(1)), world.clock.now(), &ReportClosed::default());
    work.commit().await.unwrap_err();
    assert_eq!(written(&world).await, (0, vec![1], 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn work_on_the_connection_kept_for_it_waits_for_no_other() {
    let world = World::new(None).await;
    if world.outbox.database().backend() == sea_orm::DbBackend::Sqlite {
        // A file has one writer.
        return;
    }
    let mut others = Vec::new();
    while let Ok(work) = world.outbox.begin().await {
        others.push(work);
    }
    assert!(!others.is_empty());
    let mut work = world.outbox.begin_express().await.unwrap();
    work.publish(ReportId(Uuid::from_u128(1)), world.clock.now(), &ReportClosed::default());
    work.commit().await.unwrap();
    drop(others);
    assert_eq!(told(&world).await, [1]);
}
