//! A service's own database: connections with the right durability, transactions that lock at once, schema checks, and
//! the record of answered requests.
//!
//! SQLite (embedded mode): one file per service, WAL, `synchronous=FULL`, one writer connection and a small read pool.
//! Every write goes through [`Database::begin`], which takes the write lock at once (`BEGIN IMMEDIATE`): a deferred
//! transaction that reads and then writes fails under contention whatever the busy time-out.

pub mod migration;
pub mod requests;

use std::path::Path;
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use vocabulary::Problem;

/// How long a caller waits for a free connection before the service answers UNAVAILABLE.
const POOL_WAIT: Duration = Duration::from_secs(2);
const READERS: u32 = 4;

/// The connections of one service to its own database. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
}

/// A database that cannot be opened or is not of the schema this binary needs.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The server or file cannot be used.
    #[error("cannot open the database {url}")]
    Connect {
        /// Where, without credentials.
        url: String,
        /// Why.
        source: DbErr,
    },
    /// Migrations wait; only `fieldreport migrate` (or embedded mode, which owns its files) applies them.
    #[error("the database {url} lacks {count} migrations; run `fieldreport migrate`")]
    PendingMigrations {
        /// Where.
        url: String,
        /// How many.
        count: usize,
    },
    /// A migration failed.
    #[error("cannot migrate the database {url}")]
    Migrate {
        /// Where.
        url: String,
        /// Why.
        source: DbErr,
    },
}

impl Database {
    /// Opens (and creates) the SQLite file of a service.
    pub async fn open(file: &Path) -> Result<Self, OpenError> {
        let url = format!("sqlite://{}?mode=rwc", file.display());
        let connect = async |connections: u32| {
            let mut options = ConnectOptions::new(&url);
            options
                .max_connections(connections)
                .min_connections(1)
                .acquire_timeout(POOL_WAIT)
                .test_before_acquire(false)
                .sqlx_logging(false)
                .map_sqlx_sqlite_opts(|sqlite| {
                    sqlite
                        .journal_mode(SqliteJournalMode::Wal)
                        .synchronous(SqliteSynchronous::Full)
                        .busy_timeout(Duration::from_secs(5))
                        .foreign_keys(true)
                        .pragma("cache_size", "-2048")
                        .statement_cache_capacity(128)
                });
            sea_orm::Database::connect(options)
                .await
                .map_err(|source| OpenError::Connect { url: url.clone(), source })
        };
        let writer = connect(1).await?;
        Ok(Self { reader: connect(READERS).await?, writer })
    }

    /// For queries that change nothing.
    pub fn read(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// One moment of the database, for an answer that takes several queries. Never writes; dropping it ends it.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        self.reader
            .begin_with_options(TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Deferred),
                ..TransactionOptions::default()
            })
            .await
    }

    /// Begins a transaction that holds the write lock from its first statement. Dropping it rolls back.
    ///
    /// Hold it for database work only: while it is open every other write of the service waits.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        self.writer
            .begin_with_options(TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            })
            .await
    }

    /// Applies every migration of `M` that is missing.
    pub async fn migrate<M: MigratorTrait>(&self) -> Result<(), OpenError> {
        M::up(&self.writer, None).await.map_err(|source| OpenError::Migrate { url: self.describe(), source })
    }

    /// Refuses a schema that is older than this binary.
    pub async fn require_current<M: MigratorTrait>(&self) -> Result<(), OpenError> {
        let pending = M::get_pending_migrations(&self.writer)
            .await
            .map_err(|source| OpenError::Migrate { url: self.describe(), source })?;
        if pending.is_empty() {
            return Ok(());
        }
        Err(OpenError::PendingMigrations { url: self.describe(), count: pending.len() })
    }

    /// Whether the database answers.
    pub async fn is_alive(&self) -> bool {
        self.reader.ping().await.is_ok()
    }

    /// Closes the connections after their work; the write-ahead log is folded back into the file.
    pub async fn close(self) -> Result<(), DbErr> {
        self.reader.close().await?;
        self.writer.close().await
    }

    fn describe(&self) -> String {
        format!("{:?}", self.writer.get_database_backend())
    }
}

/// What a failed statement means for the caller: the database is busy or gone, or we have a defect.
pub fn problem(error: &DbErr) -> Problem {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Problem::unavailable("DATABASE_UNAVAILABLE"),
        other => {
            tracing::error!(error = %other, "database statement failed");
            Problem::internal("database")
        }
    }
}
