//! The models that were trained here: listed, and taken back.

use auth::Caller;
use contract::classification::v1::{ListModelsResponse, RollbackModelResponse, TrainModelResponse};
use database::requests::{Known, Request};
use prost::Message as _;
use vocabulary::{ErrorCode, Problem};

use super::Desk;
use super::train_model::{TrainModelError, follow_switches};
use crate::domain::promotion::{NoEarlierModel, Switch, before, in_force};
use crate::error::Error;
use crate::{messages, store};

const SHOWN: u64 = 30;

/// The newest models, with what became of each.
pub async fn list_models(desk: &Desk) -> Result<ListModelsResponse, Error> {
    let read = desk.outbox.database().read();
    let models = store::list_models(read, SHOWN).await?;
    let switches = store::switches(read).await?;
    let current = in_force(switches.iter().map(|(switch, version)| (*switch, version.as_str())));
    let model = |record: &store::ModelRecord| {
        let promoted = switches
            .iter()
            .any(|(switch, version)| *switch == Switch::Promoted && *version == record.version);
        messages::trained_model(record, current == Some(record.version.as_str()), promoted)
    };
    Ok(ListModelsResponse {
        models: models.iter().map(model).collect(),
        version_in_force: desk.machine().version().to_owned(),
    })
}

/// Has a model trained as soon as possible, by this process.
pub async fn ask_for_training(desk: Desk, request: Request) -> Result<TrainModelResponse, Error> {
    let mut work = desk.outbox.begin().await?;
    if let Known::Answered(_) = request.look_up(work.tx()).await?? {
        return Ok(TrainModelResponse {});
    }
    let reply = TrainModelResponse {};
    request.answer(work.tx(), reply.encode_to_vec(), desk.now()).await?;
    let train = desk.train.clone();
    work.after_commit(move || train.notify_one());
    work.commit().await?;
    Ok(reply)
}

/// Takes the model in force back, one step.
pub async fn roll_back(desk: Desk, caller: Caller, request: Request) -> Result<RollbackModelResponse, Error> {
    let work = desk.outbox.begin().await?;
    if let Known::Answered(reply) = request.look_up(work.tx()).await?? {
        return RollbackModelResponse::decode(&*reply).map_err(|_| Problem::internal("stored reply").into());
    }
    let switches = store::switches(work.tx()).await?;
    let by_version = || switches.iter().map(|(switch, version)| (*switch, version.as_str()));
    let earlier = before(by_version()).map_err(|NoEarlierModel| {
        Problem::new(
            ErrorCode::FailedPrecondition,
            "NO_EARLIER_MODEL",
            "the model of the province pack is in force; there is none before it",
            "Đang dùng mô hình của gói cấu hình tỉnh, không còn bản trước đó.",
        )
    })?;
    let taken_back = in_force(by_version()).unwrap_or_default();
    let (now, id) = (desk.now(), desk.outbox.clock().mint());
    let person = Some(desk.person(&caller));
    store::insert_switch(work.tx(), id, (Switch::RolledBack, taken_back), person, now).await?;
    let version_in_force = match earlier {
        Some(version) => version.to_owned(),
        None => desk.machine.version_of_the_pack().to_owned(),
    };
    let reply = RollbackModelResponse { version_in_force };
    request.answer(work.tx(), reply.encode_to_vec(), now).await?;
    work.commit().await?;
    tracing::warn!(taken_back, by = ?person, "a model was taken back");
    match follow_switches(&desk).await {
        Ok(()) => {}
        Err(TrainModelError::Use(error)) => return Err(error),
        // The switch is durable; every process looks for it again soon.
        Err(TrainModelError::Training(error)) => tracing::warn!(error = %error, "the model is changed later"),
    }
    Ok(reply)
}
