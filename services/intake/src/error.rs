//! Everything that can go wrong in intake, and what the caller is told.

use database::Fault;
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
    /// Whether one of several requests may be to blame, and the others would do without it.
    pub fn is_of_one(&self) -> bool {
        match self {
            Self::Database(error) => database::fault(error) == Fault::Defect,
            Self::Refused(_) | Self::Objects(_) | Self::Vault(_) => true,
            Self::Stopping => false,
        }
    }

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
