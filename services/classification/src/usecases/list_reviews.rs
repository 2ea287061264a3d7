//! Lists the reviews that a caller may decide, the nearest deadline first.

use auth::{Caller, Role};
use contract::classification::v1::ListReviewsResponse;
use database::Cursor;
use runtime::wire;
use vocabulary::Access;

use super::{Desk, may_see_review};
use crate::domain::review::ReviewState;
use crate::error::Error;
use crate::store::Queue;
use crate::{messages, store};

/// The page that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// At most so many.
    pub size: u32,
    /// Token of the page before, empty for the first.
    pub token: String,
    /// In this state, which is a live one.
    pub state: ReviewState,
    /// Without those that somebody else has claimed.
    pub unclaimed: bool,
    /// Only what is not ordinary.
    pub sealed: bool,
}

/// One page of the queue.
pub async fn list_reviews(desk: &Desk, caller: &Caller, page: Page) -> Result<ListReviewsResponse, Error> {
    let filter = [page.state.as_str().as_bytes(), &[u8::from(page.unclaimed), u8::from(page.sealed)]];
    let scope = wire::scope(&[b"ListReviews", &desk.seal.caller(caller), filter[0], filter[1]]);
    let after = desk.page_key.decode(&scope, &page.token, Cursor::from_bytes)?;
    let viewer = desk.viewer(caller);
    let queue = Queue {
        state: page.state,
        only: (caller.role() != Role::ClearedOfficer).then_some(Access::Ordinary),
        sealed: page.sealed,
        free_for: page.unclaimed.then_some((viewer.person, viewer.now)),
    };
    let size = page.size as usize;
    let read = desk.outbox.database().read();
    let mut rows = store::list_reviews(read, queue, after, u64::from(page.size) + 1).await?;
    let more = rows.len() > size;
    rows.truncate(size);
    let next = rows.last().filter(|_| more).map(|(last, _)| Cursor { time: last.due_time, id: last.id.0 });
    let next_page_token = next.map(|last| desk.page_key.encode(&scope, &last.to_bytes())).unwrap_or_default();
    // What was just decided to be graver than proposed is withheld at once, also from this list.
    let visible = rows.iter().filter(|(review, _)| may_see_review(caller, viewer.person, review));
    let machine = desk.machine();
    let reviews =
        visible.map(|(review, papers)| messages::review(review, papers, &machine, viewer)).collect();
    Ok(ListReviewsResponse { reviews, next_page_token })
}
