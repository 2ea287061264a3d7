//! Asks for another look at a report that was returned or refused, on its reporter's wish.

use contract::event::v1::ReturnContested;
use database::requests::Request;
use province::Notice;
use vocabulary::{ReportId, Text};

use super::reporter_act::{Act, Told, carry_out};
use crate::{Error, Intake};

/// Contests; answers the encoded report.
pub async fn contest_return(
    intake: &Intake,
    request: Request,
    owner: &[u8],
    id: ReportId,
    reason: Text,
) -> Result<Vec<u8>, Error> {
    let window = intake.province.policies.triage.contest;
    let act = Act { request, owner, id, words: Some(reason) };
    carry_out(intake, act, |report, words, now| {
        let (round, change) = report.contest(window, now)?;
        let contest_time = Some(runtime::wire::timestamp(now));
        let event = ReturnContested { report: id.name(), round, reason: words, contest_time };
        Ok(Told { event, change, notice: Notice::ReturnContested })
    })
    .await
}
