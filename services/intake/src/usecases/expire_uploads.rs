//! Forgets uploads that broke off and were never resumed.

use std::time::Duration;

use crate::store::media;
use crate::{Error, Intake};

/// Removes bytes and rows of uploads older than `lifetime`.
pub async fn expire_uploads(intake: &Intake, lifetime: Duration) -> Result<(), Error> {
    let before = intake.outbox.clock().now() - lifetime;
    for medium in media::stale(intake.outbox.database().read(), before).await? {
        intake.objects.remove(medium.id).await?;
        let work = intake.outbox.begin().await?;
        media::remove(work.tx(), medium.id).await?;
        work.commit().await?;
    }
    Ok(())
}
