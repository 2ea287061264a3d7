//! What a failure of the database means: for callers, and for whoever has to decide about another attempt.

use sea_orm::sqlx::{Error as SqlxError, error::DatabaseError};
use sea_orm::{DbErr, RuntimeErr};
use vocabulary::{ErrorCode, Problem};

/// A database that cannot be opened or is not of the schema this binary needs.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The server or file cannot be used.
    #[error("cannot open the database {place}")]
    Connect {
        /// Where, without credentials.
        place: String,
        /// Why.
        source: DbErr,
    },
    /// Migrations wait; only `fieldreport migrate` (or embedded mode, which owns its files) applies them.
    #[error("the database {place} lacks {count} migrations; run `fieldreport migrate`")]
    PendingMigrations {
        /// Where.
        place: String,
        /// How many.
        count: usize,
    },
    /// A migration failed.
    #[error("cannot migrate the database {place}")]
    Migrate {
        /// Where.
        place: String,
        /// Why.
        source: DbErr,
    },
}

impl OpenError {
    /// Whether waiting may help: the server is starting, busy or out of reach. Everything else is for the operator.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Connect { source, .. } | Self::Migrate { source, .. } => {
                matches!(fault(source), Fault::Unavailable)
            }
            Self::PendingMigrations { .. } => false,
        }
    }
}

/// The reason of a [`Problem`] whose transaction was undone because of another: nothing was done, and another attempt
/// will do.
pub const CONFLICT: &str = "DATABASE_CONFLICT";

/// Whose fault a failed statement or commit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The database is busy, gone or restarting; nothing is wrong with what was asked. After a commit: outcome unknown.
    Unavailable,
    /// Two transactions met; another attempt will do.
    Conflict,
    /// The disk is full.
    Full,
    /// What was asked cannot be done: a defect of ours, or data that break a constraint.
    Defect,
}

/// Whose fault it is.
pub fn fault(error: &DbErr) -> Fault {
    match error {
        DbErr::ConnectionAcquire(_) => Fault::Unavailable,
        DbErr::RecordNotUpdated => Fault::Conflict,
        DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) => match &**cause {
            SqlxError::Database(cause) => told_by_database(&**cause),
            SqlxError::Io(_)
            | SqlxError::Tls(_)
            | SqlxError::Protocol(_)
            | SqlxError::PoolTimedOut
            | SqlxError::PoolClosed
            | SqlxError::WorkerCrashed => Fault::Unavailable,
            _ => Fault::Defect,
        },
        DbErr::Conn(RuntimeErr::Internal(_)) => Fault::Unavailable,
        _ => Fault::Defect,
    }
}

/// SQLSTATE of PostgreSQL (appendix A of its manual), result code of SQLite (sqlite.org/rescode.html).
fn told_by_database(error: &dyn DatabaseError) -> Fault {
    let Some(code) = error.code() else { return Fault::Defect };
    if let Ok(code) = code.parse::<u32>()
        && code < 10_000
    {
        // The low byte of an extended result code is the primary one.
        return match code & 0xff {
            5 | 6 => Fault::Unavailable,
            10 | 14 => Fault::Unavailable,
            13 => Fault::Full,
            _ => Fault::Defect,
        };
    }
    match &*code {
        "40001" | "40P01" | "55P03" => Fault::Conflict,
        // Somebody else has answered the same request meanwhile.
        "23505" if error.constraint() == Some("requests_pkey") => Fault::Conflict,
        "53100" => Fault::Full,
        // Statement timeout, idle transaction ended, server stopping or crashed, not yet accepting connections.
        "57014" | "25P03" | "57P01" | "57P02" | "57P03" | "57P04" | "57P05" => Fault::Unavailable,
        // A standby or a server in recovery takes no writes.
        "25006" => Fault::Unavailable,
        code if code.starts_with("08") || code.starts_with("53") || code.starts_with("58") => {
            Fault::Unavailable
        }
        _ => Fault::Defect,
    }
}

/// What a failed statement means for the caller. Of a defect the class is logged, never the values.
pub fn problem(error: &DbErr) -> Problem {
    match fault(error) {
        Fault::Unavailable => Problem::unavailable("DATABASE_UNAVAILABLE"),
        Fault::Conflict => Problem::unavailable(CONFLICT),
        Fault::Full => Problem::new(
            ErrorCode::ResourceExhausted,
            "STORAGE_FULL",
            "the storage is full; nothing was changed; retry later with the same request_id",
            "Hệ thống tạm hết dung lượng lưu trữ, xin thử lại sau.",
        ),
        Fault::Defect => {
            tracing::error!(error = describe(error), "database statement failed");
            Problem::internal("database")
        }
    }
}

/// The failure in words that quote no stored value: PostgreSQL's `DETAIL` and messages of broken constraints may.
pub fn describe(error: &DbErr) -> String {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause))
        | DbErr::Conn(RuntimeErr::SqlxError(cause)) => match &**cause {
            SqlxError::Database(told) => format!(
                "{}{}{}",
                told.code().unwrap_or_default(),
                told.table().map(|table| format!(" in {table}")).unwrap_or_default(),
                told.constraint().map(|constraint| format!(" by {constraint}")).unwrap_or_default(),
            ),
            other => other.to_string(),
        },
        other => other.to_string(),
    }
}
