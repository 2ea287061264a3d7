//! What every service gets from the process it runs in.

use std::path::PathBuf;
use std::sync::Arc;

use auth::ReporterSeal;
use messaging::{Bus, RetryPolicy};
use province::Province;
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
    /// Folder of the services' database files.
    pub data: PathBuf,
    /// Whether services apply missing migrations themselves (embedded mode owns its files).
    pub migrate: bool,
}
