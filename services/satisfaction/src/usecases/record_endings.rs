//! Makes an invitation of every closing and takes back those of withdrawn reports, a batch at a time.
//!
//! The order in which closings and withdrawals arrive does not matter: a withdrawal is remembered for closings that
//! come after it, and rounds of a report are independent of each other.

use std::collections::{BTreeMap, BTreeSet};

use messaging::{Envelope, Work};
use province::RatingPolicy;
use sea_orm::DbErr;
use vocabulary::{Clock, InvitationId, ReportId};

use crate::domain::invitation::{Closing, Invitation, Standing};
use crate::domain::tally::Ledger;
use crate::events::{self, News};
use crate::store::{facts, invitations, withdrawals};

/// An event and what it says.
pub struct Heard<'a> {
    /// The event.
    pub envelope: &'a Envelope,
    /// What it says.
    pub news: News,
}

/// A round was closed once already, with other facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("round {round} of this report was closed before with other facts")]
pub struct Contradiction {
    /// The round.
    pub round: u32,
}

/// Records a batch; answers which events contradict what is known (those change nothing).
pub async fn record_endings(
    work: &mut Work,
    heard: &[Heard<'_>],
    policy: &RatingPolicy,
    clock: &Clock,
) -> Result<Vec<Option<Contradiction>>, DbErr> {
    if heard.is_empty() {
        return Ok(Vec::new());
    }
    database::fault_point!("satisfaction.endings.before-load");
    let now = clock.now();
    let reports: Vec<ReportId> =
        heard.iter().map(|heard| heard.envelope.report).collect::<BTreeSet<_>>().into_iter().collect();
    let withdrawn_now: BTreeSet<ReportId> = heard
        .iter()
        .filter(|heard| heard.news == News::Withdrawn)
        .map(|heard| heard.envelope.report)
        .collect();
    let mut withdrawn = withdrawals::list_withdrawn(work.tx(), &reports).await?;
    withdrawn.extend(&withdrawn_now);

    let mut ledger = Ledger::default();
    let mut known: BTreeMap<(ReportId, u32), Closing> = BTreeMap::new();
    let mut taken_back: Vec<InvitationId> = Vec::new();
    for invitation in invitations::lock_of_reports(work.tx(), &reports).await? {
        if withdrawn_now.contains(&invitation.closing.report)
            && let Some(after) = invitation.withdraw()
        {
            ledger.enter(Some(&invitation), &after);
            taken_back.push(invitation.id);
        }
        known.insert((invitation.closing.report, invitation.closing.round), invitation.closing);
    }

    let mut made: Vec<Invitation> = Vec::new();
    let mut contradictions = Vec::with_capacity(heard.len());
    for Heard { envelope, news } in heard {
        let News::Closed(closing) = news else {
            contradictions.push(None);
            continue;
        };
        let key = (closing.report, closing.round);
        if let Some(before) = known.get(&key) {
            contradictions.push((before != &**closing).then_some(Contradiction { round: closing.round }));
            continue;
        }
        known.insert(key, (**closing).clone());
        let id = InvitationId(clock.mint());
        let invitation =
            Invitation::new(id, (**closing).clone(), policy, withdrawn.contains(&closing.report), now);
        ledger.enter(None, &invitation);
        invite(work, envelope, &invitation);
        made.push(invitation);
        contradictions.push(None);
    }

    withdrawals::insert_withdrawals(work.tx(), &withdrawn_now, now).await?;
    invitations::update_standing(work.tx(), &taken_back, Standing::Withdrawn).await?;
    invitations::insert_invitations(work.tx(), &made).await?;
    facts::apply(work.tx(), &ledger).await?;
    database::fault_point!("satisfaction.endings.after-save");
    Ok(contradictions)
}

fn invite(work: &mut Work, envelope: &Envelope, invitation: &Invitation) {
    if invitation.standing != Standing::Open {
        return;
    }
    work.set_cause(Some(envelope.id));
    envelope.span(crate::NAME).in_scope(|| {
        work.publish(invitation.closing.report, invitation.create_time, &events::rating_invited(invitation));
    });
}
