//! Reports that two people label without help.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "samples")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub report: Uuid,
    /// What the machine proposed.
    pub leaf: String,
    pub sample_time: i64,
    /// How many have labelled it.
    pub labels: i32,
}

impl ActiveModelBehavior for ActiveModel {}
