//! One row per responsibility of one agency for one report; at most one per report is open (`end_time` is null).

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "assignments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub report_id: Uuid,
    pub agency: String,
    pub executor: Option<String>,
    pub access: String,
    pub round: i32,
    pub state: String,
    pub matrix_row: Option<String>,
    pub level: Option<String>,
    pub assign_time: i64,
    pub due_time: i64,
    pub accept_time: Option<i64>,
    pub submit_time: Option<i64>,
    pub end_time: Option<i64>,
    /// None (with reply, evidence and promise) while no reply is written.
    pub outcome: Option<String>,
    pub reply: Option<String>,
    /// JSON array of media ids.
    pub evidence: Option<String>,
    pub promised_time: Option<i64>,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}
