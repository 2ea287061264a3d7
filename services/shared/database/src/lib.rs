//! A service's own database: connections with the right durability, transactions that lock at once, schema checks, and
//! the record of answered requests.
//!
//! SQLite (embedded mode): one file per service, WAL, `synchronous=FULL`, one writer connection and a small read pool.
//! Every write goes through [`Database::begin`], which takes the write lock at once (`BEGIN IMMEDIATE`): a deferred
//! transaction that reads and then writes fails under contention whatever the busy time-out.
//!
//! PostgreSQL: a pool for writing, one for reading, and a connection kept for [`Database::begin_express`]. A connection is
//! rolled back before it is used again, because a caller that vanished while `BEGIN` was on its way would otherwise leave
//! an open transaction to the next one, whose writes would be lost.
//! Transactions are READ COMMITTED; [`lock()`] keeps other writers off the subjects of one.

mod config;
mod connect;
mod cursor;
mod error;
#[cfg(feature = "fault-points")]
pub mod faults;
mod inserts;
mod lock;
pub mod migration;
pub mod requests;
mod rows;

use std::time::Duration;

use sea_orm::{
    AccessMode, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel, RuntimeErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;

pub use config::{DatabaseConfig, Place, Server};
pub use cursor::Cursor;
pub use error::{CONFLICT, Fault, OpenError, describe, fault, problem};
pub use inserts::Inserts;
pub use lock::lock;
pub use rows::{Key, insert_all, inserts, is_among, update_all};

/// A point at which a test may order the process to fail, named `service.flow.step`; nothing without the feature
/// `fault-points`. It stands in an async function whose error can be made of a `DbErr`.
#[cfg(feature = "fault-points")]
#[macro_export]
macro_rules! fault_point {
    ($name:literal) => {
        $crate::faults::pass($name).await?
    };
}

/// A point at which a test may order the process to fail; nothing without the feature `fault-points`.
#[cfg(not(feature = "fault-points"))]
#[macro_export]
macro_rules! fault_point {
    ($name:literal) => {{}};
}

/// The connections of one service to its own database. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    writer: DatabaseConnection,
    /// Of its own where there may be several; used by nobody but who asks for it.
    express: DatabaseConnection,
    reader: DatabaseConnection,
    commit_timeout: Duration,
    place: String,
}

impl Database {
    /// Opens a service's database; creates the file if it is one.
    pub async fn open(place: impl Into<Place>) -> Result<Self, OpenError> {
        let place = place.into();
        let name = place.to_string();
        let opened = match &place {
            Place::File(file) => connect::file(file, &name).await,
            Place::Server(server) => connect::server(server, &name).await,
        };
        opened.map_err(|source| OpenError::Connect { place: name, source })
    }

    /// Which of the two it is.
    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// For queries that change nothing.
    pub fn read(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// One moment of the database, for an answer that takes several queries. Never writes; dropping it ends it.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = match self.backend() {
            DbBackend::Postgres => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..TransactionOptions::default()
            },
            _ => TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Deferred),
                ..TransactionOptions::default()
            },
        };
        self.reader.begin_with_options(options).await
    }

    /// Begins a transaction. Dropping it rolls back.
    ///
    /// SQLite: it holds the write lock from its first statement; hold it for database work only, while it is open every
    /// other write of the service waits.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        self.writer.begin_with_options(at_once()).await
    }

    /// The same on a connection that is kept for this: for one loop of a service whose work must not wait until all others
    /// have had their turn.
    pub async fn begin_express(&self) -> Result<DatabaseTransaction, DbErr> {
        self.express.begin_with_options(at_once()).await
    }

    /// Makes a transaction durable. An error means that the outcome is unknown, not that nothing happened.
    ///
    /// A COMMIT that takes too long (a synchronous standby that is gone) is never cancelled on the server, where a
    /// cancelled wait would be answered as a success that only one node has: we stop waiting and drop the connection.
    pub async fn commit(&self, tx: DatabaseTransaction) -> Result<(), DbErr> {
        match tokio::time::timeout(self.commit_timeout, tx.commit()).await {
            Ok(outcome) => outcome,
            Err(_) => Err(DbErr::Conn(RuntimeErr::Internal("a commit was not answered in time".to_owned()))),
        }
    }

    /// Applies every migration of `M` that is missing.
    pub async fn migrate<M: MigratorTrait>(&self) -> Result<(), OpenError> {
        M::up(&self.writer, None)
            .await
            .map_err(|source| OpenError::Migrate { place: self.place.clone(), source })
    }

    /// Refuses a schema that is older than this binary. Changes nothing.
    pub async fn require_current<M: MigratorTrait>(&self) -> Result<(), OpenError> {
        let pending = M::get_pending_migrations_read_only(&self.writer)
            .await
            .map_err(|source| OpenError::Migrate { place: self.place.clone(), source })?;
        if pending.is_empty() {
            return Ok(());
        }
        Err(OpenError::PendingMigrations { place: self.place.clone(), count: pending.len() })
    }

    /// Whether the database answers.
    pub async fn is_alive(&self) -> bool {
        self.reader.ping().await.is_ok()
    }

    /// Closes the connections after their work; a file's write-ahead log is folded back into it.
    pub async fn close(self) -> Result<(), DbErr> {
        self.reader.close().await?;
        self.express.close().await?;
        self.writer.close().await
    }
}

fn at_once() -> TransactionOptions {
    TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    }
}
