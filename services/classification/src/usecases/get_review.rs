//! Reads one review.

use auth::Caller;
use contract::classification::v1::Review;
use vocabulary::{Problem, ReviewId};

use super::{Desk, may_see_review};
use crate::error::Error;
use crate::{messages, store};

/// The review, in whatever state, for callers who may see it.
pub async fn get_review(desk: &Desk, caller: &Caller, id: ReviewId) -> Result<Review, Error> {
    let viewer = desk.viewer(caller);
    let found = store::read_review(desk.outbox.database().read(), id).await?;
    let visible = found.filter(|(review, _)| may_see_review(caller, viewer.person, review));
    let (review, papers) = visible.ok_or_else(Problem::denied)?;
    Ok(messages::review(&review, &papers, &desk.machine(), viewer))
}
