//! One row per clock: kind `receive` once per report, kind `respond` once per round.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "clocks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub report_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub round: i32,
    pub agency: String,
    pub start_time: i64,
    pub due_time: i64,
    pub due_soon_time: i64,
    pub stop_time: Option<i64>,
    pub paused: bool,
    pub told: String,
    /// When the next thing is to be told; none when there is none.
    pub alarm_time: Option<i64>,
    pub calendar_version: String,
    pub policy_version: String,
}

impl ActiveModelBehavior for ActiveModel {}
