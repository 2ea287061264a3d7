//! Two transactions that meet: PostgreSQL ends one of them. SQLite has one writer at a time, who waits for nobody.

use contract::intake::v1::WithdrawReportRequest;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use uuid::Uuid;

use crate::world::{World, eventually, submission};

#[tokio::test]
async fn a_call_that_loses_is_made_again_and_its_caller_hears_nothing_of_it() {
    let world = World::start().await;
    if world.outbox.database().backend() != DbBackend::Postgres {
        return;
    }
    let mut client = world.client.clone();
    let message = submission("Cống nghẹt", &Uuid::from_u128(1).to_string());
    let report = client.create_report(world.as_citizen("citizen-1", message)).await.unwrap().into_inner();
    let id: Uuid = report.name.strip_prefix("reports/").unwrap().parse().unwrap();

    let other = world.outbox.begin().await.unwrap();
    // Who has waited for this long is ended: the call, not this transaction.
    other.tx().execute_unprepared("SET LOCAL deadlock_timeout = '1min'").await.unwrap();
    other.tx().execute_unprepared("LOCK TABLE requests IN SHARE ROW EXCLUSIVE MODE").await.unwrap();
    let message =
        WithdrawReportRequest { name: report.name.clone(), request_id: Uuid::from_u128(2).to_string() };
    let request = world.as_citizen("citizen-1", message);
    let mut call = tokio::task::JoinSet::new();
    call.spawn(async move { client.withdraw_report(request).await });
    let locks = "SELECT 1 FROM pg_locks WHERE relation = 'requests'::regclass AND NOT granted";
    eventually("the call waits, with the report in its hands", async || finds(&world, locks).await).await;
    database::lock(other.tx(), vec![id]).await.unwrap();
    assert!(call.try_join_next().is_none(), "it has lost, and waits for the winner");
    drop(other);
    let withdrawn = call.join_next().await.unwrap().unwrap().unwrap().into_inner();
    assert_eq!(withdrawn.name, report.name);
}

#[tokio::test]
async fn a_twin_in_another_process_that_is_quicker_gives_the_answer() {
    for media in [vec![], vec![Uuid::from_u128(7), Uuid::from_u128(8)]] {
        let world = World::start().await;
        if world.outbox.database().backend() != DbBackend::Postgres {
            return;
        }
        let mut client = world.client.clone();
        let mut message = submission("Cống nghẹt", &Uuid::from_u128(1).to_string());
        message.report.as_mut().unwrap().media.extend(media.iter().map(|id| format!("media/{id}")));
        let first = client.create_report(world.as_citizen("citizen-1", message.clone())).await.unwrap();
        // What another process has written, and not committed yet.
        let aside = world.outbox.begin().await.unwrap();
        for table in ["requests", "report_media"] {
            let move_aside =
                format!("CREATE TABLE {table}_aside AS SELECT * FROM {table}; DELETE FROM {table}");
            aside.tx().execute_unprepared(&move_aside).await.unwrap();
        }
        aside.commit().await.unwrap();
        let twin = world.outbox.begin().await.unwrap();
        database::lock(twin.tx(), media.clone()).await.unwrap();
        for table in ["requests", "report_media"] {
            let write = format!("INSERT INTO {table} SELECT * FROM {table}_aside");
            twin.tx().execute_unprepared(&write).await.unwrap();
        }

        let request = world.as_citizen("citizen-1", message);
        let mut call = tokio::task::JoinSet::new();
        call.spawn(async move { client.create_report(request).await });
        let waits = "SELECT 1 FROM pg_locks WHERE NOT granted
                     AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())";
        eventually("the call waits for its twin", async || finds(&world, waits).await).await;
        twin.commit().await.unwrap();
        let second = call.join_next().await.unwrap().unwrap().unwrap();
        assert_eq!(second.into_inner(), first.into_inner());
        assert!(finds(&world, "SELECT 1 FROM reports HAVING count(*) = 1").await, "one report");
    }
}

async fn finds(world: &World, query: &str) -> bool {
    let query = Statement::from_string(DbBackend::Postgres, query);
    world.outbox.database().read().query_one_raw(query).await.unwrap().is_some()
}
