//! Statements about many rows whose text is the same whatever their number. PostgreSQL prepares and plans each text that a
//! connection has not seen before, and for hundreds of rows of placeholders that takes longer than the rows do.

use std::fmt::Write as _;

use sea_orm::sea_query::{ColumnType, Expr, Func, InsertStatement, OnConflict, Query};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait,
    ExprTrait as _, IdenStatic as _, Iterable as _, QueryTrait as _, Value,
};
use uuid::Uuid;

/// Rows of one INSERT into a file, far below the 32,766 parameters that SQLite takes.
const FILE_ROWS: usize = 128;

/// Inserts rows; answers how many were written. Those that are there already are treated as `conflict` says; without it
/// they are an error. All rows set the same columns.
pub async fn insert_all<A: ActiveModelTrait>(
    db: &impl ConnectionTrait,
    rows: impl IntoIterator<Item = A>,
    conflict: Option<OnConflict>,
) -> Result<u64, DbErr> {
    let mut written = 0;
    for mut insert in inserts(db.get_database_backend(), rows)? {
        if let Some(conflict) = &conflict {
            insert.on_conflict(conflict.clone());
        }
        written += db.execute(&insert).await?.rows_affected();
    }
    Ok(written)
}

/// The statements that insert rows which all set the same columns.
///
/// PostgreSQL: one, with a parameter for each column, the array of its values. SQLite, which prepares for nearly nothing:
/// of some rows each.
pub fn inserts<A: ActiveModelTrait>(
    backend: DbBackend,
    rows: impl IntoIterator<Item = A>,
) -> Result<Vec<InsertStatement>, DbErr> {
    let rows: Vec<A> = rows.into_iter().collect();
    if backend != DbBackend::Postgres {
        let insert = |rows: &[A]| A::Entity::insert_many(rows.to_vec()).into_query();
        return Ok(rows.chunks(FILE_ROWS).map(insert).collect());
    }
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let is_set = |column: &<A::Entity as EntityTrait>::Column| !first.get(*column).is_not_set();
    let columns: Vec<_> = <A::Entity as EntityTrait>::Column::iter().filter(is_set).collect();
    let mut arrays = Vec::with_capacity(columns.len());
    for column in &columns {
        let definition = column.def();
        let element = type_name(definition.get_column_type())?;
        let mut array = String::from("{");
        for row in &rows {
            if array.len() > 1 {
                array.push(',');
            }
            match row.get(*column) {
                ActiveValue::Set(value) | ActiveValue::Unchanged(value) => push_element(&mut array, value)?,
                ActiveValue::NotSet => return Err(DbErr::AttrNotSet(column.as_str().to_owned())),
            }
        }
        array.push('}');
        let array = Expr::val(array).cast_as("text").cast_as(format!("{element}[]"));
        arrays.push(Expr::expr(Func::cust("UNNEST").arg(array)));
    }
    // Functions that answer many rows walk side by side in a list of results.
    let rows = Query::select().exprs(arrays).to_owned();
    let mut insert = Query::insert();
    insert.into_table(A::Entity::default()).columns(columns);
    insert.select_from(rows).map_err(|error| DbErr::Custom(error.to_string()))?;
    Ok(vec![insert])
}

fn type_name(column: &ColumnType) -> Result<&'static str, DbErr> {
    Ok(match column {
        ColumnType::Boolean => "boolean",
        ColumnType::Integer => "integer",
        ColumnType::BigInteger => "bigint",
        ColumnType::Double => "double precision",
        ColumnType::Text | ColumnType::String(_) => "text",
        ColumnType::Uuid => "uuid",
        ColumnType::Binary(_) | ColumnType::VarBinary(_) | ColumnType::Blob => "bytea",
        other => return Err(DbErr::Type(format!("columns of type {other:?} are not inserted in arrays"))),
    })
}

/// Writes one value as PostgreSQL reads elements of arrays.
fn push_element(array: &mut String, value: Value) -> Result<(), DbErr> {
    let written = match value {
        Value::Bool(Some(value)) => write!(array, "{value}"),
        Value::Int(Some(value)) => write!(array, "{value}"),
        Value::BigInt(Some(value)) => write!(array, "{value}"),
        Value::Double(Some(value)) => write!(array, "{value}"),
        Value::Uuid(Some(value)) => write!(array, "{value}"),
        Value::String(Some(value)) => {
            array.push('"');
            for character in value.chars() {
                if matches!(character, '"' | '\\') {
                    array.push('\\');
                }
                array.push(character);
            }
            array.push('"');
            Ok(())
        }
        Value::Bytes(Some(value)) => {
            array.push_str("\"\\\\x");
            value.iter().try_for_each(|byte| write!(array, "{byte:02x}")).map(|()| array.push('"'))
        }
        Value::Bool(None)
        | Value::Int(None)
        | Value::BigInt(None)
        | Value::Double(None)
        | Value::Uuid(None)
        | Value::String(None)
        | Value::Bytes(None) => write!(array, "NULL"),
        other => return Err(DbErr::Type(format!("values such as {other:?} are not inserted in arrays"))),
    };
    written.map_err(|error| DbErr::Custom(error.to_string()))
}

/// What rows are looked for by.
pub trait Key: ToString + Into<Value> {
    /// The name of PostgreSQL's type of many of them.
    const ARRAY: &'static str;
}

impl Key for Uuid {
    const ARRAY: &'static str = "uuid[]";
}

impl Key for i64 {
    const ARRAY: &'static str = "bigint[]";
}

/// That `column` is one of `keys`.
pub fn is_among<K: Key>(
    db: &impl ConnectionTrait,
    column: impl ColumnTrait,
    keys: impl IntoIterator<Item = K>,
) -> Expr {
    if db.get_database_backend() != DbBackend::Postgres {
        return column.is_in(keys);
    }
    let keys: Vec<String> = keys.into_iter().map(|key| key.to_string()).collect();
    let keys = Func::cust("string_to_array").args([Expr::val(keys.join(",")), Expr::val(",")]);
    Expr::col(column.as_column_ref())
        .eq(Expr::expr(Func::cust("ANY").arg(Expr::expr(keys).cast_as(K::ARRAY))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(value: impl Into<Value>) -> String {
        let mut array = String::new();
        push_element(&mut array, value.into()).expect("a type that columns have");
        array
    }

    #[test]
    fn elements_are_written_as_postgresql_reads_them() {
        assert_eq!(element("cầu \"gỗ\" C:\\ {a,b}"), r#""cầu \"gỗ\" C:\\ {a,b}""#);
        assert_eq!(element(""), r#""""#);
        assert_eq!(element("NULL"), r#""NULL""#);
        assert_eq!(element(None::<String>), "NULL");
        assert_eq!(element(vec![0_u8, 255, 16]), r#""\\x00ff10""#);
        assert_eq!(element(-7_i64), "-7");
        assert_eq!(element(9.176_945_123_456_7_f64), "9.1769451234567");
        assert_eq!(element(true), "true");
        assert_eq!(element(Uuid::nil()), "00000000-0000-0000-0000-000000000000");
    }

    #[test]
    fn a_type_that_no_column_has_is_an_error() {
        assert!(push_element(&mut String::new(), Value::Char(Some('a'))).is_err());
    }
}
