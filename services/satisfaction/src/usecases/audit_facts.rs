//! Compares the kept facts of scores with facts computed anew from invitations and every revision of their ratings.

use std::collections::BTreeMap;

use database::Database;
use vocabulary::InvitationId;

use crate::domain::invitation::{Answer, Rating};
use crate::domain::tally::Ledger;
use crate::error::Error;
use crate::store::{facts, invitations, ratings};

/// Invitations in memory at a time.
const PAGE: u64 = 5_000;

/// Every difference, in words.
pub async fn audit_facts(database: &Database) -> Result<Vec<String>, Error> {
    let mut differences = Vec::new();
    let mut anew = Ledger::default();
    let mut after = None;
    loop {
        let page = invitations::list_after(database.read(), after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        let ids: Vec<InvitationId> = page.iter().map(|invitation| invitation.id).collect();
        let mut rated: BTreeMap<InvitationId, Vec<Rating>> = BTreeMap::new();
        for rating in ratings::list_of_invitations(database.read(), &ids).await? {
            rated.entry(rating.invitation).or_default().push(rating);
        }
        for mut invitation in page {
            let revisions = rated.remove(&invitation.id).unwrap_or_default();
            let answer = answer_of(&revisions);
            let reopened = revisions.iter().filter(|rating| rating.reopened).count();
            if (answer, reopened) != (invitation.answer, usize::from(invitation.reopened)) {
                differences.push(format!("{} does not stand as its ratings say", invitation.id.name()));
            }
            (invitation.answer, invitation.reopened) = (answer, reopened > 0);
            anew.enter(None, &invitation);
        }
    }
    differences.extend(anew.differences(&facts::read_all(database.read()).await?));
    Ok(differences)
}

/// The rating in force, from its revisions in order.
fn answer_of(revisions: &[Rating]) -> Option<Answer> {
    let (first, last) = (revisions.first()?, revisions.last()?);
    Some(Answer { revision: last.revision, verdict: last.opinion.verdict, first_time: first.create_time })
}
