//! Rows into a service's PostgreSQL database: COPY, one transaction per batch.

use std::fmt::Write as _;

use anyhow::Context as _;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{ConnectOptions as _, Connection as _, Executor as _};

use super::table::{Cell, Rows, Table};

/// Intake keeps identities in a schema of their own here.
const ELSEWHERE: [(&str, &str); 1] = [("identities", "identity.identities")];

/// One database.
pub(crate) struct Base {
    connection: PgConnection,
}

impl Base {
    /// `url` must be that of a role that may write every table, i.e. of their owner.
    pub(crate) async fn open(url: &str) -> anyhow::Result<Self> {
        let options: PgConnectOptions = url.parse().context("the database's URL")?;
        let connection = options.connect().await.context("the database cannot be reached")?;
        Ok(Self { connection })
    }

    pub(crate) async fn write(&mut self, rows: Rows) -> anyhow::Result<()> {
        self.connection.execute("BEGIN").await?;
        for (table, rows) in rows.0 {
            self.copy(table, &rows).await.with_context(|| format!("the table {}", table.name))?;
        }
        self.connection.execute("COMMIT").await?;
        Ok(())
    }

    async fn copy(&mut self, table: &Table, rows: &[Vec<Cell>]) -> anyhow::Result<()> {
        let name =
            ELSEWHERE.iter().find(|(here, _)| *here == table.name).map_or(table.name, |(_, there)| there);
        let columns: Vec<String> = table.columns.iter().map(|column| format!("\"{column}\"")).collect();
        let statement = format!("COPY {name} ({}) FROM STDIN", columns.join(","));
        let mut text = String::new();
        for row in rows {
            for (index, cell) in row.iter().enumerate() {
                if index > 0 {
                    text.push('\t');
                }
                write(&mut text, cell)?;
            }
            text.push('\n');
        }
        let mut copy = self.connection.copy_in_raw(&statement).await?;
        copy.send(text.into_bytes()).await?;
        copy.finish().await?;
        Ok(())
    }

    /// Lets the planner know what it has to do with.
    pub(crate) async fn finish(mut self) -> anyhow::Result<()> {
        self.connection.execute("ANALYZE").await?;
        self.connection.close().await?;
        Ok(())
    }
}

/// In COPY's text format.
fn write(text: &mut String, cell: &Cell) -> std::fmt::Result {
    match cell {
        Cell::Null => text.write_str("\\N"),
        Cell::Integer(value) => write!(text, "{value}"),
        Cell::Real(value) => write!(text, "{value}"),
        Cell::Flag(value) => text.write_char(if *value { 't' } else { 'f' }),
        Cell::Id(value) => write!(text, "{value}"),
        Cell::Bytes(value) => write!(text, "\\\\x{}", hex::encode(value)),
        Cell::Text(value) => value.chars().try_for_each(|letter| match letter {
            '\\' => text.write_str("\\\\"),
            '\t' => text.write_str("\\t"),
            '\n' => text.write_str("\\n"),
            '\r' => text.write_str("\\r"),
            letter => text.write_char(letter),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_written_so_that_copy_reads_them_back() {
        let line = |cell: Cell| {
            let mut text = String::new();
            write(&mut text, &cell).unwrap();
            text
        };
        assert_eq!(line(Cell::Text("a\tb\nc\\d".to_owned())), "a\\tb\\nc\\\\d");
        assert_eq!(line(Cell::Bytes(vec![0, 255])), "\\\\x00ff");
        assert_eq!((line(Cell::Null), line(Cell::Flag(true))), ("\\N".to_owned(), "t".to_owned()));
    }
}
