//! The agency writes its reply.

use vocabulary::Timestamp;

use super::command::carry_out;
use super::{Command, Desk};
use crate::domain::{Assignment, Case, Resolution};
use crate::error::Error;

/// The reply waits for approval.
pub(crate) async fn submit_resolution(
    desk: &Desk,
    command: Command,
    resolution: Resolution,
    reply: impl FnOnce(&Case, &Assignment, Timestamp) -> Vec<u8>,
) -> Result<Vec<u8>, Error> {
    let Command { assignment, version, .. } = command;
    carry_out(desk, command, |case, rules| case.submit(rules, assignment, version, resolution), reply).await
}
