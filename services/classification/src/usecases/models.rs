//! The models that were trained here: listed, taken back, put back into force.

use auth::Caller;
use contract::classification::v1::{
    ListModelsResponse, ModelState, RollbackModelResponse, TrainModelResponse, TrainedModel,
};
use database::requests::Request;
use messaging::{Outbox, Work};
use prost::Message as _;
use province::LearningPolicy;
use sea_orm::DbErr;
use vocabulary::{ErrorCode, Problem};

use super::train_model::{TrainModelError, follow_switches};
use super::{Desk, answered};
use crate::domain::person::Person;
use crate::domain::promotion::{NoEarlierModel, Switch, before, in_force};
use crate::error::Error;
use crate::{messages, store};

const SHOWN: u64 = 30;

/// The newest models, with what became of each.
pub async fn list_models(desk: &Desk) -> Result<ListModelsResponse, Error> {
    Ok(ListModelsResponse {
        models: trained_models(&desk.outbox).await?,
        version_in_force: desk.machine().version().to_owned(),
    })
}

/// The newest models, newest first. For operators, whether or not the service runs.
pub async fn trained_models(outbox: &Outbox) -> Result<Vec<TrainedModel>, Error> {
    let read = outbox.database().read();
    let models = store::list_models(read, SHOWN).await?;
    let switches = store::switches(read).await?;
    let current = in_force(by_version(&switches));
    let model = |record: &store::ModelRecord| {
        let promoted = switches
            .iter()
            .any(|(switch, version)| *switch == Switch::Promoted && *version == record.version);
        let state = match (current == Some(record.version.as_str()), promoted) {
            (true, _) => ModelState::InForce,
            (false, true) => ModelState::Replaced,
            (false, false) => ModelState::Refused,
        };
        messages::trained_model(record, state)
    };
    Ok(models.iter().map(model).collect())
}

/// Has a model trained as soon as possible, by this process.
pub async fn ask_for_training(desk: Desk, request: Request) -> Result<TrainModelResponse, Error> {
    let mut work = desk.outbox.begin().await?;
    if let Some(answer) = answered(&request, &work).await? {
        return Ok(answer);
    }
    let reply = TrainModelResponse {};
    request.answer(work.inserts(), reply.encode_to_vec(), desk.now())?;
    let train = desk.train.clone();
    work.after_commit(move || train.notify_one());
    work.commit().await?;
    Ok(reply)
}

/// Takes the model in force back, one step.
pub async fn roll_back(desk: Desk, caller: Caller, request: Request) -> Result<RollbackModelResponse, Error> {
    let mut work = desk.outbox.begin().await?;
    if let Some(answer) = answered(&request, &work).await? {
        return Ok(answer);
    }
    let person = desk.person(&caller);
    let (taken_back, earlier) = step_back(&desk.outbox, &work, Some(person)).await?;
    let version_in_force = earlier.unwrap_or_else(|| desk.machine.version_of_the_pack().to_owned());
    let reply = RollbackModelResponse { version_in_force };
    request.answer(work.inserts(), reply.encode_to_vec(), desk.now())?;
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

/// Takes the model in force back, one step; answers the version that is in force then, none for that of the province pack.
/// For operators: services that run take note of it at their next look.
pub async fn take_back(outbox: &Outbox) -> Result<Option<String>, Error> {
    let work = outbox.begin().await?;
    let (_, earlier) = step_back(outbox, &work, None).await?;
    work.commit().await?;
    Ok(earlier)
}

/// Puts a model into force that was taken back or replaced; one that did worse on the frozen texts stays out. For operators:
/// services that run take note of it at their next look.
pub async fn put_back(outbox: &Outbox, version: &str, policy: &LearningPolicy) -> Result<(), Error> {
    let refused = |reason, en: &str, vi: &str| Problem::new(ErrorCode::FailedPrecondition, reason, en, vi);
    let work = outbox.begin().await?;
    let model = store::find_model(work.tx(), version).await?.ok_or_else(|| {
        refused("MODEL_UNKNOWN", "no model of this version was trained here", "Không có mô hình này.")
    })?;
    if !model.figures.may_replace(&model.before, policy.tolerance) {
        return Err(refused(
            "MODEL_WORSE",
            "the model did worse on the frozen texts than the one before",
            "Mô hình này kém hơn bản trước.",
        )
        .into());
    }
    let switches = store::switches(work.tx()).await?;
    if in_force(by_version(&switches)) == Some(version) {
        return Err(refused("MODEL_IN_FORCE", "the model is in force", "Mô hình này đang được dùng.").into());
    }
    insert_switch(outbox, &work, (Switch::Promoted, version), None).await?;
    work.commit().await?;
    Ok(())
}

/// Answers the version taken back, and the one in force after it.
async fn step_back(
    outbox: &Outbox,
    work: &Work,
    person: Option<Person>,
) -> Result<(String, Option<String>), Error> {
    let switches = store::switches(work.tx()).await?;
    let earlier = before(by_version(&switches)).map_err(|NoEarlierModel| {
        Problem::new(
            ErrorCode::FailedPrecondition,
            "NO_EARLIER_MODEL",
            "the model of the province pack is in force; there is none before it",
            "Đang dùng mô hình của gói cấu hình tỉnh, không còn bản trước đó.",
        )
    })?;
    let taken_back = in_force(by_version(&switches)).unwrap_or_default();
    insert_switch(outbox, work, (Switch::RolledBack, taken_back), person).await?;
    Ok((taken_back.to_owned(), earlier.map(str::to_owned)))
}

async fn insert_switch(
    outbox: &Outbox,
    work: &Work,
    switch: (Switch, &str),
    person: Option<Person>,
) -> Result<(), DbErr> {
    let clock = outbox.clock();
    store::insert_switch(work.tx(), clock.mint(), switch, person, clock.now()).await
}

/// The switches as the rules about them read them.
pub(super) fn by_version(switches: &[(Switch, String)]) -> impl Iterator<Item = (Switch, &str)> {
    switches.iter().map(|(switch, version)| (*switch, version.as_str()))
}
