//! People say of a label that it is right, wrong, or may be learned from.

use auth::{Caller, Role};
use contract::classification::v1::Label;
use database::requests::Request;
use prost::Message as _;
use uuid::Uuid;
use vocabulary::{Access, Problem};

use super::{Desk, answered, may_see};
use crate::domain::labels::Mark;
use crate::error::Error;
use crate::messages;
use crate::store::{self, NewMark};

/// The command.
#[derive(Debug, Clone)]
pub struct MarkLabel {
    /// Who.
    pub caller: Caller,
    /// The label.
    pub label: Uuid,
    /// What is said of it.
    pub mark: Mark,
    /// Why; may be empty.
    pub reason: String,
    /// By which a repeat is recognised.
    pub request: Request,
}

/// Says it, once per request.
pub async fn mark_label(desk: Desk, command: MarkLabel) -> Result<Label, Error> {
    let MarkLabel { caller, label, mark, reason, request } = command;
    let mut work = desk.outbox.begin().await?;
    if let Some(answer) = answered(&request, &work).await? {
        return Ok(answer);
    }
    let found = store::find_label(work.tx(), label).await?;
    let record = found.filter(|record| may_see(&caller, record.access)).ok_or_else(Problem::denied)?;
    // What is not sealed needs no approval, and what is kept out for another reason gets none.
    let about_secrets = matches!(mark, Mark::TrainingApproved | Mark::TrainingRevoked);
    if about_secrets && (record.access == Access::Ordinary || caller.role() != Role::ClearedOfficer) {
        return Err(Problem::denied().into());
    }
    let (person, time) = (desk.person(&caller), desk.now());
    let new = NewMark { id: desk.outbox.clock().mint(), mark, person: Some(person), reason, time };
    store::insert_mark(work.tx(), label, new).await?;
    let record = store::find_label(work.tx(), label).await?.ok_or_else(Problem::denied)?;
    let reply = messages::label(&record);
    request.answer(work.inserts(), reply.encode_to_vec(), time)?;
    work.commit().await?;
    if about_secrets {
        tracing::warn!(label = %label, mark = mark.as_str(), by = ?person, "training on a sealed report");
    }
    Ok(reply)
}
