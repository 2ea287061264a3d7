//! Which photos and videos belong to which report; a medium belongs to one report at most.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "report_media")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub media_id: Uuid,
    pub report_id: Uuid,
    pub position: i32,
    /// Shown by the agency as proof of its work, not sent by the reporter.
    pub evidence: bool,
}

impl ActiveModelBehavior for ActiveModel {}
