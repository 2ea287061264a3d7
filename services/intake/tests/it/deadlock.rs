//! Two transactions that wait for each other: PostgreSQL ends one of them. SQLite has one writer at a time, who waits for
//! nobody.

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
    eventually("the call waits, with the report in its hands", async || {
        let waits = "SELECT 1 FROM pg_locks WHERE relation = 'requests'::regclass AND NOT granted";
        let waits = Statement::from_string(DbBackend::Postgres, waits);
        world.outbox.database().read().query_one_raw(waits).await.unwrap().is_some()
    })
    .await;
    database::lock(other.tx(), vec![id]).await.unwrap();
    assert!(call.try_join_next().is_none(), "it has lost, and waits for the winner");
    drop(other);
    let withdrawn = call.join_next().await.unwrap().unwrap().unwrap().into_inner();
    assert_eq!(withdrawn.name, report.name);
}
