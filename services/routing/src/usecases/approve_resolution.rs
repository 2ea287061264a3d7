//! The reply is approved and becomes public.

use vocabulary::Timestamp;

use super::command::carry_out;
use super::{Command, Desk};
use crate::domain::{Assignment, Case};
use crate::error::Error;

/// The reply is approved and becomes public.
pub(crate) async fn approve_resolution(
    desk: &Desk,
    command: Command,
    reply: impl FnOnce(&Case, &Assignment, Timestamp) -> Vec<u8>,
) -> Result<Vec<u8>, Error> {
    let Command { assignment, version, .. } = command;
    carry_out(desk, command, |case, rules| case.approve(rules, assignment, version), reply).await
}
