//! A report and the projection of what happened to it.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "reports")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub code: String,
    pub owner: Vec<u8>,
    pub text: String,
    pub latitude: f64,
    pub longitude: f64,
    pub address: String,
    pub source: i32,
    pub capture_time: Option<i64>,
    pub publication_consent: bool,
    pub state: String,
    pub create_time: i64,
    pub update_time: i64,
    pub leaf: Option<String>,
    pub urgency: Option<String>,
    pub access: String,
    pub agency: Option<String>,
    pub agency_name: Option<String>,
    pub commune_code: Option<String>,
    pub commune_name: Option<String>,
    pub respond_due_time: Option<i64>,
    pub answer: Option<String>,
    pub invitation: Option<Uuid>,
    /// JSON: what the reporter is asked; null when nothing.
    pub question: Option<String>,
    pub contested: bool,
    /// Whether everyone may know of it; derived, kept for the index of the public list.
    pub public: bool,
    pub last_sequence: i64,
    pub last_hash: Vec<u8>,
    /// JSON: number of the last applied event of each other service.
    pub applied: String,
}

impl ActiveModelBehavior for ActiveModel {}
