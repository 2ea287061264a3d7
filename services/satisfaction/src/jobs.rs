//! Clock-driven work: rating windows that end.

use std::time::Duration;

use database::Database;
use messaging::Outbox;
use sea_orm::DbErr;
use tokio_util::sync::CancellationToken;

use crate::store::invitations;
use crate::usecases::close_expired::close_expired;

/// Until `stop`: closes what has expired, every so often. A failure of the database is told and tried again.
pub async fn close_windows(outbox: Outbox, every: Duration, stop: CancellationToken) -> Result<(), DbErr> {
    while !stop.is_cancelled() {
        match round(&outbox).await {
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
