//! What every service gets from the process it runs in.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use auth::ReporterSeal;
use database::{Database, DatabaseConfig, OpenError, Place};
use messaging::{Bus, RetryPolicy};
use province::Province;
use sea_orm_migration::MigratorTrait;
use vocabulary::Clock;

use crate::wire::PageKey;
use crate::{Lifecycle, Readiness};

/// The parts of the process that services share. Cheap to clone.
#[derive(Clone)]
pub struct Platform {
    /// Spawns and stops.
    pub lifecycle: Lifecycle,
    /// What must hold before the process says it is ready.
    pub readiness: Readiness,
    /// Now and fresh ids.
    pub clock: Clock,
    /// The province's rules.
    pub province: Arc<Province>,
    /// Where events go to and come from.
    pub bus: Bus,
    /// Signs page tokens.
    pub page_key: PageKey,
    /// Recognises reporters without knowing them.
    pub reporters: ReporterSeal,
    /// How failed events come back.
    pub retry: RetryPolicy,
    /// How long sent events are kept, to be sent again if the bus has lost them.
    pub retention: Duration,
    /// Folder of keys, media and, in embedded mode, database files.
    pub data: PathBuf,
    /// Where the services' databases are.
    pub database: DatabaseConfig,
}

/// Pause between two attempts to reach a database that is not there yet.
const PAUSE: Duration = Duration::from_secs(1);

impl Platform {
    /// Opens a service's database with the schema of this binary. A file is brought to it; a server's schema is changed by
    /// `fieldreport migrate` alone, and an older one is refused. A server that is not there yet is waited for.
    pub async fn open_database<M: MigratorTrait>(&self, service: &str) -> Result<Database, OpenError> {
        let place = self.database.place(service, &self.data);
        let stopping = self.lifecycle.stopping();
        loop {
            match open::<M>(&place).await {
                Err(error) if error.is_temporary() && !stopping.is_cancelled() => {
                    tracing::warn!(service, error = %error, "waiting for the database");
                    tokio::select! {
                        () = stopping.cancelled() => {}
                        () = tokio::time::sleep(PAUSE) => {}
                    }
                }
                outcome => return outcome,
            }
        }
    }
}

async fn open<M: MigratorTrait>(place: &Place) -> Result<Database, OpenError> {
    let database = Database::open(place.clone()).await?;
    match place {
        Place::File(_) => database.migrate::<M>().await?,
        Place::Server(_) => database.require_current::<M>().await?,
    }
    Ok(database)
}
