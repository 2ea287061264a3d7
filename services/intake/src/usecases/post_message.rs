//! Writes in a report's thread.

use auth::{Caller, Role};
use contract::event::v1::MessagePosted;
use database::requests::{Known, Request};
use province::Notice;
use vocabulary::{Access, MessageId, Problem, ReportId, Text};

use crate::domain::message::Message;
use crate::domain::report::Change;
use crate::domain::timeline::Happening;
use crate::domain::visibility::{Sight, sight};
use crate::store::{messages, reports, timeline};
use crate::{Error, Intake, events};

/// A message to be written.
pub struct PostMessage {
    /// The request, for recognising repeats.
    pub request: Request,
    /// The report.
    pub report: ReportId,
    /// The words.
    pub text: Text,
    /// Whether only staff may read it.
    pub internal: bool,
}

/// Reporters write in public, those who work on reports also internally; auditors and administrators only read.
fn may_write(role: Role, sight: Sight, internal: bool) -> bool {
    match sight {
        Sight::Nothing | Sight::Public => false,
        Sight::Reporter => !internal,
        Sight::Staff => !matches!(role, Role::Auditor | Role::Administrator),
    }
}

/// Posts; answers the encoded message.
pub async fn post_message(
    intake: &Intake,
    caller: &Caller,
    command: PostMessage,
    encode: impl Fn(&Message) -> Vec<u8>,
) -> Result<Vec<u8>, Error> {
    let mut work = intake.outbox.begin().await?;
    if let Known::Answered(reply) = command.request.look_up(work.tx()).await?? {
        return Ok(reply);
    }
    let owner = intake.platform.reporters.owner(caller.subject());
    work.lock(vec![command.report]).await?;
    let mut report = reports::find(work.tx(), command.report).await?.ok_or_else(Problem::denied)?;
    let seen = sight(caller, &owner, &report);
    if !may_write(caller.role(), seen, command.internal) {
        return Err(Problem::denied().into());
    }
    report.require_open()?;
    let clock = intake.outbox.clock();
    let now = clock.now();
    let message = Message {
        id: MessageId(clock.mint()),
        report: report.id,
        author: caller.role(),
        internal: command.internal,
        text: command.text.into(),
        created: now,
    };
    messages::insert(work.tx(), &message).await?;
    database::fault_point!("intake.message.after-save");
    // Outsiders may listen: what is not known to be ordinary is told to them without its words.
    let open = report.leaf.is_some() && report.access == Access::Ordinary;
    let told = MessagePosted {
        report: report.id.name(),
        message: message.name(),
        author_role: message.author.as_str().to_owned(),
        internal: message.internal,
        text: if message.internal || !open { String::new() } else { message.text.clone() },
    };
    let event = work.publish(report.id, now, &told);
    // An internal note leaves no trace on the timeline that the reporter reads.
    if !message.internal {
        let notice = if seen == Sight::Reporter { Notice::MessageSent } else { Notice::MessagePosted };
        let text = events::own_words(notice, &report, &intake.province, now);
        let entry = report.record(
            Happening { event, kind: "MessagePosted".to_owned(), text },
            Change::default(),
            now,
        );
        reports::update_all(work.tx(), std::iter::once(&report)).await?;
        timeline::add_all(work.inserts(), &[entry])?;
        let (watchers, id) = (intake.watchers.clone(), report.id);
        work.after_commit(move || watchers.wake(std::iter::once(id)));
    }
    let reply = encode(&message);
    command.request.answer(work.inserts(), reply.clone(), now)?;
    database::fault_point!("intake.message.before-commit");
    work.commit().await?;
    database::fault_point!("intake.message.after-commit");
    Ok(reply)
}
