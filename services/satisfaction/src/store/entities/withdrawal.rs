//! A report that its reporter took back; waits here for closings that arrive later.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "withdrawals")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub report: Uuid,
    pub receive_time: i64,
}

impl ActiveModelBehavior for ActiveModel {}
