//! Most events change a report and none of what its indexes say. Where no index covers the time of the last change,
//! PostgreSQL stores such a change in the page of the row itself, if there is room, and leaves every index alone (a
//! heap-only tuple, HOT).

use sea_orm::{ConnectionTrait as _, DbBackend};
use sea_orm_migration::prelude::*;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261130_100001_narrow_indexes"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for statement in [
            "DROP INDEX reports_moving",
            "CREATE INDEX reports_moving ON reports (id) \
             WHERE state IN ('submitted', 'handed_back', 'reopened')",
            "DROP INDEX reports_uninvited",
            "CREATE INDEX reports_uninvited ON reports (id) \
             WHERE invitation IS NULL \
             AND state IN ('resolved', 'answered_deferred', 'returned', 'rejected')",
            "DROP INDEX reports_public",
            "CREATE INDEX reports_public ON reports (id) WHERE public",
        ] {
            connection.execute_unprepared(statement).await?;
        }
        if manager.get_database_backend() == DbBackend::Postgres {
            // Room for one more version of every row: all reports of a page are classified at about the same time.
            connection.execute_unprepared("ALTER TABLE reports SET (fillfactor = 50)").await?;
        }
        Ok(())
    }
}
