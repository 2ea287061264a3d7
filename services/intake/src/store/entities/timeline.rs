//! What happened, numbered without gaps per report and chained by hashes.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "timeline")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub report_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    pub event_id: Uuid,
    pub kind: String,
    pub state: String,
    pub text_vi: String,
    pub text_en: String,
    pub time: i64,
    pub hash: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
