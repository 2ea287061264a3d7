//! People take decisions back before anybody else was told.

use std::collections::BTreeSet;

use auth::Caller;
use contract::classification::v1::{BatchUndoDecisionsResponse, Review};
use database::requests::Request;
use messaging::Work;
use prost::Message as _;
use vocabulary::{Problem, ReviewId};

use super::decide_reviews::{BatchItem, results};
use super::{Desk, answered, may_see_review, take_reviews};
use crate::error::Error;
use crate::{messages, store};

/// Takes one decision back, or answers as before if the same request was answered before.
pub async fn undo_decision(
    desk: Desk,
    caller: Caller,
    review: ReviewId,
    request: Request,
) -> Result<Review, Error> {
    let mut work = desk.outbox.begin().await?;
    if let Some(answer) = answered(&request, &work).await? {
        return Ok(answer);
    }
    let outcomes = undo_all(&desk, &mut work, &caller, vec![review]).await?;
    let review = outcomes.into_iter().next().ok_or_else(Problem::denied)??;
    request.answer(work.inserts(), review.encode_to_vec(), desk.now())?;
    work.commit().await?;
    Ok(review)
}

/// Takes each decision of a batch back for itself, all in one transaction.
pub async fn undo_batch(
    desk: Desk,
    caller: Caller,
    items: Vec<BatchItem<ReviewId>>,
    request: Request,
) -> Result<BatchUndoDecisionsResponse, Error> {
    let mut work = desk.outbox.begin().await?;
    if let Some(answer) = answered(&request, &work).await? {
        return Ok(answer);
    }
    let understood = items.iter().filter_map(|item| item.item.as_ref().ok().copied()).collect();
    let undone = undo_all(&desk, &mut work, &caller, understood).await?;
    let results = results(items, undone);
    let reply = BatchUndoDecisionsResponse { results };
    request.answer(work.inserts(), reply.encode_to_vec(), desk.now())?;
    work.commit().await?;
    Ok(reply)
}

async fn undo_all(
    desk: &Desk,
    work: &mut Work,
    caller: &Caller,
    reviews: Vec<ReviewId>,
) -> Result<Vec<Result<Review, Error>>, Error> {
    let ids: BTreeSet<ReviewId> = reviews.iter().copied().collect();
    let mut dossiers = take_reviews(work, &ids).await?;
    let (machine, viewer) = (desk.machine(), desk.viewer(caller));
    let (mut outcomes, mut changes) = (Vec::new(), Vec::new());
    for id in reviews {
        let Some(mut dossier) = dossiers.remove(&id) else {
            outcomes.push(Err(Problem::denied().into()));
            continue;
        };
        let before = dossier.case.clone();
        let (Some(review), Some(papers)) = (&mut dossier.case.review, &dossier.papers) else {
            outcomes.push(Err(Problem::denied().into()));
            continue;
        };
        let undone = match may_see_review(caller, viewer.person, review) {
            true => review.undo(viewer.person, viewer.now).map_err(Error::from),
            false => Err(Problem::denied().into()),
        };
        if let Err(error) = undone {
            outcomes.push(Err(error));
            continue;
        }
        outcomes.push(Ok(messages::review(review, papers, &machine, viewer)));
        changes.push((before, dossier));
    }
    let count = changes.len() as u64;
    work.after_commit(move || metrics::counter!("decisions_undone_total").increment(count));
    store::update(work.inserts(), &changes)?;
    Ok(outcomes)
}
