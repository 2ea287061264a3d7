//! One row per report that routing has heard of.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "cases")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub report_id: Uuid,
    /// None (with the six columns below) while no event has carried the report itself.
    pub code: Option<String>,
    pub text: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub address: Option<String>,
    /// JSON array of media ids.
    pub media: Option<String>,
    pub create_time: Option<i64>,
    pub reporter_proof: Option<Vec<u8>>,
    /// None (with urgency and access) while nothing is classified.
    pub leaf: Option<String>,
    pub urgency: Option<String>,
    pub access: Option<String>,
    pub sequence: i64,
    pub state: String,
    pub round: i32,
    pub hand_backs: i32,
    pub reopen_round: i32,
    pub commune_code: Option<String>,
    pub commune_match: Option<String>,
    pub commune_metres: Option<f64>,
    /// JSON; none for most, of whom nothing was asked.
    pub questions: Option<String>,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}
