//! What becomes of a case is told to the other services, and a person's decision becomes a label.

use messaging::Work;
use vocabulary::Timestamp;

use super::Desk;
use crate::domain::case::Announcement;
use crate::domain::review::ReviewState;
use crate::store::{Dossier, Label, Papers};

/// Publishes the announcement. Answers the label, to be stored in the same transaction, if a decision took effect.
pub(super) fn announce(
    desk: &Desk,
    work: &mut Work,
    now: Timestamp,
    dossier: &Dossier,
    announcement: &Announcement,
) -> Option<(Label, Papers)> {
    desk.teller().publish(work, now, dossier, announcement);
    let review = dossier.case.review.as_ref().filter(|review| review.state == ReviewState::Decided)?;
    let verdict = review.verdict.clone()?;
    let kind = verdict.kind.as_str();
    work.after_commit(move || {
        metrics::counter!("reviews_decided_total", "decision" => kind).increment(1);
    });
    let label = Label {
        id: desk.outbox.clock().mint(),
        report: dossier.case.report,
        review: review.id,
        not_for_training: !review.may_teach(&verdict),
        verdict,
    };
    Some((label, dossier.papers.clone()?))
}
