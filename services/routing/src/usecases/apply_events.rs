//! Events of other services change the cases they are about: a whole batch in a constant number of statements.

use std::collections::HashMap;

use messaging::{Envelope, Work};
use sea_orm::DbErr;
use vocabulary::{AssignmentId, ReportId};

use super::Desk;
use crate::domain::{Case, Decision, Rules, Snapshot};
use crate::{events, store};

/// What an event says, in our words.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum News {
    /// A person must classify it.
    ReviewRequested(Snapshot),
    /// The reporter is asked first.
    InfoRequested,
    /// It was classified, or classified anew.
    Classified(Snapshot, Decision),
    /// The reporter took it back.
    Withdrawn,
    /// The reporter was not satisfied with this closing.
    Reopened(u32),
}

/// One event about one report.
#[derive(Debug)]
pub(crate) struct Change<'e> {
    /// As it came.
    pub(crate) envelope: &'e Envelope,
    /// As we read it.
    pub(crate) news: News,
}

/// Applies the changes in their order.
pub(crate) async fn apply_events(
    desk: &Desk,
    work: &mut Work,
    changes: Vec<Change<'_>>,
) -> Result<(), DbErr> {
    if changes.is_empty() {
        return Ok(());
    }
    database::fault_point!("routing.apply.before-load");
    let now = desk.clock.now();
    let mint = || AssignmentId(desk.clock.mint());
    let rules = Rules { province: &desk.province, now, mint: &mint };
    let before = store::load(work.tx(), changes.iter().map(|change| change.envelope.report)).await?;
    let mut after: HashMap<ReportId, Case> = HashMap::new();
    for Change { envelope, news } in changes {
        let known = || before.get(&envelope.report).cloned().unwrap_or_else(|| Case::new(envelope.report));
        let case = after.entry(envelope.report).or_insert_with(known);
        let facts = match news {
            News::ReviewRequested(snapshot) => {
                case.await_review(rules, snapshot, envelope.sequence, envelope.time);
                Vec::new()
            }
            News::InfoRequested => {
                case.await_answer(rules, envelope.sequence, envelope.time);
                Vec::new()
            }
            News::Classified(snapshot, decision) => case.classify(rules, snapshot, decision),
            News::Withdrawn => case.withdraw(rules),
            News::Reopened(round) => case.reopen(rules, round),
        };
        work.set_cause(Some(envelope.id));
        // The events that follow belong to the trace of the one that caused them.
        envelope.span("routing").in_scope(|| events::publish(work, &desk.province, now, case, facts));
    }
    work.set_cause(None);
    store::save(work, after.values_mut().map(|case| (before.get(&case.report), case))).await?;
    database::fault_point!("routing.apply.after-save");
    Ok(())
}
