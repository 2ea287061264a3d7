//! Keeps other writers off what a transaction is about, until it ends.

use std::collections::BTreeSet;

use sea_orm::sea_query::ArrayType;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement, Value};
use uuid::Uuid;

/// Waits until nobody else works on any of `subjects`, then keeps them until the transaction ends.
///
/// PostgreSQL: advisory locks, taken in one order by everyone, so that two transactions never wait for each other; what is
/// read afterwards is what the holder before has committed. SQLite: a writer is alone anyway.
///
/// The order between kinds is fixed too: requests and media first, reports after.
pub async fn lock(tx: &DatabaseTransaction, subjects: Vec<Uuid>) -> Result<(), DbErr> {
    if tx.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let keys: BTreeSet<i64> = subjects.into_iter().map(key).collect();
    if keys.is_empty() {
        return Ok(());
    }
    // One parameter: the statement is the same whatever the number of keys, so that it is prepared once.
    let keys = Value::Array(ArrayType::BigInt, Some(Box::new(keys.into_iter().map(Value::from).collect())));
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT count(pg_advisory_xact_lock(key)) FROM unnest($1) AS key",
        [keys],
    );
    tx.query_one_raw(statement).await?;
    Ok(())
}

/// The random half of a UUID. Two subjects that share it merely wait for each other.
fn key(subject: Uuid) -> i64 {
    let (_, random) = subject.as_u64_pair();
    random.cast_signed()
}
