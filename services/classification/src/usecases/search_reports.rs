//! Finds reports by their words, whatever the accents.

use auth::Caller;
use contract::classification::v1::SearchReportsResponse;
use runtime::wire;
use uuid::Uuid;
use vocabulary::{Problem, ReportId};

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
    let before = match search.token.as_str() {
        "" => None,
        token => Some(parse_position(&desk.page_key.decode(&scope, token)?)?),
    };
    let read = desk.outbox.database().read();
    let limit = u64::from(search.size);
    let (found, next) = store::search(read, &search.patterns, sight(caller), before, limit).await?;
    let next_page_token =
        next.map(|report| desk.page_key.encode(&scope, report.0.as_bytes())).unwrap_or_default();
    Ok(SearchReportsResponse { reports: found.iter().map(messages::summary).collect(), next_page_token })
}

/// The token's signature has been checked, so that another length can only come from another version.
fn parse_position(bytes: &[u8]) -> Result<ReportId, Problem> {
    Uuid::from_slice(bytes).map(ReportId).map_err(|_| {
        Problem::invalid(
            "page_token",
            "PAGE_TOKEN_INVALID",
            "is a token of another version; start again without one",
            "Trang không còn hợp lệ, xin tải lại danh sách từ đầu.",
        )
    })
}
