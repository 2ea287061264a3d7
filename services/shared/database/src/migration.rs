//! The schema of the tables this crate owns; each service lists it among its migrations.

use sea_orm_migration::prelude::*;

/// Creates the table of answered requests.
pub struct Requests;
/// Finds the answers of a period.
pub struct RequestsByTime;

impl MigrationName for Requests {
    fn name(&self) -> &str {
        "m20261121_000001_requests"
    }
}

impl MigrationName for RequestsByTime {
    fn name(&self) -> &str {
        "m20261129_000004_requests_by_time"
    }
}

#[derive(DeriveIden)]
enum Column {
    #[sea_orm(iden = "requests")]
    Table,
    Caller,
    RequestId,
    Digest,
    Reply,
    CreateTime,
}

#[async_trait::async_trait]
impl MigrationTrait for Requests {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table(Column::Table)
                    .col(ColumnDef::new(Column::Caller).binary().not_null())
                    .col(ColumnDef::new(Column::RequestId).uuid().not_null())
                    .col(ColumnDef::new(Column::Digest).binary().not_null())
                    .col(ColumnDef::new(Column::Reply).binary().not_null())
                    .col(ColumnDef::new(Column::CreateTime).big_integer().not_null())
                    .primary_key(Index::create().col(Column::RequestId).col(Column::Caller))
                    .to_owned(),
            )
            .await
    }
}

#[async_trait::async_trait]
impl MigrationTrait for RequestsByTime {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_index(
                Index::create()
                    .name("requests_create_time")
                    .table(Column::Table)
                    .col(Column::CreateTime)
                    .to_owned(),
            )
            .await
    }
}
