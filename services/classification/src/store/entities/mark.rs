//! What happened elsewhere to a report: withdrawn, or objected to by routing. Most reports have no row.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "marks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub report: Uuid,
    pub withdrawn: bool,
    /// Sequence of the latest objection among routing's events about the report; null without one.
    pub objection_sequence: Option<i64>,
    pub objection: Option<String>,
    pub objection_note: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
