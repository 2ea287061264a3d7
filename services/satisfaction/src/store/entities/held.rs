//! How many closings of one subject over one day or month were held how long.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "score_held")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub dimension: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub span: String,
    /// Julian day number of the first local day.
    #[sea_orm(primary_key, auto_increment = false)]
    pub first_day: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: String,
    /// Of the histogram.
    #[sea_orm(primary_key, auto_increment = false)]
    pub bucket: i32,
    pub count: i64,
}

impl ActiveModelBehavior for ActiveModel {}
