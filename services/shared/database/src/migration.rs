//! The schema of the tables this crate owns; each service lists it among its migrations.

use sea_orm_migration::prelude::*;

/// Creates the table of answered requests.
pub struct Requests;

impl MigrationName for Requests {
    fn name(&self) -> &str {
        "m20261121_000001_requests"
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
