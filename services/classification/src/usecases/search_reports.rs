//! Finds reports by their words, whatever the accents.

use auth::Caller;
use contract::classification::v1::SearchReportsResponse;
use runtime::wire;
use uuid::Uuid;
use vocabulary::ReportId;

use super::Desk;
use super::similar_reports::sight;
use crate::error::Error;
use crate::{messages, store};

/// The page that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// What the words must match.
    pub patterns: Vec<String>,
    /// At most so many.
    pub size: u32,
    /// Token of the page before, empty for the first.
    pub token: String,
}

/// One page, newest first.
pub async fn search_reports(
    desk: &Desk,
    caller: &Caller,
    search: Search,
) -> Result<SearchReportsResponse, Error> {
    let query = search.patterns.join("|");
    let scope = wire::scope(&[b"SearchReports", &desk.seal.caller(caller), query.as_bytes()]);
    let id = |cursor: &[u8]| Uuid::from_slice(cursor).ok().map(ReportId);
    let before = desk.page_key.decode(&scope, &search.token, id)?;
    let read = desk.outbox.database().read();
    let limit = u64::from(search.size);
    let (found, next) = store::search(read, &search.patterns, sight(caller), before, limit).await?;
    let next_page_token =
        next.map(|report| desk.page_key.encode(&scope, report.0.as_bytes())).unwrap_or_default();
    Ok(SearchReportsResponse { reports: found.iter().map(messages::summary).collect(), next_page_token })
}
