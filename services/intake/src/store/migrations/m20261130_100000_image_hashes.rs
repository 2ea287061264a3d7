//! Tells photos that look the same.

use sea_orm_migration::prelude::*;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261130_100000_image_hashes"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = ColumnDef::new("image_hash").big_integer().not_null().default(0).to_owned();
        manager.alter_table(Table::alter().table("media").add_column(column).to_owned()).await
    }
}
