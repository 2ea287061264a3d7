//! Events that arrived before what they follow; applied as soon as that has arrived.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "held_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: Uuid,
    pub report_id: Uuid,
    pub source: String,
    pub event_type: String,
    pub sequence: i64,
    pub time: i64,
    pub cause_id: Option<Uuid>,
    pub traceparent: Option<String>,
    pub body: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
