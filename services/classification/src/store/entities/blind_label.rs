//! What people said without help. Rows are only added.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "blind_labels")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub sample: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub person: Vec<u8>,
    pub leaf: String,
    pub urgency: String,
    pub label_time: i64,
}

impl ActiveModelBehavior for ActiveModel {}
