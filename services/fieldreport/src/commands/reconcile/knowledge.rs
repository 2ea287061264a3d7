//! Whether every report of intake is known where, by its state, it must be known.

use std::collections::HashSet;

use database::Database;
use intake::domain::reconciliation::{Days, Filed};
use messaging::Outbox;
use province::Province;
use vocabulary::{ReportId, ReportState, Timestamp};

use crate::commands::events::database_of;
use crate::commands::reconcile::report::Wrong;
use crate::config::Name;

/// Services beside intake, each with the words for a report that it does not know.
const OTHERS: [(Name, &str); 3] = [
    (Name::Classification, "classification has never heard of it"),
    (Name::Routing, "it is classified, but routing has never heard of it"),
    (Name::Satisfaction, "it has ended, but nobody was asked to rate the end"),
];

/// Reports of these days that have not changed since before `settled` and are not known where they must be.
pub(super) async fn find_unknown(
    outboxes: &[Outbox],
    intake: &Outbox,
    province: &Province,
    days: Days,
    settled: Timestamp,
) -> anyhow::Result<Vec<Wrong>> {
    let mut wrong = Vec::new();
    let mut last: Option<Filed> = None;
    loop {
        let page = intake::list_filed(intake.database(), province, days, last.as_ref()).await?;
        for (name, explanation) in OTHERS {
            let Some(other) = database_of(outboxes, name) else { continue };
            let expected: Vec<&Filed> =
                page.iter().filter(|filed| filed.updated < settled && must_know(name, filed)).collect();
            let ids: Vec<ReportId> = expected.iter().map(|filed| filed.id).collect();
            let known = known_reports(name, other.database(), &ids).await?;
            let unknown = expected.into_iter().filter(|filed| !known.contains(&filed.id));
            wrong.extend(unknown.map(|filed| Wrong::report(filed, name.as_str(), explanation)));
        }
        match page.into_iter().next_back() {
            None => return Ok(wrong),
            filed => last = filed,
        }
    }
}

fn must_know(name: Name, filed: &Filed) -> bool {
    match name {
        Name::Intake | Name::Classification => true,
        // It hears of a report with its classification, or with the wish for one.
        Name::Routing => filed.classified,
        Name::Satisfaction => matches!(
            filed.state,
            Some(
                ReportState::Resolved
                    | ReportState::AnsweredDeferred
                    | ReportState::Returned
                    | ReportState::Rejected
                    | ReportState::Closed
            )
        ),
    }
}

async fn known_reports(
    name: Name,
    database: &Database,
    ids: &[ReportId],
) -> anyhow::Result<HashSet<ReportId>> {
    Ok(match name {
        Name::Intake => ids.iter().copied().collect(),
        Name::Classification => classification::known_reports(database, ids).await?,
        Name::Routing => routing::known_reports(database, ids).await?,
        Name::Satisfaction => satisfaction::invited_reports(database, ids).await?,
    })
}
