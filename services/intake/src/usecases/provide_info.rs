//! Answers what the reporter was asked.

use contract::event::v1::InfoProvided;
use database::requests::Request;
use province::Notice;
use vocabulary::{ReportId, Text};

use super::reporter_act::{Act, Told, carry_out};
use crate::{Error, Intake};

/// Answers; answers the encoded report.
pub async fn provide_info(
    intake: &Intake,
    request: Request,
    owner: &[u8],
    id: ReportId,
    text: Text,
) -> Result<Vec<u8>, Error> {
    let act = Act { request, owner, id, words: Some(text) };
    carry_out(intake, act, |report, text, now| {
        let change = report.provide_info()?;
        let provide_time = Some(runtime::wire::timestamp(now));
        let event = InfoProvided { report: id.name(), text, provide_time };
        Ok(Told { event, change, notice: Notice::InfoReceived })
    })
    .await
}
