//! Models that were trained here.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "models")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: String,
    pub bytes: Vec<u8>,
    /// JSON array: the labels that it learned from.
    pub lessons: String,
    /// JSON: what a model without the new labels does on the frozen texts.
    pub figures_before: String,
    /// JSON: what this one does.
    pub figures: String,
    pub train_time: i64,
}

impl ActiveModelBehavior for ActiveModel {}
