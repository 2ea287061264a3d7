//! Lists the caller's own reports or the public ones.

use auth::Caller;
use vocabulary::{MediaId, ReportId};

use crate::domain::report::Report;
use crate::domain::visibility::{Sight, sight};
use crate::store::reports::Filter;
use crate::store::{media, reports};
use crate::{Error, Intake};

/// One page.
pub struct Page {
    /// Reports with what the caller may see of each, newest first.
    pub reports: Vec<(Report, Sight, Vec<MediaId>)>,
    /// The last report of the page, if more follow.
    pub next: Option<ReportId>,
}

/// Lists at most `size` reports older than `before`.
pub async fn list_reports(
    intake: &Intake,
    caller: &Caller,
    filter: &Filter,
    before: Option<ReportId>,
    size: u32,
) -> Result<Page, Error> {
    let db = intake.outbox.database().read();
    let owner = intake.platform.reporters.owner(caller.subject());
    let mut found = reports::list(db, filter, before, u64::from(size) + 1).await?;
    let more = found.len() > size as usize;
    found.truncate(size as usize);
    let links = media::links_to(db, found.iter().map(|report| report.id.0).collect()).await?;
    let media_of = |report: &Report| {
        let own = links.iter().filter(|link| link.report == report.id && !link.evidence);
        own.map(|link| link.media).collect::<Vec<_>>()
    };
    let next = found.last().filter(|_| more).map(|report| report.id);
    let reports = found
        .into_iter()
        .map(|report| {
            let (seen, sent) = (sight(caller, &owner, &report), media_of(&report));
            (report, seen, sent)
        })
        .filter(|(_, seen, _)| *seen != Sight::Nothing)
        .collect();
    Ok(Page { reports, next })
}
