//! What was said of labels. Rows are only added.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "label_marks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub label: Uuid,
    pub mark: String,
    /// Digest of whoever said so; null for an agency.
    pub person: Option<Vec<u8>>,
    pub reason: String,
    pub mark_time: i64,
}

impl ActiveModelBehavior for ActiveModel {}
