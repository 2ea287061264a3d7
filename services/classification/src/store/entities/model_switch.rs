//! Which model came into force, and why. Rows are only added.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "model_switches")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub switch: String,
    /// The model that was promoted, or taken back.
    pub version: String,
    /// Digest of whoever took it back; null for a promotion.
    pub person: Option<Vec<u8>>,
    pub switch_time: i64,
}

impl ActiveModelBehavior for ActiveModel {}
