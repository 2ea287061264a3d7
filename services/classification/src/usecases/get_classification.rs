//! Reads how a report was classified.

use auth::Caller;
use contract::classification::v1::Classification;
use vocabulary::{Problem, ReportId};

use super::{Desk, may_see};
use crate::error::Error;
use crate::{messages, store};

/// The classification in force, for callers who may see the report.
pub async fn get_classification(
    desk: &Desk,
    caller: &Caller,
    report: ReportId,
) -> Result<Classification, Error> {
    let found = store::find_classification(desk.outbox.database().read(), report).await?;
    let visible = found.filter(|(classified, _)| may_see(caller, classified.assessment.access));
    let (classified, papers) = visible.ok_or_else(Problem::denied)?;
    Ok(messages::classification(report, &classified, &papers))
}
