//! The schema of this service, oldest migration first.

mod m20261121_000101_triage;
mod m20261123_000101_desk;
mod m20261124_000101_similar;
mod m20261124_000102_learning;
mod m20261130_000101_photos;

use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// Every migration of this service's database.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(database::migration::Requests),
            Box::new(messaging::migration::Outbox),
            Box::new(messaging::migration::Inbox),
            Box::new(m20261121_000101_triage::Triage),
            Box::new(messaging::migration::OutboxSent),
            Box::new(messaging::migration::Retries),
            Box::new(database::migration::RequestsByTime),
            Box::new(m20261123_000101_desk::Desk),
            Box::new(m20261124_000101_similar::Similar),
            Box::new(m20261124_000102_learning::Learning),
            Box::new(messaging::migration::OutboxWaiting),
            Box::new(m20261130_000101_photos::Photos),
        ]
    }
}
