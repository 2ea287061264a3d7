//! Two people label a share of the machine's sure suggestions without seeing them.

use auth::Caller;
use contract::classification::v1::{BlindTask, ListBlindTasksResponse, SubmitBlindLabelResponse};
use database::requests::Request;
use prost::Message as _;
use uuid::Uuid;
use vocabulary::{LeafCode, Problem, Urgency};

use super::{Desk, answered};
use crate::error::Error;
use crate::store;

/// What the caller can label, oldest first.
pub async fn list_blind_tasks(
    desk: &Desk,
    caller: &Caller,
    size: u32,
) -> Result<ListBlindTasksResponse, Error> {
    let read = desk.outbox.database().read();
    let tasks = store::blind_tasks(read, desk.person(caller), size as usize).await?;
    let task = |(id, text)| BlindTask { name: format!("blindTasks/{id}"), text };
    Ok(ListBlindTasksResponse { tasks: tasks.into_iter().map(task).collect() })
}

/// The command.
#[derive(Debug, Clone)]
pub struct SubmitBlindLabel {
    /// Who.
    pub caller: Caller,
    /// The task.
    pub task: Uuid,
    /// What it is about.
    pub leaf: LeafCode,
    /// How dangerous it is.
    pub urgency: Urgency,
    /// By which a repeat is recognised.
    pub request: Request,
}

/// Labels, once per person.
pub async fn submit_blind_label(
    desk: Desk,
    command: SubmitBlindLabel,
) -> Result<SubmitBlindLabelResponse, Error> {
    let SubmitBlindLabel { caller, task, leaf, urgency, request } = command;
    let mut work = desk.outbox.begin().await?;
    if let Some(answer) = answered(&request, &work).await? {
        return Ok(answer);
    }
    let (person, now) = (desk.person(&caller), desk.now());
    if !store::insert_blind_label(work.tx(), task, person, (&leaf, urgency), now).await? {
        return Err(Problem::denied().into());
    }
    let reply = SubmitBlindLabelResponse {};
    request.answer(work.inserts(), reply.encode_to_vec(), now)?;
    work.commit().await?;
    Ok(reply)
}
