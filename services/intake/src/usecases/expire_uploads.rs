//! Forgets uploads that broke off and were never resumed.

use std::time::Duration;

use crate::store::media;
use crate::{Error, Intake};

/// Removes rows and bytes of uploads that have not grown for `lifetime`. What one upload's bytes refuse stops no other.
pub async fn expire_uploads(intake: &Intake, lifetime: Duration) -> Result<(), Error> {
    let before = intake.outbox.clock().now() - lifetime;
    for medium in media::stale(intake.outbox.database().read(), before).await? {
        let work = intake.outbox.begin().await?;
        if !media::forget(work.tx(), &medium).await? {
            continue;
        }
        database::fault_point!("intake.expire.before-commit");
        work.commit().await?;
        database::fault_point!("intake.expire.after-commit");
        if let Err(error) = intake.objects.remove(medium.id).await {
            tracing::warn!(media = %medium.id, error = %error, "bytes of a forgotten upload stay");
        }
    }
    Ok(())
}
