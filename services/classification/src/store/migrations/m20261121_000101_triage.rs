//! Classifications, marks, reviews and labels.

use sea_orm_migration::prelude::*;

pub struct Triage;

impl MigrationName for Triage {
    fn name(&self) -> &str {
        "m20261121_000101_triage"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Triage {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [classifications(), marks(), reviews(), labels()] {
            manager.create_table(table).await?;
        }
        for index in open_reviews() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn classifications() -> TableCreateStatement {
    let mut table = Table::create()
        .table("classifications")
        .col(ColumnDef::new("report").uuid().not_null().primary_key())
        .col(ColumnDef::new("snapshot").binary().not_null())
        .col(ColumnDef::new("suggestion").binary().not_null())
        .col(ColumnDef::new("model_version").text().not_null())
        .col(ColumnDef::new("announced").boolean().not_null())
        .col(ColumnDef::new("decide_time").big_integer().not_null())
        .to_owned();
    add_assessment(&mut table);
    table
}

fn marks() -> TableCreateStatement {
    Table::create()
        .table("marks")
        .col(ColumnDef::new("report").uuid().not_null().primary_key())
        .col(ColumnDef::new("withdrawn").boolean().not_null())
        .col(ColumnDef::new("objection_sequence").big_integer())
        .col(ColumnDef::new("objection").text())
        .col(ColumnDef::new("objection_note").text())
        .to_owned()
}

fn reviews() -> TableCreateStatement {
    let mut table = Table::create()
        .table("reviews")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("report").uuid().not_null())
        .col(ColumnDef::new("state").text().not_null())
        .col(ColumnDef::new("reasons").text().not_null())
        .col(ColumnDef::new("note").text().not_null())
        .col(ColumnDef::new("due_time").big_integer().not_null())
        .col(ColumnDef::new("create_time").big_integer().not_null())
        .col(ColumnDef::new("version").big_integer().not_null())
        .to_owned();
    add_assessment(&mut table);
    table
}

fn labels() -> TableCreateStatement {
    Table::create()
        .table("labels")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("report").uuid().not_null())
        .col(ColumnDef::new("review").uuid().not_null())
        .col(ColumnDef::new("suggested_leaf").text().not_null())
        .col(ColumnDef::new("suggested_urgency").text().not_null())
        .col(ColumnDef::new("decision").text().not_null())
        .col(ColumnDef::new("decided_leaf").text())
        .col(ColumnDef::new("decided_urgency").text().not_null())
        .col(ColumnDef::new("decided_by").binary().not_null())
        .col(ColumnDef::new("decide_time").big_integer().not_null())
        .col(ColumnDef::new("model_version").text().not_null())
        .col(ColumnDef::new("not_for_training").boolean().not_null())
        .to_owned()
}

fn add_assessment(table: &mut TableCreateStatement) {
    table
        .col(ColumnDef::new("leaf").text().not_null())
        .col(ColumnDef::new("scope").text().not_null())
        .col(ColumnDef::new("urgency").text().not_null())
        .col(ColumnDef::new("access").text().not_null())
        .col(ColumnDef::new("confidence").double().not_null())
        .col(ColumnDef::new("decided_by_person").boolean().not_null());
}

/// Only open reviews are listed, and a report has at most one: the indexes hold nothing else.
fn open_reviews() -> [IndexCreateStatement; 3] {
    let open = |name: &str| {
        let mut index = Index::create();
        index.name(name).table("reviews").and_where(Expr::col("state").eq("open"));
        index
    };
    [
        open("reviews_open_report").unique().col("report").to_owned(),
        open("reviews_open_all").col("due_time").col("id").to_owned(),
        open("reviews_open_access").col("access").col("due_time").col("id").to_owned(),
    ]
}
