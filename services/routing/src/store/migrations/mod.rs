//! The schema's history. Applied in order, never edited once released.

mod m20261121_000101_routing;
mod m20261130_000101_questions;

use sea_orm_migration::prelude::*;

/// Every migration of this service's database.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(database::migration::Requests),
            Box::new(messaging::migration::Outbox),
            Box::new(messaging::migration::Inbox),
            Box::new(m20261121_000101_routing::Migration),
            Box::new(messaging::migration::OutboxSent),
            Box::new(messaging::migration::Retries),
            Box::new(database::migration::RequestsByTime),
            Box::new(m20261130_000101_questions::Migration),
            Box::new(messaging::migration::OutboxWaiting),
        ]
    }
}
