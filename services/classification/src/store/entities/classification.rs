//! The classification in force of each report, with what the machine proposed.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "classifications")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub report: Uuid,
    /// `fieldreport.event.v1.ReportSnapshot`
    pub snapshot: Vec<u8>,
    /// `fieldreport.classification.v1.Suggestion`
    pub suggestion: Vec<u8>,
    pub model_version: String,
    pub leaf: String,
    pub scope: String,
    pub urgency: String,
    pub access: String,
    pub confidence: f64,
    pub decided_by_person: bool,
    pub announced: bool,
    pub decide_time: i64,
    pub duplicate_of: Option<Uuid>,
}

impl ActiveModelBehavior for ActiveModel {}
