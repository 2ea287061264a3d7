//! What the photos of reports look like: finds reports that show the same photo.

use sea_orm_migration::prelude::*;

pub struct Photos;

impl MigrationName for Photos {
    fn name(&self) -> &str {
        "m20261130_000101_photos"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Photos {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let photos = Table::create()
            .table("photos")
            .col(ColumnDef::new("report").uuid().not_null())
            .col(ColumnDef::new("hash").big_integer().not_null())
            .primary_key(Index::create().col("report").col("hash"))
            .to_owned();
        manager.create_table(photos).await?;
        let index = Index::create().name("photos_hash").table("photos").col("hash").col("report").to_owned();
        manager.create_index(index).await
    }
}
