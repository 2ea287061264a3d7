//! Compares what senders were told with what is stored. The codes that were issued are read from the stored answers of
//! CreateReport, which know nothing of the table of reports.

use std::time::Duration;

use contract::intake::v1 as wire;
use database::Database;
use database::requests::{Reply, list_replies};
use prost::Message as _;
use province::Province;
use runtime::wire::parse_timestamp;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};
use time::Date;
use vocabulary::{ReportId, Timestamp};

use crate::domain::reconciliation::{Days, Filed, Findings, Gap, Ledger, Line};
use crate::store::identities::{self, Reading};
use crate::store::reconciliation;

/// Rows that are in memory at once; of a day only its codes are kept.
const PAGE: u64 = 500;

/// How long a report may stand still before it is a gap: the sweeper must have had the time to help it.
pub fn patience(stuck_after: Duration) -> Duration {
    stuck_after * 2
}

/// The outcome of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Reconciliation {
    /// Day by day, agency by agency; nothing where there is nothing.
    pub lines: Vec<Line>,
    /// What does not add up, as much of it as was asked for.
    pub gaps: Vec<Gap>,
    /// How much does not add up.
    pub gap_count: u64,
    /// Whether sealed identities could be looked for.
    pub identities_checked: bool,
}

/// Compares these days, names at most `limit` gaps. Reports that have not changed since before `stuck_before` must have
/// moved on from where services move them.
///
/// Each day is read at one moment: what is taken meanwhile is on both sides, or on none.
pub async fn reconcile_reports(
    database: &Database,
    province: &Province,
    days: Days,
    stuck_before: Timestamp,
    limit: usize,
) -> Result<Reconciliation, DbErr> {
    let mut found =
        Reconciliation { lines: Vec::new(), gaps: Vec::new(), gap_count: 0, identities_checked: true };
    for day in days.each() {
        let mut ledger = Ledger::new(day);
        let hours = hours(province, Days { first: day, last: day });
        let snapshot = database.snapshot().await?;
        let reading = identities::reading(&snapshot).await?;
        found.identities_checked &= reading != Reading::Denied;
        enter_issued(&snapshot, hours, &mut ledger).await?;
        let mut last = None;
        loop {
            let page = reconciliation::list_filed(&snapshot, hours, last.as_ref(), PAGE).await?;
            enter_stored(&snapshot, reading, stuck_before, &page, &mut ledger).await?;
            last = page.into_iter().next_back();
            if last.is_none() {
                break;
            }
        }
        drop(snapshot);
        let (lines, gaps) = ledger.close();
        found.lines.extend(lines);
        found.gap_count += gaps.len() as u64;
        let room = limit - found.gaps.len();
        found.gaps.extend(gaps.into_iter().take(room));
    }
    Ok(found)
}

/// Reports of these days in pages, after `last`; an empty page is the end.
pub async fn list_filed(
    database: &Database,
    province: &Province,
    days: Days,
    last: Option<&Filed>,
) -> Result<Vec<Filed>, DbErr> {
    reconciliation::list_filed(database.read(), hours(province, days), last, PAGE).await
}

/// From the first instant of the first day to before the first one after the last day.
pub fn hours(province: &Province, days: Days) -> (Timestamp, Timestamp) {
    let calendar = &province.calendar;
    let end = days.last.next_day().unwrap_or(Date::MAX);
    (calendar.day_start(days.first), calendar.day_start(end))
}

async fn enter_issued(
    db: &impl ConnectionTrait,
    hours: (Timestamp, Timestamp),
    ledger: &mut Ledger,
) -> Result<(), DbErr> {
    let mut last: Option<Reply> = None;
    loop {
        let page = list_replies(db, hours, last.as_ref(), PAGE).await?;
        for (code, report) in page.iter().filter_map(issued) {
            ledger.issue(code, report);
        }
        last = page.into_iter().next_back();
        if last.is_none() {
            return Ok(());
        }
    }
}

/// The code that an answer has told for the first time: the answer of a CreateReport shows a report that was made in its
/// own transaction; those of other commands show an older one, or something else.
fn issued(reply: &Reply) -> Option<(String, ReportId)> {
    let report = wire::Report::decode(reply.bytes.as_slice()).ok()?;
    let created = parse_timestamp("create_time", report.create_time).ok()?;
    let id = ReportId::parse_name(&report.name).ok()?;
    (created == reply.time).then_some((report.code, id))
}

async fn enter_stored(
    snapshot: &DatabaseTransaction,
    reading: Reading,
    stuck_before: Timestamp,
    page: &[Filed],
    ledger: &mut Ledger,
) -> Result<(), DbErr> {
    if page.is_empty() {
        return Ok(());
    }
    let ids: Vec<ReportId> = page.iter().map(|filed| filed.id).collect();
    let extents = reconciliation::extents(snapshot, &ids).await?;
    let standing = reconciliation::find_standing(snapshot, &ids, stuck_before).await?;
    let sealed = identities::find_sealed(snapshot, reading, &ids).await?;
    for filed in page {
        let findings = Findings {
            timeline: extents.get(&filed.id).copied(),
            has_identity: sealed.as_ref().map(|sealed| sealed.contains(&filed.id)),
            stands_still: standing.contains(&filed.id),
        };
        ledger.store(filed, &findings);
    }
    Ok(())
}
