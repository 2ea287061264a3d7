//! Lists labels, newest first.

use auth::Caller;
use contract::classification::v1::ListLabelsResponse;
use database::Cursor;
use runtime::wire;

use super::{Desk, may_see};
use crate::error::Error;
use crate::{messages, store};

/// One page of what the caller may see; a page may be short although more follow.
pub async fn list_labels(
    desk: &Desk,
    caller: &Caller,
    size: u32,
    token: &str,
) -> Result<ListLabelsResponse, Error> {
    let scope = wire::scope(&[b"ListLabels", &desk.seal.caller(caller)]);
    let before = desk.page_key.decode(&scope, token, Cursor::from_bytes)?;
    let read = desk.outbox.database().read();
    let mut found = store::list_labels(read, before, u64::from(size) + 1).await?;
    let more = found.len() > size as usize;
    found.truncate(size as usize);
    let next = found.last().filter(|_| more).map(|last| Cursor { time: last.decide_time, id: last.id });
    let next_page_token = next.map(|last| desk.page_key.encode(&scope, &last.to_bytes())).unwrap_or_default();
    let visible = found.iter().filter(|record| may_see(caller, record.access));
    Ok(ListLabelsResponse { labels: visible.map(messages::label).collect(), next_page_token })
}
