//! Questions to reporters, and clocks that stand still meanwhile.

use sea_orm_migration::prelude::*;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261130_000101_questions"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let questions = ColumnDef::new("questions").text().null().to_owned();
        let paused = ColumnDef::new("paused").boolean().not_null().default(false).to_owned();
        manager.alter_table(Table::alter().table("cases").add_column(questions).to_owned()).await?;
        manager.alter_table(Table::alter().table("clocks").add_column(paused).to_owned()).await
    }
}
