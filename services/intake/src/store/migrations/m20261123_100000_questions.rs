//! Questions to reporters, and returns that they contest.

use sea_orm_migration::prelude::*;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261123_100000_questions"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One column per statement: SQLite takes no more.
        for column in [
            ColumnDef::new("question").text().null().to_owned(),
            ColumnDef::new("contested").boolean().not_null().default(false).to_owned(),
        ] {
            manager.alter_table(Table::alter().table("reports").add_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
