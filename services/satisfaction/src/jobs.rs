//! Clock-driven work: rating windows that end.

use std::time::Duration;

use database::Database;
use messaging::Outbox;
use runtime::Condition;
use sea_orm::DbErr;
use tokio_util::sync::CancellationToken;

use crate::store::invitations;
use crate::usecases::close_expired::close_expired;

/// Until `stop`: closes what has expired, every so often. A failure of the database is told, makes the service not
/// `ready` and is tried again.
pub async fn close_windows(
    outbox: Outbox,
    every: Duration,
    ready: Condition,
    stop: CancellationToken,
) -> Result<(), DbErr> {
    while !stop.is_cancelled() {
        let more = round(&outbox).await;
        ready.set(more.is_ok());
        match more {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(error = %error, "rating windows wait for the database"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(every) => {}
        }
    }
    Ok(())
}

async fn round(outbox: &Outbox) -> Result<bool, DbErr> {
    let more = close_expired(outbox).await?;
    observe(outbox.database()).await?;
    Ok(more)
}

async fn observe(database: &Database) -> Result<(), DbErr> {
    let open = invitations::count_open(database.read()).await?;
    metrics::gauge!("open_invitations").set(open as f64);
    Ok(())
}
