//! An invitation to rate one closing, with the closing's facts and the rating in force.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invitations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub report: Uuid,
    pub round: i32,
    pub ended_as: String,
    pub agency: String,
    pub leaf: String,
    pub commune: Option<String>,
    pub access: String,
    pub close_time: i64,
    /// Julian day number of the local day.
    pub close_day: i32,
    pub respond_due_time: Option<i64>,
    pub held_micros: Option<i64>,
    pub reporter_proof: Vec<u8>,
    pub create_time: i64,
    pub expire_time: i64,
    pub standing: String,
    pub reopened: bool,
    /// Of the rating in force; 0 without one.
    pub revision: i32,
    pub verdict: Option<String>,
    pub first_rating_time: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
