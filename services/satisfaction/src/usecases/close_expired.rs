//! Ends the rating window of a batch of invitations.

use messaging::Outbox;
use sea_orm::DbErr;
use vocabulary::{InvitationId, ReportId};

use crate::domain::invitation::Standing;
use crate::events;
use crate::store::invitations;

/// Invitations in one transaction.
const BATCH: usize = 200;

/// Closes up to 200 invitations whose window is over; answers whether there may be more.
///
/// The report itself is told closed only if this round is the last one and stands: a round that a rating sent back, or
/// that was followed by another, ends silently.
pub async fn close_expired(outbox: &Outbox) -> Result<bool, DbErr> {
    let mut work = outbox.begin().await?;
    let now = outbox.clock().now();
    let expired = invitations::lock_expired(work.tx(), now, BATCH as u64).await?;
    if expired.is_empty() {
        return Ok(false);
    }
    let ids: Vec<InvitationId> = expired.iter().map(|invitation| invitation.id).collect();
    let reports: Vec<ReportId> = expired.iter().map(|invitation| invitation.closing.report).collect();
    let last_rounds = invitations::last_rounds(work.tx(), &reports).await?;
    invitations::update_standing(work.tx(), &ids, Standing::Closed).await?;
    for invitation in &expired {
        let report = invitation.closing.report;
        let is_last = last_rounds.get(&report).is_none_or(|last| *last <= invitation.closing.round);
        if is_last && !invitation.reopened {
            work.publish(report, now, &events::report_closed(invitation, now));
        }
    }
    database::fault_point!("satisfaction.close.before-commit");
    work.commit().await?;
    database::fault_point!("satisfaction.close.after-commit");
    Ok(expired.len() == BATCH)
}
