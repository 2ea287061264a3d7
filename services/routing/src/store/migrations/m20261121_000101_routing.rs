//! Cases, assignments and clocks.

use sea_orm_migration::prelude::*;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261121_000101_routing"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(cases()).await?;
        manager.create_table(assignments()).await?;
        manager.create_table(clocks()).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn cases() -> TableCreateStatement {
    Table::create()
        .table("cases")
        .col(ColumnDef::new("report_id").uuid().not_null().primary_key())
        .col(ColumnDef::new("code").text())
        .col(ColumnDef::new("text").text())
        .col(ColumnDef::new("latitude").double())
        .col(ColumnDef::new("longitude").double())
        .col(ColumnDef::new("address").text())
        .col(ColumnDef::new("media").text())
        .col(ColumnDef::new("create_time").big_integer())
        .col(ColumnDef::new("reporter_proof").binary())
        .col(ColumnDef::new("leaf").text())
        .col(ColumnDef::new("urgency").text())
        .col(ColumnDef::new("access").text())
        .col(ColumnDef::new("sequence").big_integer().not_null())
        .col(ColumnDef::new("state").text().not_null())
        .col(ColumnDef::new("round").integer().not_null())
        .col(ColumnDef::new("hand_backs").integer().not_null())
        .col(ColumnDef::new("reopen_round").integer().not_null())
        .col(ColumnDef::new("commune_code").text())
        .col(ColumnDef::new("commune_match").text())
        .col(ColumnDef::new("commune_metres").double())
        .col(ColumnDef::new("version").big_integer().not_null())
        .to_owned()
}

fn assignments() -> TableCreateStatement {
    Table::create()
        .table("assignments")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("report_id").uuid().not_null())
        .col(ColumnDef::new("agency").text().not_null())
        .col(ColumnDef::new("executor").text())
        .col(ColumnDef::new("access").text().not_null())
        .col(ColumnDef::new("round").integer().not_null())
        .col(ColumnDef::new("state").text().not_null())
        .col(ColumnDef::new("matrix_row").text())
        .col(ColumnDef::new("level").text())
        .col(ColumnDef::new("assign_time").big_integer().not_null())
        .col(ColumnDef::new("due_time").big_integer().not_null())
        .col(ColumnDef::new("accept_time").big_integer())
        .col(ColumnDef::new("submit_time").big_integer())
        .col(ColumnDef::new("end_time").big_integer())
        .col(ColumnDef::new("outcome").text())
        .col(ColumnDef::new("reply").text())
        .col(ColumnDef::new("evidence").text())
        .col(ColumnDef::new("promised_time").big_integer())
        .col(ColumnDef::new("version").big_integer().not_null())
        .to_owned()
}

fn clocks() -> TableCreateStatement {
    Table::create()
        .table("clocks")
        .col(ColumnDef::new("report_id").uuid().not_null())
        .col(ColumnDef::new("kind").text().not_null())
        .col(ColumnDef::new("round").integer().not_null())
        .col(ColumnDef::new("agency").text().not_null())
        .col(ColumnDef::new("start_time").big_integer().not_null())
        .col(ColumnDef::new("due_time").big_integer().not_null())
        .col(ColumnDef::new("due_soon_time").big_integer().not_null())
        .col(ColumnDef::new("stop_time").big_integer())
        .col(ColumnDef::new("told").text().not_null())
        .col(ColumnDef::new("alarm_time").big_integer())
        .col(ColumnDef::new("calendar_version").text().not_null())
        .col(ColumnDef::new("policy_version").text().not_null())
        .primary_key(Index::create().col("report_id").col("kind").col("round"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let open = || Expr::col("end_time").is_null();
    let ended = || Expr::col("end_time").is_not_null();
    let on = |name: &'static str, table: &'static str, columns: &[&'static str]| {
        let mut index = Index::create().name(name).table(table).to_owned();
        for column in columns {
            index.col(*column);
        }
        index
    };
    vec![
        // The judge of "at most one open lead assignment per report".
        on("assignments_one_open", "assignments", &["report_id"]).unique().and_where(open()).to_owned(),
        on("assignments_report", "assignments", &["report_id"]),
        on("assignments_agency_open", "assignments", &["agency", "due_time", "id"])
            .and_where(open())
            .to_owned(),
        on("assignments_open", "assignments", &["due_time", "id"]).and_where(open()).to_owned(),
        on("assignments_agency_ended", "assignments", &["agency", "due_time", "id"])
            .and_where(ended())
            .to_owned(),
        on("assignments_ended", "assignments", &["due_time", "id"]).and_where(ended()).to_owned(),
        on("clocks_alarm", "clocks", &["alarm_time"])
            .and_where(Expr::col("alarm_time").is_not_null())
            .to_owned(),
        on("clocks_running", "clocks", &["kind", "due_time"])
            .and_where(Expr::col("stop_time").is_null())
            .to_owned(),
    ]
}
