//! Takes a report back on its reporter's wish.

use contract::event::v1::ReportWithdrawn;
use database::requests::Request;
use province::Notice;
use vocabulary::ReportId;

use super::reporter_act::{Act, Told, carry_out};
use crate::{Error, Intake};

/// Withdraws; answers the encoded report.
pub async fn withdraw_report(
    intake: &Intake,
    request: Request,
    owner: &[u8],
    id: ReportId,
) -> Result<Vec<u8>, Error> {
    let act = Act { request, owner, id, words: None };
    carry_out(intake, act, |report, _, now| {
        let change = report.withdraw()?;
        let withdraw_time = Some(runtime::wire::timestamp(now));
        let event = ReportWithdrawn { report: id.name(), withdraw_time };
        Ok(Told { event, change, notice: Notice::Withdrawn })
    })
    .await
}
