//! Finds reports that should move on by themselves and do not.

use sea_orm::ConnectionTrait as _;
use sea_orm_migration::prelude::*;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261129_100001_stuck_reports"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        connection
            .execute_unprepared(
                "CREATE INDEX reports_moving ON reports (update_time) \
                 WHERE state IN ('submitted', 'handed_back', 'reopened')",
            )
            .await?;
        connection
            .execute_unprepared(
                "CREATE INDEX reports_uninvited ON reports (update_time) \
                 WHERE invitation IS NULL \
                 AND state IN ('resolved', 'answered_deferred', 'returned', 'rejected')",
            )
            .await?;
        Ok(())
    }
}
