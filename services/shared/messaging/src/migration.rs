//! The schema of the tables this crate owns; each service lists [`Outbox`], [`Inbox`], [`OutboxSent`],
//! [`Retries`] and [`OutboxWaiting`] among its migrations.

use sea_orm_migration::prelude::*;

/// Events that wait to be published, and the numbering of a report's events.
pub struct Outbox;
/// Ids of events whose effect is here.
pub struct Inbox;
/// When an event was sent, so that it can be sent again.
pub struct OutboxSent;
/// That an event waits is a row of its own; until then, a column said when it was sent.
pub struct OutboxWaiting;
/// Events that are owed another attempt, or were given up.
pub struct Retries;
/// The queues of the in-process bus.
pub(crate) struct Deliveries;
/// Attempts and parking are the consumers' own matter.
pub(crate) struct DeliveriesOnly;

impl MigrationName for OutboxSent {
    fn name(&self) -> &str {
        "m20261129_000001_outbox_sent"
    }
}

impl MigrationName for Retries {
    fn name(&self) -> &str {
        "m20261129_000002_retries"
    }
}

impl MigrationName for OutboxWaiting {
    fn name(&self) -> &str {
        "m20261130_000001_outbox_waiting"
    }
}

impl MigrationName for DeliveriesOnly {
    fn name(&self) -> &str {
        "m20261129_000003_deliveries_only"
    }
}

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

#[async_trait::async_trait]
impl MigrationTrait for OutboxSent {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sent =
            Table::alter().table("outbox").add_column(ColumnDef::new("sent_time").big_integer()).to_owned();
        manager.alter_table(sent).await?;
        let connection = manager.get_connection();
        connection
            .execute_unprepared("CREATE INDEX outbox_unsent ON outbox (seq) WHERE sent_time IS NULL")
            .await?;
        connection
            .execute_unprepared("CREATE INDEX outbox_sent ON outbox (sent_time) WHERE sent_time IS NOT NULL")
            .await?;
        connection.execute_unprepared("CREATE INDEX outbox_report ON outbox (report_id)").await?;
        Ok(())
    }
}

#[async_trait::async_trait]
impl MigrationTrait for OutboxWaiting {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let waiting = Table::create()
            .table("outbox_waiting")
            .col(ColumnDef::new("seq").big_integer().not_null().primary_key())
            .to_owned();
        manager.create_table(waiting).await?;
        let connection = manager.get_connection();
        for statement in [
            "INSERT INTO outbox_waiting SELECT seq FROM outbox WHERE sent_time IS NULL",
            "DROP INDEX outbox_unsent",
            "DROP INDEX outbox_sent",
            "ALTER TABLE outbox DROP COLUMN sent_time",
        ] {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Retries {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let retries = Table::create()
            .table("retries")
            .col(ColumnDef::new("event_id").uuid().not_null().primary_key())
            .col(ColumnDef::new("attributes").text().not_null())
            .col(ColumnDef::new("body").binary().not_null())
            .col(ColumnDef::new("attempts").integer().not_null())
            .col(ColumnDef::new("next_attempt_time").big_integer().not_null())
            .col(ColumnDef::new("reason").text().not_null())
            .col(ColumnDef::new("parked_time").big_integer())
            .to_owned();
        manager.create_table(retries).await?;
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE INDEX retries_due ON retries (next_attempt_time) WHERE parked_time IS NULL",
            )
            .await?;
        Ok(())
    }
}

#[async_trait::async_trait]
impl MigrationTrait for DeliveriesOnly {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["attempts", "visible_time", "parked_reason"] {
            manager.alter_table(Table::alter().table("deliveries").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
