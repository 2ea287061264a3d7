//! The schema, step by step.

mod m20261121_000101_ratings;

use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// Every migration of the service's database, in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(database::migration::Requests),
            Box::new(messaging::migration::Outbox),
            Box::new(messaging::migration::Inbox),
            Box::new(m20261121_000101_ratings::Ratings),
            Box::new(messaging::migration::OutboxSent),
            Box::new(messaging::migration::Retries),
            Box::new(database::migration::RequestsByTime),
            Box::new(messaging::migration::OutboxWaiting),
        ]
    }
}
