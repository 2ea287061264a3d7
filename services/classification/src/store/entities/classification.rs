//! The classification in force of each report, with what the machine proposed.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "classifications")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub report: Uuid,
    /// `fieldreport.event.v1.ReportSnapshot`
    pub snapshot: Vec<u8>,
    /// `fieldreport.classification.v1.Suggestion`
    pub suggestion: Vec<u8>,
    pub model_version: String,
    pub leaf: String,
    pub scope: String,
    pub urgency: String,
    pub access: String,
    pub confidence: f64,
    pub decided_by_person: bool,
    pub announced: bool,
    pub decide_time: i64,
    pub duplicate_of: Option<Uuid>,
    pub routed: bool,
    /// When its reporter sent it; with what finds similar ones: the square of the map, and the bands of its words.
    pub sent_time: Option<i64>,
    pub square: Option<i64>,
    pub band_a: Option<i64>,
    pub band_b: Option<i64>,
    pub band_c: Option<i64>,
    pub band_d: Option<i64>,
    /// Its words without accents, each between spaces.
    pub folded: Option<String>,
    /// The last round that was settled, and the last one that was not enough; 0 for none.
    pub closed_round: i32,
    pub reopened_round: i32,
}

impl ActiveModelBehavior for ActiveModel {}
