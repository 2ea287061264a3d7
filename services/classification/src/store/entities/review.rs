//! Reports that wait, or waited, for a person.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "reviews")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub report: Uuid,
    pub state: String,
    /// Words, separated by spaces.
    pub reasons: String,
    pub note: String,
    pub leaf: String,
    pub scope: String,
    pub urgency: String,
    pub access: String,
    pub confidence: f64,
    pub decided_by_person: bool,
    pub due_time: i64,
    pub create_time: i64,
    pub version: i64,
    /// Digest of whoever has taken it; with role and end.
    pub lease_holder: Option<Vec<u8>>,
    pub lease_role: Option<String>,
    pub lease_until: Option<i64>,
    /// What the reporter was asked; null when nothing.
    pub question: Option<String>,
    /// Since when the first clock stands still because of it.
    pub asked_time: Option<i64>,
    /// JSON: what was decided, by whom.
    pub verdict: Option<String>,
    /// When an answer is overdue, or a decision takes effect.
    pub wake_time: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
