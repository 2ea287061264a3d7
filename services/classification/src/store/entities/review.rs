//! Reports that wait, or waited, for a person.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "reviews")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub report: Uuid,
    pub state: String,
    /// Words, separated by spaces.
    pub reasons: String,
    pub note: String,
    pub leaf: String,
    pub scope: String,
    pub urgency: String,
    pub access: String,
    pub confidence: f64,
    pub decided_by_person: bool,
    pub due_time: i64,
    pub create_time: i64,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}
