//! Rows on their way into a database, the same for both kinds.

use uuid::Uuid;
use vocabulary::Timestamp;

/// A value of a column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Flag(bool),
    Text(String),
    Bytes(Vec<u8>),
    Id(Uuid),
}

macro_rules! cells {
    ($($from:ty => |$value:ident| $cell:expr),+ $(,)?) => {
        $(impl From<$from> for Cell {
            fn from($value: $from) -> Self {
                $cell
            }
        })+
    };
}

cells!(
    i64 => |value| Self::Integer(value),
    i32 => |value| Self::Integer(value.into()),
    u32 => |value| Self::Integer(value.into()),
    Timestamp => |value| Self::Integer(value.micros()),
    f64 => |value| Self::Real(value),
    bool => |value| Self::Flag(value),
    String => |value| Self::Text(value),
    &str => |value| Self::Text(value.to_owned()),
    Vec<u8> => |value| Self::Bytes(value),
    &[u8] => |value| Self::Bytes(value.to_vec()),
    Uuid => |value| Self::Id(value),
);

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A table and the columns that are filled, in order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [&'static str],
}

/// Declares a table with a function that makes its rows.
macro_rules! table {
    ($table:ident, $name:literal, [$($column:ident),+ $(,)?]) => {
        pub(crate) static $table: $crate::seed::table::Table =
            $crate::seed::table::Table { name: $name, columns: &[$(stringify!($column)),+] };
    };
}
pub(crate) use table;

/// A row, from anything that can stand in a column.
macro_rules! row {
    ($($value:expr),+ $(,)?) => { vec![$($crate::seed::table::Cell::from($value)),+] };
}
pub(crate) use row;

/// Rows by table, in the order in which the tables must be filled.
#[derive(Debug, Default)]
pub(crate) struct Rows(pub(crate) Vec<(&'static Table, Vec<Vec<Cell>>)>);

impl Rows {
    pub(crate) fn push(&mut self, table: &'static Table, row: Vec<Cell>) {
        debug_assert_eq!(table.columns.len(), row.len(), "{}", table.name);
        match self.0.iter_mut().find(|(known, _)| std::ptr::eq(*known, table)) {
            Some((_, rows)) => rows.push(row),
            None => self.0.push((table, vec![row])),
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.iter().map(|(_, rows)| rows.len() as u64).sum()
    }
}
