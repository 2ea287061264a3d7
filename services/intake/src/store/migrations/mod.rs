//! Intake's schema, oldest first. A published migration never changes.

mod m20261121_100000_reports;
mod m20261123_100000_questions;
mod m20261129_100000_identity_schema;
mod m20261129_100001_stuck_reports;
mod m20261129_100002_reports_by_time;
mod m20261130_100000_image_hashes;
mod m20261130_100001_narrow_indexes;

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
            Box::new(messaging::migration::OutboxSent),
            Box::new(messaging::migration::Retries),
            Box::new(m20261129_100000_identity_schema::Migration),
            Box::new(m20261129_100001_stuck_reports::Migration),
            Box::new(database::migration::RequestsByTime),
            Box::new(m20261129_100002_reports_by_time::Migration),
            Box::new(m20261123_100000_questions::Migration),
            Box::new(messaging::migration::OutboxWaiting),
            Box::new(m20261130_100000_image_hashes::Migration),
            Box::new(m20261130_100001_narrow_indexes::Migration),
        ]
    }
}
