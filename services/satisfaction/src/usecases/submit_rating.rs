//! Takes a rating or a change of it, moves the scores, and sends the report back if the reporter wants that.

use std::sync::Arc;

use database::requests::{Known, Request};
use messaging::Outbox;
use prost::Message as _;
use province::Province;
use vocabulary::{InvitationId, Problem, Verdict};

use crate::domain::opinion::Opinion;
use crate::domain::tally::Ledger;
use crate::error::Error;
use crate::events;
use crate::grpc::encode;
use crate::store::{facts, invitations, ratings};

/// A rating by somebody who was found to be the reporter.
pub struct SubmitRating {
    /// What is rated.
    pub invitation: InvitationId,
    /// What is said.
    pub opinion: Opinion,
    /// Makes a repetition harmless.
    pub request: Request,
}

/// Answers the encoded `Rating`; a repeated request gets the bytes of the first answer.
pub async fn submit_rating(
    outbox: Outbox,
    province: Arc<Province>,
    command: SubmitRating,
) -> Result<Vec<u8>, Error> {
    let mut work = outbox.begin().await?;
    if let Known::Answered(reply) = command.request.look_up(work.tx()).await?? {
        return Ok(reply);
    }
    let invitation = invitations::find_invitation(work.tx(), command.invitation).await?;
    work.lock(invitation.iter().map(|invitation| invitation.closing.report).collect()).await?;
    let before =
        invitations::lock_invitation(work.tx(), command.invitation).await?.ok_or_else(Problem::denied)?;
    let closing = &before.closing;
    let last_round =
        invitations::last_rounds(work.tx(), &[closing.report]).await?.get(&closing.report).copied();
    let superseded = last_round.is_some_and(|last| last > closing.round);
    let now = outbox.clock().now();
    let (after, rating) = before.rate(command.opinion, superseded, &province.policies.rating, now)?;

    invitations::update_answer(work.tx(), &after).await?;
    ratings::insert_rating(work.tx(), &rating).await?;
    let mut ledger = Ledger::default();
    ledger.enter(Some(&before), &after);
    facts::apply(work.tx(), &ledger).await?;
    database::fault_point!("satisfaction.rating.after-save");
    let told = events::rating_submitted(&after, &rating, &province.policies.rating);
    work.publish(closing.report, now, &told);
    if rating.reopened {
        work.publish(closing.report, now, &events::report_reopened(&after, now));
    }
    let reply = encode::rating(&rating).encode_to_vec();
    command.request.answer(work.inserts(), reply.clone(), now)?;
    database::fault_point!("satisfaction.rating.before-commit");
    work.commit().await?;
    database::fault_point!("satisfaction.rating.after-commit");
    count(rating.opinion.verdict, rating.reopened);
    Ok(reply)
}

fn count(verdict: Verdict, reopened: bool) {
    metrics::counter!("ratings_total", "verdict" => verdict.as_str()).increment(1);
    if reopened {
        metrics::counter!("reports_reopened_total").increment(1);
    }
}
