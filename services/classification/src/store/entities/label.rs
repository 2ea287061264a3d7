//! What people decided, beside what the machine proposed: the material of the next training. Rows are only added.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "labels")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub report: Uuid,
    pub review: Uuid,
    pub suggested_leaf: String,
    pub suggested_urgency: String,
    pub decision: String,
    /// Null when the report was not taken: then nothing is learned about its leaf.
    pub decided_leaf: Option<String>,
    pub decided_urgency: String,
    /// Digest of the person who decided.
    pub decided_by: Vec<u8>,
    pub decide_time: i64,
    pub model_version: String,
    /// True for what only cleared officers may read, and for what the text does not tell.
    pub not_for_training: bool,
}

impl ActiveModelBehavior for ActiveModel {}
