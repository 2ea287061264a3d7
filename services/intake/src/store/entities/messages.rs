//! The threads.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "messages")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub report_id: Uuid,
    pub author_role: String,
    pub internal: bool,
    pub text: String,
    pub create_time: i64,
}

impl ActiveModelBehavior for ActiveModel {}
