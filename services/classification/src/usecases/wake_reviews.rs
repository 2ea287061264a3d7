//! What time brings: decisions take effect, answers that do not come are not waited for any longer.

use super::Desk;
use super::announce::announce;
use crate::domain::case::Case;
use crate::error::Error;
use crate::store::{self, Dossier};

/// Looks after the `limit` reviews that have been due longest. Answers whether there may be more.
pub async fn wake_reviews(desk: &Desk, limit: u64) -> Result<bool, Error> {
    // Most looks find nothing: they must not take the write lock.
    if store::due_to_wake(desk.outbox.database().read(), desk.now(), 1).await?.is_empty() {
        return Ok(false);
    }
    let mut work = desk.outbox.begin().await?;
    let now = desk.now();
    let reports = store::due_to_wake(work.tx(), now, limit).await?;
    let more = reports.len() as u64 == limit;
    work.lock(reports.iter().copied().collect()).await?;
    let dossiers = store::load(work.tx(), &reports).await?;
    let mut labels = Vec::new();
    let mut changes: Vec<(Case, Dossier)> = Vec::with_capacity(dossiers.len());
    for mut dossier in dossiers.into_values() {
        let before = dossier.case.clone();
        if let Some(announcement) = dossier.case.wake(now) {
            labels.extend(announce(desk, &mut work, now, &dossier, &announcement));
            changes.push((before, dossier));
        }
    }
    store::update(work.inserts(), &changes)?;
    store::insert_labels(work.tx(), labels).await?;
    work.commit().await?;
    Ok(more)
}
