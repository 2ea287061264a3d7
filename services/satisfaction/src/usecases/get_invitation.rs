//! Reads an invitation for the reporter it was made for, and for nobody else.

use auth::{Caller, ReporterSeal};
use database::Database;
use vocabulary::{InvitationId, Problem};

use crate::domain::invitation::{Invitation, Rating};
use crate::error::Error;
use crate::store::{invitations, ratings};

/// The invitation, if it is the caller's. Somebody else's and none at all are answered alike.
pub async fn find_own(
    database: &Database,
    reporters: &ReporterSeal,
    caller: &Caller,
    id: InvitationId,
) -> Result<Invitation, Error> {
    let invitation = invitations::find_invitation(database.read(), id).await?;
    let own = |invitation: &Invitation| {
        reporters.proof(invitation.closing.report, caller.subject()) == invitation.closing.reporter_proof
    };
    Ok(invitation.filter(own).ok_or_else(Problem::denied)?)
}

/// The caller's invitation with the rating in force.
pub async fn get_invitation(
    database: &Database,
    reporters: &ReporterSeal,
    caller: &Caller,
    id: InvitationId,
) -> Result<(Invitation, Option<Rating>), Error> {
    let invitation = find_own(database, reporters, caller, id).await?;
    Ok((invitation, ratings::find_latest(database.read(), id).await?))
}
