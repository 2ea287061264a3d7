//! Invitations, ratings, withdrawals and the facts of scores.

use sea_orm_migration::prelude::*;

pub struct Ratings;

impl MigrationName for Ratings {
    fn name(&self) -> &str {
        "m20261121_000101_ratings"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Ratings {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(invitations()).await?;
        manager
            .create_index(
                Index::create()
                    .name("invitations_report_round")
                    .table("invitations")
                    .col("report")
                    .col("round")
                    .unique()
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("invitations_standing_expire_time")
                    .table("invitations")
                    .col("standing")
                    .col("expire_time")
                    .to_owned(),
            )
            .await?;
        manager.create_table(ratings()).await?;
        manager.create_table(withdrawals()).await?;
        manager.create_table(score_facts()).await
    }
}

fn invitations() -> TableCreateStatement {
    Table::create()
        .table("invitations")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("report").uuid().not_null())
        .col(ColumnDef::new("round").integer().not_null())
        .col(ColumnDef::new("ended_as").text().not_null())
        .col(ColumnDef::new("agency").text().not_null())
        .col(ColumnDef::new("leaf").text().not_null())
        .col(ColumnDef::new("commune").text())
        .col(ColumnDef::new("access").text().not_null())
        .col(ColumnDef::new("close_time").big_integer().not_null())
        .col(ColumnDef::new("close_day").integer().not_null())
        .col(ColumnDef::new("respond_due_time").big_integer())
        .col(ColumnDef::new("held_micros").big_integer())
        .col(ColumnDef::new("reporter_proof").binary().not_null())
        .col(ColumnDef::new("create_time").big_integer().not_null())
        .col(ColumnDef::new("expire_time").big_integer().not_null())
        .col(ColumnDef::new("standing").text().not_null())
        .col(ColumnDef::new("reopened").boolean().not_null())
        .col(ColumnDef::new("revision").integer().not_null())
        .col(ColumnDef::new("verdict").text())
        .col(ColumnDef::new("first_rating_time").big_integer())
        .to_owned()
}

fn ratings() -> TableCreateStatement {
    Table::create()
        .table("ratings")
        .col(ColumnDef::new("invitation").uuid().not_null())
        .col(ColumnDef::new("revision").integer().not_null())
        .col(ColumnDef::new("verdict").text().not_null())
        .col(ColumnDef::new("resolved").boolean().not_null())
        .col(ColumnDef::new("reasons").text().not_null())
        .col(ColumnDef::new("comment").text().not_null())
        .col(ColumnDef::new("create_time").big_integer().not_null())
        .col(ColumnDef::new("reopened").boolean().not_null())
        .primary_key(Index::create().col("invitation").col("revision"))
        .foreign_key(ForeignKey::create().from("ratings", "invitation").to("invitations", "id"))
        .to_owned()
}

fn withdrawals() -> TableCreateStatement {
    Table::create()
        .table("withdrawals")
        .col(ColumnDef::new("report").uuid().not_null().primary_key())
        .col(ColumnDef::new("receive_time").big_integer().not_null())
        .to_owned()
}

fn score_facts() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table("score_facts")
        .col(ColumnDef::new("dimension").text().not_null())
        .col(ColumnDef::new("span").text().not_null())
        .col(ColumnDef::new("first_day").integer().not_null())
        .col(ColumnDef::new("subject").text().not_null());
    for count in ["closed", "asked", "timed", "on_time", "satisfied", "acceptable", "unsatisfied", "reopened"]
    {
        table.col(ColumnDef::new(count).big_integer().not_null());
    }
    table.col(ColumnDef::new("held").binary().not_null());
    table.primary_key(Index::create().col("dimension").col("span").col("first_day").col("subject")).to_owned()
}
