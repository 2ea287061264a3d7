//! Removes bytes that no row leads to: whoever died between the bytes and their commit, or between the forgetting of an
//! upload and the removal of its bytes, has left them.

use std::collections::HashSet;

use futures::{StreamExt as _, TryStreamExt as _};
use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;
use vocabulary::Timestamp;

use crate::objects::Stored;
use crate::store::media;
use crate::{Error, Intake};

/// Objects that are looked up together.
const BATCH: usize = 500;

/// Removes what was stored before `before` and belongs to nothing; answers how many objects.
pub async fn collect_strays(intake: &Intake, before: Timestamp) -> Result<u64, Error> {
    let mut removed = 0;
    let mut old = Box::pin(intake.objects.stored_before(before)).try_chunks(BATCH);
    while let Some(batch) = old.next().await {
        let batch = batch.map_err(|broken| broken.1)?;
        for stray in strays(intake.outbox.database().read(), batch).await? {
            // Nobody begins to upload it anew meanwhile.
            let work = intake.outbox.begin().await?;
            database::lock(work.tx(), vec![stray.media.0]).await?;
            for stray in strays(work.tx(), vec![stray]).await? {
                intake.objects.remove_object(&stray.object).await?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}

/// Those of `stored` that no row leads to: copies of media that nobody knows, parts that were never counted.
async fn strays(db: &impl ConnectionTrait, stored: Vec<Stored>) -> Result<Vec<Stored>, DbErr> {
    let ids: HashSet<Uuid> = stored.iter().map(|stored| stored.media.0).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let parts: HashSet<String> = media::objects_of(db, ids.clone()).await?.into_iter().collect();
    let media: HashSet<Uuid> =
        media::find_all(db, ids).await?.into_iter().map(|medium| medium.id.0).collect();
    let leads = |stored: &Stored| match stored.copy {
        true => media.contains(&stored.media.0),
        false => parts.contains(&stored.object),
    };
    Ok(stored.into_iter().filter(|stored| !leads(stored)).collect())
}
