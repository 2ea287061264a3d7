//! Opening connections with the settings on which the promises rest.

use std::path::Path;
use std::time::Duration;

use sea_orm::sqlx::Executor as _;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, DatabaseConnection, DbErr};

use crate::{Database, Server};

/// How long a caller waits for a free connection to a file before the service answers UNAVAILABLE.
const FILE_POOL_WAIT: Duration = Duration::from_secs(2);
const FILE_READERS: u32 = 4;
/// A local disk answers or is broken; nothing is gained by giving up before.
const FILE_COMMIT_TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) async fn file(file: &Path, place: &str) -> Result<Database, DbErr> {
    let url = format!("sqlite://{}?mode=rwc", file.display());
    let connect = async |connections: u32| -> Result<DatabaseConnection, DbErr> {
        let mut options = ConnectOptions::new(&url);
        options
            .max_connections(connections)
            .min_connections(1)
            .acquire_timeout(FILE_POOL_WAIT)
            .test_before_acquire(false)
            .sqlx_logging(false)
            .record_stmt_in_spans(false)
            .map_sqlx_sqlite_opts(|sqlite| {
                sqlite
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .busy_timeout(Duration::from_secs(5))
                    .foreign_keys(true)
                    .pragma("cache_size", "-2048")
                    .statement_cache_capacity(128)
            });
        sea_orm::Database::connect(options).await
    };
    let writer = connect(1).await?;
    let reader = connect(FILE_READERS).await?;
    let express = writer.clone();
    Ok(Database { writer, express, reader, commit_timeout: FILE_COMMIT_TIMEOUT, place: place.to_owned() })
}

pub(crate) async fn server(server: &Server, place: &str) -> Result<Database, DbErr> {
    let config = &server.config;
    let milliseconds = |duration: settings::HumanDuration| format!("{}ms", duration.get().as_millis());
    let session = [
        ("statement_timeout", milliseconds(config.statement_timeout)),
        ("idle_in_transaction_session_timeout", milliseconds(config.idle_transaction_timeout)),
        // A row that somebody holds for longer is given up, and the caller told to come back.
        ("lock_timeout", milliseconds(config.pool_wait)),
        ("TimeZone", "UTC".to_owned()),
        // Identities lie in a schema of their own; the table's name is unique.
        ("search_path", "public,identity".to_owned()),
    ];
    let mut options = ConnectOptions::new(server.url.expose());
    options
        .min_connections(1)
        .connect_timeout(config.pool_wait.get())
        .acquire_timeout(config.pool_wait.get())
        .idle_timeout(Duration::from_secs(300))
        .max_lifetime(Duration::from_secs(1_800))
        // The hook below asks the server anyway.
        .test_before_acquire(false)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .map_sqlx_postgres_opts(move |postgres| {
            postgres.application_name("fieldreport").statement_cache_capacity(256).options(session.clone())
        })
        .map_sqlx_postgres_before_acquire(|connection, _| {
            Box::pin(async move {
                // BEGIN first: a lone ROLLBACK is a warning in the server's log each time.
                connection.execute("BEGIN; ROLLBACK").await?;
                Ok(true)
            })
        });
    let connect = async |connections: u32| {
        let mut options = options.clone();
        options.max_connections(connections);
        sea_orm::Database::connect(options).await
    };
    // Opened when it is first used.
    let mut express = options.clone();
    express.max_connections(1).min_connections(0).connect_lazy(true);
    // Of their own: reads that wait for a slow database must not keep a report from being stored.
    let readers = (config.max_connections / 3).max(1);
    Ok(Database {
        writer: connect(config.max_connections - readers).await?,
        express: sea_orm::Database::connect(express).await?,
        reader: connect(readers).await?,
        commit_timeout: config.commit_timeout.get(),
        place: place.to_owned(),
    })
}
