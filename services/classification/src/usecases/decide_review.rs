//! A person decides a review; the decision is announced and becomes a label.

use auth::Caller;
use contract::classification::v1::Review;
use database::requests::{Known, Request};
use prost::Message as _;
use vocabulary::{Access, Problem, ReviewId};

use super::{Desk, may_see};
use crate::domain::assessment::{Assessment, Decision, Disposition};
use crate::domain::review::{Announcement, Case, Refusal};
use crate::error::Error;
use crate::machine::Machine;
use crate::store::{self, Label};
use crate::{events, messages};

/// The command.
#[derive(Debug, Clone)]
pub struct DecideReview {
    /// Who decides.
    pub caller: Caller,
    /// The review.
    pub review: ReviewId,
    /// What.
    pub decision: Decision,
    /// The version that was read; none if the etag is not ours.
    pub version: Option<i64>,
    /// By which a repeat is recognised.
    pub request: Request,
}

/// Decides, or answers as before if the same request was answered before.
pub async fn decide_review(desk: Desk, command: DecideReview) -> Result<Review, Error> {
    let DecideReview { caller, review, decision, version, request } = command;
    let mut work = desk.outbox.begin().await?;
    if let Known::Answered(reply) = request.look_up(work.tx()).await?? {
        return Review::decode(&*reply).map_err(|_| Problem::internal("stored reply").into());
    }
    work.lock(store::find_report(work.tx(), review).await?.into_iter().collect()).await?;
    let dossier = store::find_review(work.tx(), review).await?;
    let visible = |dossier: &store::Dossier| {
        dossier.case.review.as_ref().is_some_and(|review| may_see(&caller, review.proposal.access))
    };
    let mut dossier = dossier.filter(visible).ok_or_else(Problem::denied)?;
    let before = dossier.case.clone();
    let now = desk.outbox.clock().now();
    let word = decision.as_str();
    // No review has the version 0.
    let own = own_access(&desk.machine, &before);
    let announcement = dossier.case.decide(decision, version.unwrap_or(0), own, now)?;
    let (Some(decided), Some(papers)) = (dossier.case.review.clone(), dossier.papers.clone()) else {
        return Err(Refusal::NotOpen.into());
    };
    if let Announcement::Classified { assessment, disposition, .. } = &announcement {
        let label = Label {
            id: desk.outbox.clock().mint(),
            report: before.report,
            review,
            decision: word,
            leaf: (*disposition != Disposition::Reject).then_some(&assessment.leaf),
            urgency: assessment.urgency,
            not_for_training: !decided.may_teach(assessment),
            decided_by: desk.seal.caller(&caller),
            decide_time: now,
        };
        store::insert_label(work.tx(), label, &papers).await?;
    }
    events::publish(&mut work, now, desk.machine.pack_version(), &dossier, announcement);
    store::update(work.tx(), &[(before, dossier)]).await?;
    let reply = messages::review(&decided, &papers);
    request.answer(work.tx(), reply.encode_to_vec(), now).await?;
    work.after_commit(move || {
        metrics::counter!("reviews_decided_total", "decision" => word).increment(1);
    });
    work.commit().await?;
    Ok(reply)
}

/// What the proposed leaf demands by itself; a leaf that the taxonomy has lost keeps its report as sealed as it is.
fn own_access(machine: &Machine, case: &Case) -> Access {
    let Some(review) = &case.review else { return Access::Quarantine };
    let Assessment { leaf, access, .. } = &review.proposal;
    machine.find_leaf(leaf.as_str()).map_or(*access, |leaf| leaf.access)
}
