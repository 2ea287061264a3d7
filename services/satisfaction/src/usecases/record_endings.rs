//! Makes an invitation of every closing and takes back those of withdrawn reports and contested returns, a batch at a time.
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

/// Why an event changes nothing that it should change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// A round was closed once already, with other facts.
    #[error("round {0} of this report was closed before with other facts")]
    Contradiction(u32),
    /// What is contested is not known yet; it will be.
    #[error("round {0} of this report is not known to be closed yet")]
    Early(u32),
}

/// Records a batch; answers for each event whether it does not fit what is known (and then changes nothing).
pub async fn record_endings(
    work: &mut Work,
    heard: &[Heard<'_>],
    policy: &RatingPolicy,
    clock: &Clock,
) -> Result<Vec<Option<Misfit>>, DbErr> {
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
    let mut before: BTreeMap<(ReportId, u32), Invitation> = BTreeMap::new();
    for invitation in invitations::lock_of_reports(work.tx(), &reports).await? {
        if withdrawn_now.contains(&invitation.closing.report)
            && let Some(after) = invitation.withdraw()
        {
            ledger.enter(Some(&invitation), &after);
            taken_back.push(invitation.id);
        } else {
            before.insert((invitation.closing.report, invitation.closing.round), invitation.clone());
        }
        known.insert((invitation.closing.report, invitation.closing.round), invitation.closing);
    }

    let mut made: Vec<Invitation> = Vec::new();
    let mut misfits = Vec::with_capacity(heard.len());
    for Heard { envelope, news } in heard {
        let News::Closed(closing) = news else {
            misfits.push(None);
            continue;
        };
        let key = (closing.report, closing.round);
        if let Some(facts) = known.get(&key) {
            misfits.push((facts != &**closing).then_some(Misfit::Contradiction(closing.round)));
            continue;
        }
        known.insert(key, (**closing).clone());
        let id = InvitationId(clock.mint());
        let invitation =
            Invitation::new(id, (**closing).clone(), policy, withdrawn.contains(&closing.report), now);
        ledger.enter(None, &invitation);
        invite(work, envelope, &invitation);
        made.push(invitation);
        misfits.push(None);
    }
    let mut contested: Vec<InvitationId> = Vec::new();
    for (Heard { envelope, news }, misfit) in heard.iter().zip(&mut misfits) {
        let News::Contested(round) = news else { continue };
        let key = (envelope.report, *round);
        let new = made.iter_mut().find(|made| (made.closing.report, made.closing.round) == key);
        match (new, before.get_mut(&key)) {
            (Some(invitation), _) => {
                take_back(&mut ledger, invitation);
            }
            (None, Some(invitation)) => contested.extend(take_back(&mut ledger, invitation)),
            // Taken back with its report.
            (None, None) if known.contains_key(&key) => {}
            (None, None) => *misfit = Some(Misfit::Early(*round)),
        }
    }

    withdrawals::insert_withdrawals(work.tx(), &withdrawn_now, now).await?;
    invitations::update_standing(work.tx(), &taken_back, Standing::Withdrawn).await?;
    invitations::update_standing(work.tx(), &contested, Standing::Contested).await?;
    invitations::add_invitations(work.inserts(), &made)?;
    facts::apply(work.tx(), &ledger).await?;
    database::fault_point!("satisfaction.endings.after-save");
    Ok(misfits)
}

/// The closing is contested: nobody need rate it any more. Answers which invitation has changed.
fn take_back(ledger: &mut Ledger, invitation: &mut Invitation) -> Option<InvitationId> {
    let after = invitation.contest()?;
    ledger.enter(Some(invitation), &after);
    *invitation = after;
    Some(invitation.id)
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
