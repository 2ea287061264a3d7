//! The counts of one subject over one day or month.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "score_facts")]
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
    pub closed: i64,
    pub asked: i64,
    pub timed: i64,
    pub on_time: i64,
    pub satisfied: i64,
    pub acceptable: i64,
    pub unsatisfied: i64,
    pub reopened: i64,
    /// The histogram of times held, packed.
    pub held: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
