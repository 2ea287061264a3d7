//! Readiness is looked at again and again, not only at the start.

use std::path::Path;

use database::Database;
use harness::{World, eventually};
use sea_orm::ConnectionTrait as _;

/// Does something to a service's database from outside.
async fn tamper(data: &Path, file: &str, statement: &str) {
    let database = Database::open(&data.join(format!("{file}.db"))).await.expect("a file");
    let tx = database.begin().await.expect("a transaction");
    tx.execute_unprepared(statement).await.expect("done");
    tx.commit().await.expect("committed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_cannot_use_its_database_is_not_ready_until_it_can_again() {
    let world = World::start().await;
    let readiness = world.platform().readiness.clone();
    let unmet = async |expected: &[String]| {
        eventually("the readiness follows the databases", async || {
            let unmet = readiness.unmet();
            if unmet == expected { Ok(()) } else { Err(unmet) }
        })
        .await;
    };
    unmet(&[]).await;
    for owner in ["intake", "classification", "routing", "satisfaction"] {
        let table = "retries";
        tamper(world.data(), owner, &format!("ALTER TABLE {table} RENAME TO gone")).await;
        unmet(&[format!("{owner}/database")]).await;
        tamper(world.data(), owner, &format!("ALTER TABLE gone RENAME TO {table}")).await;
        unmet(&[]).await;
    }
    world.finish().await;
}
