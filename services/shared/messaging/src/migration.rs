//! The schema of the tables this crate owns; each service lists [`Outbox`] and [`Inbox`] among its migrations.

use sea_orm_migration::prelude::*;

/// Events that wait to be published, and the numbering of a report's events.
pub struct Outbox;
/// Ids of events whose effect is here.
pub struct Inbox;
/// The queues of the in-process bus.
pub(crate) struct Deliveries;

impl MigrationName for Outbox {
    fn name(&self) -> &str {
        "m20261121_000002_outbox"
    }
}

impl MigrationName for Inbox {
    fn name(&self) -> &str {
        "m20261121_000003_inbox"
    }
}

impl MigrationName for Deliveries {
    fn name(&self) -> &str {
        "m20261121_000004_deliveries"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Outbox {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let outbox = Table::create()
            .table("outbox")
            .col(ColumnDef::new("seq").big_integer().not_null().auto_increment().primary_key())
            .col(ColumnDef::new("event_id").uuid().not_null())
            .col(ColumnDef::new("event_type").text().not_null())
            .col(ColumnDef::new("report_id").uuid().not_null())
            .col(ColumnDef::new("sequence").big_integer().not_null())
            .col(ColumnDef::new("time").big_integer().not_null())
            .col(ColumnDef::new("cause_id").uuid())
            .col(ColumnDef::new("traceparent").text())
            .col(ColumnDef::new("body").binary().not_null())
            .to_owned();
        manager.create_table(outbox).await?;
        let sequences = Table::create()
            .table("event_sequences")
            .col(ColumnDef::new("report_id").uuid().not_null().primary_key())
            .col(ColumnDef::new("last").big_integer().not_null())
            .to_owned();
        manager.create_table(sequences).await
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Inbox {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let inbox = Table::create()
            .table("inbox")
            .col(ColumnDef::new("event_id").uuid().not_null().primary_key())
            .col(ColumnDef::new("receive_time").big_integer().not_null())
            .to_owned();
        manager.create_table(inbox).await
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Deliveries {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let deliveries = Table::create()
            .table("deliveries")
            .col(ColumnDef::new("id").big_integer().not_null().auto_increment().primary_key())
            .col(ColumnDef::new("queue").text().not_null())
            .col(ColumnDef::new("source").text().not_null())
            .col(ColumnDef::new("event_id").uuid().not_null())
            .col(ColumnDef::new("event_type").text().not_null())
            .col(ColumnDef::new("report_id").uuid().not_null())
            .col(ColumnDef::new("sequence").big_integer().not_null())
            .col(ColumnDef::new("time").big_integer().not_null())
            .col(ColumnDef::new("cause_id").uuid())
            .col(ColumnDef::new("traceparent").text())
            .col(ColumnDef::new("body").binary().not_null())
            .col(ColumnDef::new("attempts").integer().not_null())
            .col(ColumnDef::new("visible_time").big_integer().not_null())
            .col(ColumnDef::new("parked_reason").text())
            .to_owned();
        manager.create_table(deliveries).await?;
        manager
            .create_index(
                Index::create()
                    .name("deliveries_queue")
                    .table("deliveries")
                    .col("queue")
                    .col("id")
                    .to_owned(),
            )
            .await
    }
}
