//! What a photo of a report looks like; it may be known before the report is.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "photos")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub report: Uuid,
    /// Its difference hash, as in `MediaAttached.image_hash`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: i64,
}

impl ActiveModelBehavior for ActiveModel {}
