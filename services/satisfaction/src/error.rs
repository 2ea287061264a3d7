//! What can go wrong in a call.

use sea_orm::DbErr;
use vocabulary::Problem;

use crate::domain::invitation::Refusal;

/// Every way a call to this service fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request is wrong or not allowed.
    #[error(transparent)]
    Refused(#[from] Problem),
    /// The rating comes too late.
    #[error("the rating is not taken: {0:?}")]
    TooLate(Refusal),
    /// The database did not do its part.
    #[error("the database failed")]
    Database(#[from] DbErr),
}

impl Error {
    /// What the caller is told.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Refused(problem) => problem.clone(),
            Self::TooLate(refusal) => refusal.problem(),
            Self::Database(error) => database::problem(error),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::TooLate(refusal)
    }
}
