//! Reads one report, as much of it as the caller may see.

use auth::Caller;
use sea_orm::ConnectionTrait;
use vocabulary::{MediaId, Problem, ReportId};

use crate::domain::message::Message;
use crate::domain::report::Report;
use crate::domain::timeline::Entry;
use crate::domain::visibility::{Sight, sight};
use crate::store::{media, messages, reports, timeline};
use crate::{Error, Intake};

/// A report and what belongs to it.
pub struct Reading {
    /// The report.
    pub report: Report,
    /// How much of it the caller may see.
    pub sight: Sight,
    /// Photos and videos its reporter sent.
    pub media: Vec<MediaId>,
    /// What happened, if asked for.
    pub timeline: Vec<Entry>,
    /// The thread, if asked for: only what the caller may read.
    pub messages: Vec<Message>,
}

/// The report, unless it is missing or not for this caller.
pub async fn find_visible(
    intake: &Intake,
    db: &impl ConnectionTrait,
    caller: &Caller,
    id: ReportId,
) -> Result<(Report, Sight), Error> {
    let report = reports::find(db, id).await?.ok_or_else(Problem::denied)?;
    let owner = intake.platform.reporters.owner(caller.subject());
    match sight(caller, &owner, &report) {
        Sight::Nothing => Err(Problem::denied().into()),
        seen => Ok((report, seen)),
    }
}

/// Reads; `full` adds timeline and thread.
pub async fn get_report(
    intake: &Intake,
    caller: &Caller,
    id: ReportId,
    full: bool,
) -> Result<Reading, Error> {
    // Report, timeline and thread of one moment: a change between two reads would show a state that never was.
    let db = intake.outbox.database().snapshot().await?;
    let (report, sight) = find_visible(intake, &db, caller, id).await?;
    let links = media::links_to(&db, vec![id.0]).await?;
    let (timeline, mut messages) = match full {
        true => (timeline::list(&db, id, 0).await?, messages::list(&db, id).await?),
        false => (Vec::new(), Vec::new()),
    };
    messages.retain(|message| message.is_readable(sight));
    Ok(Reading {
        report,
        sight,
        media: links.iter().filter(|link| !link.evidence).map(|link| link.media).collect(),
        timeline,
        messages,
    })
}
