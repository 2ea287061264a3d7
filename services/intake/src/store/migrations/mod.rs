//! Intake's schema, oldest first. A published migration never changes.

mod m20261121_100000_reports;
mod m20261123_100000_questions;

use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// Every migration of intake's database.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(database::migration::Requests),
            Box::new(messaging::migration::Outbox),
            Box::new(messaging::migration::Inbox),
            Box::new(m20261121_100000_reports::Migration),
            Box::new(m20261123_100000_questions::Migration),
        ]
    }
}
