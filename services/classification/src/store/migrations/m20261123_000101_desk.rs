//! Claims, questions to reporters, decisions that can be taken back, reports that repeat others.

use sea_orm_migration::prelude::*;

pub struct Desk;

impl MigrationName for Desk {
    fn name(&self) -> &str {
        "m20261123_000101_desk"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Desk {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One column per statement: SQLite takes no more.
        for column in review_columns() {
            manager.alter_table(Table::alter().table("reviews").add_column(column).to_owned()).await?;
        }
        for column in [
            ColumnDef::new("duplicate_of").uuid().null().to_owned(),
            ColumnDef::new("routed").boolean().not_null().default(false).to_owned(),
        ] {
            manager
                .alter_table(Table::alter().table("classifications").add_column(column).to_owned())
                .await?;
        }
        manager.create_table(answers()).await?;
        manager.drop_index(Index::drop().name("reviews_open_report").table("reviews").to_owned()).await?;
        manager
            .create_index(Index::create().name("labels_report").table("labels").col("report").to_owned())
            .await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn review_columns() -> [ColumnDef; 7] {
    [
        ColumnDef::new("lease_holder").binary().null().to_owned(),
        ColumnDef::new("lease_role").text().null().to_owned(),
        ColumnDef::new("lease_until").big_integer().null().to_owned(),
        ColumnDef::new("question").text().null().to_owned(),
        ColumnDef::new("asked_time").big_integer().null().to_owned(),
        ColumnDef::new("verdict").text().null().to_owned(),
        ColumnDef::new("wake_time").big_integer().null().to_owned(),
    ]
}

fn answers() -> TableCreateStatement {
    Table::create()
        .table("answers")
        .col(ColumnDef::new("report").uuid().not_null())
        .col(ColumnDef::new("sequence").big_integer().not_null())
        .col(ColumnDef::new("text").text().not_null())
        .col(ColumnDef::new("suggestion").binary().not_null())
        .col(ColumnDef::new("provide_time").big_integer().not_null())
        .primary_key(Index::create().col("report").col("sequence"))
        .to_owned()
}

/// A report has at most one review that still needs a word; most reviews are past and in none of these.
fn indexes() -> [IndexCreateStatement; 3] {
    let of_reviews = |name: &str| Index::create().name(name).table("reviews").to_owned();
    let waiting = Expr::col("state").is_in(["asked", "pending"]);
    [
        of_reviews("reviews_live_report")
            .unique()
            .col("report")
            .and_where(Expr::col("state").is_in(["open", "asked", "pending"]))
            .to_owned(),
        of_reviews("reviews_waiting").col("state").col("due_time").col("id").and_where(waiting).to_owned(),
        of_reviews("reviews_wake")
            .col("wake_time")
            .and_where(Expr::col("wake_time").is_not_null())
            .to_owned(),
    ]
}
