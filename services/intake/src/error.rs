//! Everything that can go wrong in intake, and what the caller is told.

use sea_orm::DbErr;
use vocabulary::Problem;

use crate::domain::identity::VaultError;

/// A failure of a use case.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller's request was refused.
    #[error(transparent)]
    Refused(#[from] Problem),
    /// The database.
    #[error("the database failed")]
    Database(#[from] DbErr),
    /// The place where photos and videos are kept.
    #[error("the object store failed")]
    Objects(#[from] object_store::Error),
    /// The identity vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The service is stopping and takes no more work.
    #[error("the service is stopping")]
    Stopping,
}

impl Error {
    /// What the caller is told; causes that are not the caller's are logged here, once.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Refused(problem) => problem.clone(),
            Self::Database(error) => database::problem(error),
            Self::Objects(error) => {
                tracing::error!(error = %error, "the object store failed");
                Problem::unavailable("MEDIA_STORE_UNAVAILABLE")
            }
            Self::Vault(error) => {
                tracing::error!(error = %error, "the identity vault failed");
                Problem::internal("identity-vault")
            }
            Self::Stopping => Problem::unavailable("STOPPING"),
        }
    }
}
