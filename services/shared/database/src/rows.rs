//! Statements about many rows whose text is the same whatever their number. PostgreSQL prepares and plans each text that a
//! connection has not seen before, and for hundreds of rows of placeholders that takes longer than the rows do.

use std::fmt::Write as _;

use sea_orm::sea_query::{
    ArrayType, ColumnType, Expr, Func, InsertStatement, IntoIden as _, OnConflict, Query, TableRef,
};
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
    let is_set = |column: &ColumnOf<A>| !first.get(*column).is_not_set();
    let columns: Vec<_> = ColumnOf::<A>::iter().filter(is_set).collect();
    let mut given = Query::select();
    for column in &columns {
        given.expr(values(&rows, *column)?);
    }
    let mut insert = Query::insert();
    insert.into_table(A::Entity::default()).columns(columns);
    insert.select_from(given).map_err(|error| DbErr::Custom(error.to_string()))?;
    Ok(vec![insert])
}

/// Overwrites `columns` of rows that are there, found by `key`. The rows set every column.
///
/// PostgreSQL: what stays is not sent.
pub async fn update_all<A: ActiveModelTrait>(
    db: &impl ConnectionTrait,
    rows: impl IntoIterator<Item = A>,
    key: ColumnOf<A>,
    columns: &[ColumnOf<A>],
) -> Result<(), DbErr> {
    let rows: Vec<A> = rows.into_iter().collect();
    if rows.is_empty() {
        return Ok(());
    }
    if db.get_database_backend() != DbBackend::Postgres {
        let overwrite = OnConflict::column(key).update_columns(columns.iter().copied()).to_owned();
        insert_all(db, rows, Some(overwrite)).await?;
        return Ok(());
    }
    let mut given = Query::select();
    let mut update = Query::update();
    update.table(A::Entity::default());
    for column in std::iter::once(&key).chain(columns) {
        given.expr_as(values(&rows, *column)?, *column);
    }
    for column in columns {
        update.value(*column, Expr::col(("given", *column)));
    }
    update.from(TableRef::SubQuery(Box::new(given), "given".into_iden()));
    update.and_where(Expr::col((A::Entity::default(), key)).equals(("given", key)));
    db.execute(&update).await?;
    Ok(())
}

type ColumnOf<A> = <<A as ActiveModelTrait>::Entity as EntityTrait>::Column;

/// The values of a column, a row each. Functions that answer many rows walk side by side in a list of results.
fn values<A: ActiveModelTrait>(rows: &[A], column: ColumnOf<A>) -> Result<Expr, DbErr> {
    let definition = column.def();
    let element = Element::of(definition.get_column_type())?;
    let values = rows.iter().map(|row| match row.get(column) {
        ActiveValue::Set(value) | ActiveValue::Unchanged(value) => Ok(value),
        ActiveValue::NotSet => Err(DbErr::AttrNotSet(column.as_str().to_owned())),
    });
    let array = match definition.is_null() {
        // The library has no arrays with holes.
        true => Expr::val(as_text(values)?).cast_as("text").cast_as(format!("{}[]", element.name)),
        false => Expr::val(Value::Array(element.values, Some(Box::new(values.collect::<Result<_, _>>()?)))),
    };
    Ok(Expr::expr(Func::cust("UNNEST").arg(array)))
}

/// What a column holds.
struct Element {
    /// PostgreSQL's name of it.
    name: &'static str,
    values: ArrayType,
}

impl Element {
    fn of(column: &ColumnType) -> Result<Self, DbErr> {
        let (name, values) = match column {
            ColumnType::Boolean => ("boolean", ArrayType::Bool),
            ColumnType::Integer => ("integer", ArrayType::Int),
            ColumnType::BigInteger => ("bigint", ArrayType::BigInt),
            ColumnType::Double => ("double precision", ArrayType::Double),
            ColumnType::Text | ColumnType::String(_) => ("text", ArrayType::String),
            ColumnType::Uuid => ("uuid", ArrayType::Uuid),
            ColumnType::Binary(_) | ColumnType::VarBinary(_) | ColumnType::Blob => {
                ("bytea", ArrayType::Bytes)
            }
            other => {
                return Err(DbErr::Type(format!("columns of type {other:?} are not inserted in arrays")));
            }
        };
        Ok(Self { name, values })
    }
}

/// An array as PostgreSQL reads it.
fn as_text(values: impl Iterator<Item = Result<Value, DbErr>>) -> Result<String, DbErr> {
    let mut array = String::from("{");
    for value in values {
        if array.len() > 1 {
            array.push(',');
        }
        push_element(&mut array, value?)?;
    }
    array.push('}');
    Ok(array)
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
        Value::Bytes(Some(value)) => write!(array, "\"\\\\x{}\"", hex::encode(value)),
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
pub trait Key: Into<Value> {
    /// What many of them are.
    const ARRAY: ArrayType;
}

impl Key for Uuid {
    const ARRAY: ArrayType = ArrayType::Uuid;
}

impl Key for i64 {
    const ARRAY: ArrayType = ArrayType::BigInt;
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
    let keys = Value::Array(K::ARRAY, Some(Box::new(keys.into_iter().map(Into::into).collect())));
    Expr::col(column.as_column_ref()).eq(Expr::expr(Func::cust("ANY").arg(Expr::val(keys))))
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
