//! What every act of a reporter on their own report has in common: done once, told to the others, on the timeline.

use contract::Event;
use database::requests::{Known, Request};
use province::Notice;
use vocabulary::{MediaId, MessageId, Problem, ReportId, Text, Timestamp};

use crate::domain::message::Message;
use crate::domain::report::{Change, Report};
use crate::domain::timeline::Happening;
use crate::store::{media, messages, reports, timeline};
use crate::{Error, Intake, events};

/// An act under way.
pub(super) struct Act<'a> {
    /// By which a repeat is recognised.
    pub request: Request,
    /// Pseudonym of whoever acts.
    pub owner: &'a [u8],
    /// The report.
    pub id: ReportId,
    /// Words of the reporter, which also stand in the thread.
    pub words: Option<Text>,
}

/// What an act comes to.
pub(super) struct Told<E> {
    /// What the other services are told.
    pub event: E,
    /// What changes for the reporter.
    pub change: Change,
    /// How the timeline says it.
    pub notice: Notice,
}

/// Does what `decide` decides about the caller's own report; answers the encoded report.
pub(super) async fn carry_out<E: Event>(
    intake: &Intake,
    act: Act<'_>,
    decide: impl FnOnce(&mut Report, String, Timestamp) -> Result<Told<E>, Problem>,
) -> Result<Vec<u8>, Error> {
    let Act { request, owner, id, words } = act;
    let mut work = intake.outbox.begin().await?;
    if let Known::Answered(reply) = request.look_up(work.tx()).await?? {
        return Ok(reply);
    }
    work.lock(vec![id]).await?;
    let found = reports::find(work.tx(), id).await?;
    let mut report = found.filter(|report| report.owner == owner).ok_or_else(Problem::denied)?;
    let clock = intake.outbox.clock();
    let now = clock.now();
    let said: String = words.map(String::from).unwrap_or_default();
    let Told { event, change, notice } = decide(&mut report, said.clone(), now)?;
    if !said.is_empty() {
        let id = MessageId(clock.mint());
        let author = auth::Role::Citizen;
        let message = Message { id, report: report.id, author, internal: false, text: said, created: now };
        messages::insert(work.tx(), &message).await?;
    }
    let kind = E::TYPE.rsplit('.').next().unwrap_or(E::TYPE).to_owned();
    let event = work.publish(id, now, &event);
    let text = events::own_words(notice, &report, &intake.province, now);
    let entry = report.record(Happening { event, kind, text }, change, now);
    reports::update_all(work.tx(), std::iter::once(&report)).await?;
    timeline::add_all(work.inserts(), &[entry])?;
    database::fault_point!("intake.act.after-save");
    let links = media::links_to(work.tx(), vec![id.0]).await?;
    let sent: Vec<MediaId> = links.iter().filter(|link| !link.evidence).map(|link| link.media).collect();
    let reply = (intake.encode)(&report, &sent, &intake.province);
    request.answer(work.inserts(), reply.clone(), now)?;
    let watchers = intake.watchers.clone();
    work.after_commit(move || watchers.wake(std::iter::once(id)));
    database::fault_point!("intake.act.before-commit");
    work.commit().await?;
    database::fault_point!("intake.act.after-commit");
    Ok(reply)
}
