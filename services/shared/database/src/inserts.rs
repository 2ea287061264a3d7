//! Rows for several tables, written together.

use sea_orm::sea_query::{CommonTableExpression, InsertStatement, OnConflict, WithClause};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbBackend, DbErr};

use crate::inserts;

/// Rows that one transaction adds to several tables.
///
/// PostgreSQL gets all of them in one statement: each statement more is a way there and back, and on busy cores each of
/// those waits for its turn twice. What depends on another's rows (a row of the same table, a number of the rows written)
/// does not belong in here: the parts of one statement do not see each other.
pub struct Inserts {
    backend: DbBackend,
    statements: Vec<InsertStatement>,
}

impl Inserts {
    /// None yet, for a transaction of this database.
    pub fn new(backend: DbBackend) -> Self {
        Self { backend, statements: Vec::new() }
    }

    /// Adds rows of one table; those that are there already are treated as `conflict` says, without it they are an error.
    /// All rows set the same columns.
    pub fn add<A: ActiveModelTrait>(
        &mut self,
        rows: impl IntoIterator<Item = A>,
        conflict: Option<OnConflict>,
    ) -> Result<(), DbErr> {
        for mut insert in inserts(self.backend, rows)? {
            if let Some(conflict) = &conflict {
                insert.on_conflict(conflict.clone());
            }
            self.push(insert);
        }
        Ok(())
    }

    /// Adds a statement; what it returns is, on PostgreSQL, a table of the name answered for those added after it.
    pub fn push(&mut self, statement: InsertStatement) -> String {
        self.statements.push(statement);
        part(self.statements.len() - 1)
    }

    /// Writes everything.
    pub async fn execute(mut self, db: &impl ConnectionTrait) -> Result<(), DbErr> {
        if self.backend != DbBackend::Postgres {
            for statement in self.statements {
                db.execute(&statement).await?;
            }
            return Ok(());
        }
        let Some(last) = self.statements.pop() else { return Ok(()) };
        if self.statements.is_empty() {
            db.execute(&last).await?;
            return Ok(());
        }
        let mut before = WithClause::new();
        for (number, statement) in self.statements.into_iter().enumerate() {
            let mut named = CommonTableExpression::new();
            named.table_name(part(number)).query(statement);
            before.cte(named);
        }
        db.execute(&last.with(before)).await?;
        Ok(())
    }
}

fn part(number: usize) -> String {
    format!("part_{number}")
}
