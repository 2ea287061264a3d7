//! Lists the reviews that a caller may decide, the nearest deadline first.

use auth::{Caller, Role};
use contract::classification::v1::ListReviewsResponse;
use runtime::wire;
use uuid::Uuid;
use vocabulary::{Access, Problem, ReviewId, Timestamp};

use super::{Desk, may_see_review};
use crate::domain::review::ReviewState;
use crate::error::Error;
use crate::store::{Position, Queue};
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
    let after = match page.token.as_str() {
        "" => None,
        token => Some(parse_position(&desk.page_key.decode(&scope, token)?)?),
    };
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
    let next_page_token = match rows.last() {
        Some((last, _)) if more => desk
            .page_key
            .encode(&scope, &position_bytes(Position { due_time: last.due_time, review: last.id })),
        _ => String::new(),
    };
    // What was just decided to be graver than proposed is withheld at once, also from this list.
    let visible = rows.iter().filter(|(review, _)| may_see_review(caller, viewer.person, review));
    let machine = desk.machine();
    let reviews =
        visible.map(|(review, papers)| messages::review(review, papers, &machine, viewer)).collect();
    Ok(ListReviewsResponse { reviews, next_page_token })
}

fn position_bytes(position: Position) -> Vec<u8> {
    let due_time = position.due_time.micros().to_be_bytes();
    [due_time.as_slice(), position.review.0.as_bytes()].concat()
}

/// The token's signature has been checked, so that another length can only come from another version.
fn parse_position(bytes: &[u8]) -> Result<Position, Problem> {
    let parts = bytes.split_first_chunk::<8>();
    parts
        .and_then(|(due_time, review)| {
            let review = ReviewId(Uuid::from_slice(review).ok()?);
            Some(Position { due_time: Timestamp::from_micros(i64::from_be_bytes(*due_time)), review })
        })
        .ok_or_else(|| {
            Problem::invalid(
                "page_token",
                "PAGE_TOKEN_INVALID",
                "is a token of another version; start again without one",
                "Trang không còn hợp lệ, xin tải lại danh sách từ đầu.",
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_round_trip() {
        let position =
            Position { due_time: Timestamp::from_micros(-5), review: ReviewId(Uuid::from_u128(9)) };
        assert_eq!(parse_position(&position_bytes(position)), Ok(position));
        assert!(parse_position(b"short").is_err());
        assert!(parse_position(&[0; 25]).is_err());
    }
}
