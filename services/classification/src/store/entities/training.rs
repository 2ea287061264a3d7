//! Nights on which a model was tried, so that one process does it.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "trainings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    /// The local day.
    pub day: i32,
    pub start_time: i64,
}

impl ActiveModelBehavior for ActiveModel {}
