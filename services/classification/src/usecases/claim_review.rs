//! A person takes a review for a while, or gives it back.

use std::collections::BTreeSet;

use auth::Caller;
use contract::classification::v1::Review;
use database::requests::Request;
use prost::Message as _;
use vocabulary::{Problem, ReviewId};

use super::decide_reviews::actor;
use super::{Desk, answered, may_see, take_reviews};
use crate::domain::review::{Actor, Refusal, Review as Reviewed};
use crate::error::Error;
use crate::{messages, store};

/// The command.
#[derive(Debug, Clone)]
pub struct ClaimReview {
    /// Who.
    pub caller: Caller,
    /// The review.
    pub review: ReviewId,
    /// By which a repeat is recognised.
    pub request: Request,
}

/// Takes a review, or renews the lease of one's own.
pub async fn claim_review(desk: Desk, command: ClaimReview) -> Result<Review, Error> {
    let (now, lease) = (desk.now(), desk.province.policies.triage.lease);
    change(&desk, command, |review, actor| review.claim(actor, now, now + lease)).await
}

/// Gives a review back.
pub async fn release_review(desk: Desk, command: ClaimReview) -> Result<Review, Error> {
    let now = desk.now();
    change(&desk, command, |review, actor| review.release(actor.person, now)).await
}

async fn change(
    desk: &Desk,
    command: ClaimReview,
    change: impl FnOnce(&mut Reviewed, &Actor) -> Result<(), Refusal>,
) -> Result<Review, Error> {
    let ClaimReview { caller, review: id, request } = command;
    let mut work = desk.outbox.begin().await?;
    if let Some(answer) = answered(&request, &work).await? {
        return Ok(answer);
    }
    let found = take_reviews(&work, &BTreeSet::from([id])).await?.remove(&id);
    let mut dossier = found.ok_or_else(Problem::denied)?;
    let before = dossier.case.clone();
    let actor = actor(desk, &work, &caller, &before).await?;
    let (Some(review), Some(papers)) = (&mut dossier.case.review, &dossier.papers) else {
        return Err(Problem::denied().into());
    };
    if !may_see(&caller, review.access()) {
        return Err(Problem::denied().into());
    }
    change(review, &actor)?;
    let reply = messages::review(review, papers, &desk.machine(), desk.viewer(&caller));
    store::update(work.inserts(), &[(before, dossier)])?;
    request.answer(work.inserts(), reply.encode_to_vec(), desk.now())?;
    work.commit().await?;
    Ok(reply)
}
