//! Lists labels, newest first.

use auth::Caller;
use contract::classification::v1::ListLabelsResponse;
use runtime::wire;
use uuid::Uuid;
use vocabulary::{Problem, Timestamp};

use super::{Desk, may_see};
use crate::error::Error;
use crate::store::LabelPosition;
use crate::{messages, store};

/// One page of what the caller may see; a page may be short although more follow.
pub async fn list_labels(
    desk: &Desk,
    caller: &Caller,
    size: u32,
    token: &str,
) -> Result<ListLabelsResponse, Error> {
    let scope = wire::scope(&[b"ListLabels", &desk.seal.caller(caller)]);
    let before = match token {
        "" => None,
        token => Some(parse_position(&desk.page_key.decode(&scope, token)?)?),
    };
    let read = desk.outbox.database().read();
    let mut found = store::list_labels(read, before, u64::from(size) + 1).await?;
    let more = found.len() > size as usize;
    found.truncate(size as usize);
    let position = |last: &store::LabelRecord| {
        [last.decide_time.micros().to_be_bytes().as_slice(), last.id.as_bytes()].concat()
    };
    let next_page_token = match found.last() {
        Some(last) if more => desk.page_key.encode(&scope, &position(last)),
        Some(_) | None => String::new(),
    };
    let visible = found.iter().filter(|record| may_see(caller, record.access));
    Ok(ListLabelsResponse { labels: visible.map(messages::label).collect(), next_page_token })
}

/// The token's signature has been checked, so that another length can only come from another version.
fn parse_position(bytes: &[u8]) -> Result<LabelPosition, Problem> {
    let parts = bytes.split_first_chunk::<8>();
    parts
        .and_then(|(time, label)| {
            let decide_time = Timestamp::from_micros(i64::from_be_bytes(*time));
            Some(LabelPosition { decide_time, label: Uuid::from_slice(label).ok()? })
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
