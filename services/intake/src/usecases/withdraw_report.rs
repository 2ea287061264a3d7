//! Takes a report back on its reporter's wish.

use contract::event::v1::ReportWithdrawn;
use database::requests::{Known, Request};
use province::Notice;
use vocabulary::{MediaId, Problem, ReportId};

use crate::domain::report::Report;
use crate::domain::timeline::Happening;
use crate::store::{media, reports, timeline};
use crate::{Error, Intake, events};

/// Withdraws; answers the encoded report.
pub async fn withdraw_report(
    intake: &Intake,
    request: Request,
    owner: &[u8],
    id: ReportId,
    encode: impl Fn(&Report, &[MediaId]) -> Vec<u8>,
) -> Result<Vec<u8>, Error> {
    let mut work = intake.outbox.begin().await?;
    if let Known::Answered(reply) = request.look_up(work.tx()).await?? {
        return Ok(reply);
    }
    work.lock(vec![id]).await?;
    let found = reports::find(work.tx(), id).await?;
    let mut report = found.filter(|report| report.owner == owner).ok_or_else(Problem::denied)?;
    let change = report.withdraw()?;
    let now = intake.outbox.clock().now();
    let told = ReportWithdrawn { report: id.name(), withdraw_time: Some(runtime::wire::timestamp(now)) };
    let event = work.publish(id, now, &told);
    let text = events::own_words(Notice::Withdrawn, &report, &intake.province, now);
    let entry = report.record(Happening { event, kind: "ReportWithdrawn".to_owned(), text }, change, now);
    reports::update_all(work.tx(), std::iter::once(&report)).await?;
    timeline::insert_all(work.tx(), &[entry]).await?;
    let links = media::links_to(work.tx(), vec![id.0]).await?;
    let sent: Vec<MediaId> = links.iter().filter(|link| !link.evidence).map(|link| link.media).collect();
    let reply = encode(&report, &sent);
    request.answer(work.tx(), reply.clone(), now).await?;
    let watchers = intake.watchers.clone();
    work.after_commit(move || watchers.wake(std::iter::once(id)));
    work.commit().await?;
    Ok(reply)
}
