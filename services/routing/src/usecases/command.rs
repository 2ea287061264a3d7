//! What all commands of an agency have in common: who may give them, and exactly one effect per request.

use auth::{Caller, Role};
use database::requests::{Known, Request};
use vocabulary::{Access, AssignmentId, Problem, Timestamp};

use super::Desk;
use crate::domain::{Assignment, Case, Fact, Refusal, Rules};
use crate::error::Error;
use crate::{events, store};

/// A command on one assignment.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    /// The assignment.
    pub(crate) assignment: AssignmentId,
    /// Its version as the caller has read it.
    pub(crate) version: i64,
    /// The request, for replays.
    pub(crate) request: Request,
}

/// Refuses callers who may not work on this assignment as one of `roles`, as if it were not there.
///
/// Handlers and leaders work for their own agency, coordinators for the coordinating one, supervisors for all. What is not
/// ordinary is worked on by cleared officers alone, whichever agency has it.
pub(crate) async fn authorise(
    desk: &Desk,
    caller: &Caller,
    roles: &[Role],
    assignment: AssignmentId,
) -> Result<(), Error> {
    let held = store::find_holder(desk.database.read(), assignment).await?.ok_or_else(Problem::denied)?;
    let cleared = caller.role() == Role::ClearedOfficer;
    let competent = match held.access {
        Access::Restricted | Access::Quarantine => cleared,
        Access::Ordinary if cleared || !roles.contains(&caller.role()) => false,
        Access::Ordinary => match caller.role() {
            Role::AgencyHandler | Role::AgencyLeader => caller.agency() == Some(&held.agency),
            Role::Coordinator => held.agency == desk.province.profile.coordinating_agency,
            Role::Supervisor => true,
            Role::Citizen
            | Role::Assistant
            | Role::ClearedOfficer
            | Role::ScoreConsumer
            | Role::Administrator
            | Role::Auditor
            | Role::Public => false,
        },
    };
    if competent { Ok(()) } else { Err(Problem::denied().into()) }
}

/// Carries a command out, or answers what was answered before: bytes of the reply.
pub(super) async fn carry_out(
    desk: &Desk,
    command: Command,
    tell: impl FnOnce(&mut Case, Rules<'_>) -> Result<Vec<Fact>, Refusal>,
    reply: impl FnOnce(&Case, &Assignment, Timestamp) -> Vec<u8>,
) -> Result<Vec<u8>, Error> {
    let mut work = desk.outbox.begin().await?;
    if let Known::Answered(bytes) = command.request.look_up(work.tx()).await?? {
        return Ok(bytes);
    }
    let now = desk.clock.now();
    let report = store::find_report(work.tx(), command.assignment).await?.ok_or_else(Problem::denied)?;
    work.lock(vec![report]).await?;
    database::fault_point!("routing.command.after-lock");
    let before = store::load(work.tx(), [report]).await?.remove(&report).ok_or_else(Problem::denied)?;
    let mut case = before.clone();
    let mint = || AssignmentId(desk.clock.mint());
    let facts = tell(&mut case, Rules { province: &desk.province, now, mint: &mint })?;
    store::save(&mut work, [(Some(&before), &mut case)]).await?;
    database::fault_point!("routing.command.after-save");
    let assignment = case.assignments.iter().find(|assignment| assignment.id == command.assignment);
    let bytes = reply(&case, assignment.ok_or_else(Problem::denied)?, now);
    events::publish(&mut work, &desk.province, now, &case, facts);
    command.request.answer(work.inserts(), bytes.clone(), now)?;
    database::fault_point!("routing.command.before-commit");
    work.commit().await?;
    database::fault_point!("routing.command.after-commit");
    Ok(bytes)
}
