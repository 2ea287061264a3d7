//! Rows into a service's SQLite file: prepared statements of many rows, few and large transactions.

use std::path::Path;

use anyhow::Context as _;
use sea_orm::sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteSynchronous};
use sea_orm::sqlx::{
    self, Arguments as _, AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _,
};

use super::table::{Cell, Rows, Table};

/// SQLite takes at most so many values in one statement.
const MOST_VALUES: usize = 32_766;
/// More rows in one statement gain nothing.
const MOST_ROWS: usize = 500;
/// Rows that one transaction holds: the write-ahead log grows no further.
const ROWS_PER_TRANSACTION: u64 = 400_000;

/// One file, opened for writing by nobody else.
pub(crate) struct File {
    connection: SqliteConnection,
    pending: u64,
}

impl File {
    pub(crate) async fn open(path: &Path) -> anyhow::Result<Self> {
        let missing = || {
            format!("{} is not there: start the system once on the folder, or give --binary", path.display())
        };
        // The rows can be made again; only the last step makes them durable.
        let options = SqliteConnectOptions::new()
            .filename(path)
            .synchronous(SqliteSynchronous::Off)
            .pragma("cache_size", "-65536")
            .pragma("wal_autocheckpoint", "20000");
        let mut connection = options.connect().await.with_context(missing)?;
        connection.execute("BEGIN IMMEDIATE").await?;
        Ok(Self { connection, pending: 0 })
    }

    pub(crate) async fn write(&mut self, rows: Rows) -> anyhow::Result<()> {
        self.pending += rows.count();
        for (table, rows) in rows.0 {
            let most = MOST_ROWS.min(MOST_VALUES / table.columns.len());
            let mut rows = rows.into_iter();
            loop {
                let group: Vec<Vec<Cell>> = rows.by_ref().take(most).collect();
                if group.is_empty() {
                    break;
                }
                self.insert(table, group).await.with_context(|| format!("the table {}", table.name))?;
            }
        }
        if self.pending >= ROWS_PER_TRANSACTION {
            self.connection.execute("COMMIT").await?;
            self.connection.execute("BEGIN IMMEDIATE").await?;
            self.pending = 0;
        }
        Ok(())
    }

    async fn insert(&mut self, table: &Table, rows: Vec<Vec<Cell>>) -> anyhow::Result<()> {
        let places = format!("({})", vec!["?"; table.columns.len()].join(","));
        let values = vec![places.as_str(); rows.len()].join(",");
        let sql = format!("INSERT INTO {} ({}) VALUES {values}", table.name, table.columns.join(","));
        let mut arguments = SqliteArguments::default();
        for cell in rows.into_iter().flatten() {
            bind(&mut arguments, cell).map_err(|error| anyhow::anyhow!(error))?;
        }
        sqlx::query_with(AssertSqlSafe(sql), arguments).execute(&mut self.connection).await?;
        Ok(())
    }

    /// Folds the log back into the file and makes it durable.
    pub(crate) async fn finish(mut self) -> anyhow::Result<()> {
        self.connection.execute("COMMIT").await?;
        self.connection.execute("PRAGMA synchronous = FULL").await?;
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").await?;
        self.connection.close().await?;
        Ok(())
    }
}

fn bind(arguments: &mut SqliteArguments, cell: Cell) -> Result<(), sqlx::error::BoxDynError> {
    match cell {
        Cell::Null => arguments.add(None::<i64>),
        Cell::Integer(value) => arguments.add(value),
        Cell::Real(value) => arguments.add(value),
        Cell::Flag(value) => arguments.add(value),
        Cell::Text(value) => arguments.add(value),
        Cell::Bytes(value) => arguments.add(value),
        Cell::Id(value) => arguments.add(value.as_bytes().to_vec()),
    }
}
