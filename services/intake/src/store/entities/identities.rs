//! Sealed identities: the only table that knows who sent a report, and it cannot be read without the key.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "identities")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub report_id: Uuid,
    pub sealed: Vec<u8>,
    pub key_version: i32,
}

impl ActiveModelBehavior for ActiveModel {}
