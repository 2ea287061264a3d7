//! Models that were trained here, and which one is in force.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryOrder as _, QuerySelect as _, Set};
use vocabulary::Timestamp;

use super::entities::{model, model_switch, training};
use super::rows::{foreign, word};
use crate::domain::person::Person;
use crate::domain::promotion::{Figures, Switch};

/// A model that was trained here, without its bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelRecord {
    /// Its SHA-256.
    pub version: String,
    /// The labels that it learned from.
    pub lessons: Vec<Uuid>,
    /// What a model without the new labels does on the frozen texts.
    pub before: Figures,
    /// What this one does.
    pub figures: Figures,
    /// When it was trained.
    pub train_time: Timestamp,
}

/// Stores a model; one of that version stays as it is. Answers whether it was new.
pub async fn insert_model(
    tx: &DatabaseTransaction,
    record: &ModelRecord,
    bytes: Vec<u8>,
) -> Result<bool, DbErr> {
    let json = |error: serde_json::Error| DbErr::Json(error.to_string());
    let row = model::ActiveModel {
        version: Set(record.version.clone()),
        bytes: Set(bytes),
        lessons: Set(serde_json::to_string(&record.lessons).map_err(json)?),
        figures_before: Set(serde_json::to_string(&record.before).map_err(json)?),
        figures: Set(serde_json::to_string(&record.figures).map_err(json)?),
        train_time: Set(record.train_time.micros()),
    };
    let conflict = OnConflict::column(model::Column::Version).do_nothing().to_owned();
    let written = model::Entity::insert_many([row]).on_conflict(conflict).exec_without_returning(tx).await?;
    Ok(written > 0)
}

/// The newest models, newest first.
pub async fn list_models(connection: &impl ConnectionTrait, limit: u64) -> Result<Vec<ModelRecord>, DbErr> {
    let rows = without_bytes().order_by_desc(model::Column::TrainTime).limit(limit).into_tuple::<Row>();
    rows.all(connection).await?.into_iter().map(to_record).collect()
}

/// One model.
pub async fn find_model(
    connection: &impl ConnectionTrait,
    version: &str,
) -> Result<Option<ModelRecord>, DbErr> {
    let row = without_bytes().filter(model::Column::Version.eq(version)).into_tuple::<Row>();
    row.one(connection).await?.map(to_record).transpose()
}

/// The bytes of a model.
pub async fn read_model(connection: &impl ConnectionTrait, version: &str) -> Result<Option<Vec<u8>>, DbErr> {
    Ok(model::Entity::find_by_id(version.to_owned()).one(connection).await?.map(|row| row.bytes))
}

type Row = (String, String, String, String, i64);

/// The bytes are megabytes, and read only when the model is taken into use.
fn without_bytes() -> Select<model::Entity> {
    use model::Column as C;
    model::Entity::find().select_only().columns([
        C::Version,
        C::Lessons,
        C::FiguresBefore,
        C::Figures,
        C::TrainTime,
    ])
}

fn to_record((version, lessons, before, figures, train_time): Row) -> Result<ModelRecord, DbErr> {
    Ok(ModelRecord {
        version,
        lessons: serde_json::from_str(&lessons).map_err(|_| foreign("lessons"))?,
        before: serde_json::from_str(&before).map_err(|_| foreign("figures_before"))?,
        figures: serde_json::from_str(&figures).map_err(|_| foreign("figures"))?,
        train_time: Timestamp::from_micros(train_time),
    })
}

/// Every change of the model in force, oldest first: one a night at most.
pub async fn switches(connection: &impl ConnectionTrait) -> Result<Vec<(Switch, String)>, DbErr> {
    let rows = model_switch::Entity::find()
        .order_by_asc(model_switch::Column::SwitchTime)
        .order_by_asc(model_switch::Column::Id)
        .all(connection)
        .await?;
    rows.into_iter().map(|row| Ok((word("switch", &row.switch)?, row.version))).collect()
}

/// Changes the model in force.
pub async fn insert_switch(
    tx: &DatabaseTransaction,
    id: Uuid,
    (switch, version): (Switch, &str),
    person: Option<Person>,
    now: Timestamp,
) -> Result<(), DbErr> {
    let row = model_switch::ActiveModel {
        id: Set(id),
        switch: Set(switch.as_str().to_owned()),
        version: Set(version.to_owned()),
        person: Set(person.map(|person| person.0.to_vec())),
        switch_time: Set(now.micros()),
    };
    model_switch::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Takes the training of a local day; `false` when another process has it.
pub async fn take_training(tx: &DatabaseTransaction, day: i32, now: Timestamp) -> Result<bool, DbErr> {
    let row = training::ActiveModel { day: Set(day), start_time: Set(now.micros()) };
    let conflict = OnConflict::column(training::Column::Day).do_nothing().to_owned();
    let taken = training::Entity::insert_many([row]).on_conflict(conflict).exec_without_returning(tx).await?;
    Ok(taken > 0)
}

/// Whether the training of a local day was taken.
pub async fn is_training_taken(connection: &impl ConnectionTrait, day: i32) -> Result<bool, DbErr> {
    Ok(training::Entity::find_by_id(day).one(connection).await?.is_some())
}
