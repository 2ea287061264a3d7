//! What reporters have added when they were asked. Rows are only added.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "answers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub report: Uuid,
    /// Number among intake's events about the report.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    pub text: String,
    /// `fieldreport.classification.v1.Suggestion` for the report with everything that was answered so far.
    pub suggestion: Vec<u8>,
    pub provide_time: i64,
}

impl ActiveModelBehavior for ActiveModel {}
