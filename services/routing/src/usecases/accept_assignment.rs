//! The agency accepts: it starts to work.

use vocabulary::Timestamp;

use super::command::carry_out;
use super::{Command, Desk};
use crate::domain::{Assignment, Case};
use crate::error::Error;

/// The agency accepts: it starts to work.
pub(crate) async fn accept_assignment(
    desk: &Desk,
    command: Command,
    reply: impl FnOnce(&Case, &Assignment, Timestamp) -> Vec<u8>,
) -> Result<Vec<u8>, Error> {
    let Command { assignment, version, .. } = command;
    carry_out(desk, command, |case, rules| case.accept(rules, assignment, version), reply).await
}
