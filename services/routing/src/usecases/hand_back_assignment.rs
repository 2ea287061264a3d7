//! The agency hands back: not its matter.

use vocabulary::{Text, Timestamp};

use super::command::carry_out;
use super::{Command, Desk};
use crate::domain::{Assignment, Case};
use crate::error::Error;

/// The agency hands back: the coordinator, or the agency of last resort, has the report.
pub(crate) async fn hand_back_assignment(
    desk: &Desk,
    command: Command,
    reason: Text,
    reply: impl FnOnce(&Case, &Assignment, Timestamp) -> Vec<u8>,
) -> Result<Vec<u8>, Error> {
    let Command { assignment, version, .. } = command;
    carry_out(desk, command, |case, rules| case.hand_back(rules, assignment, version, &reason), reply).await
}
