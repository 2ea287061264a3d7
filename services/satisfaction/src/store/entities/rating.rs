//! One revision of a rating; never changed.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ratings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub invitation: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub revision: i32,
    pub verdict: String,
    pub resolved: bool,
    /// JSON list of words.
    pub reasons: String,
    pub comment: String,
    pub create_time: i64,
    pub reopened: bool,
}

impl ActiveModelBehavior for ActiveModel {}
