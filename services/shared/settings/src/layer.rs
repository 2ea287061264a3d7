//! One source of settings, how it is read, checked against the defaults and laid over the earlier ones.

use std::path::Path;

use toml::{Table, Value};

use crate::{PREFIX, SettingsError};

/// Settings from one source.
pub(crate) struct Layer {
    /// Where they came from, as an error message says it.
    pub(crate) source: String,
    pub(crate) table: Table,
}

impl Layer {
    pub(crate) fn from_toml(source: &str, text: &str) -> Result<Self, SettingsError> {
        let table = text.parse().map_err(|cause| SettingsError::not_toml(source, text, &cause))?;
        Ok(Self { source: source.to_owned(), table })
    }

    pub(crate) fn from_file(path: &Path) -> Result<Self, SettingsError> {
        let text = std::fs::read_to_string(path)
            .map_err(|cause| SettingsError::Unreadable { path: path.to_owned(), cause })?;
        Self::from_toml(&path.display().to_string(), &text)
    }

    pub(crate) fn from_variable(name: &str, value: &str, known: &Table) -> Result<Self, SettingsError> {
        let path: Vec<String> =
            name.strip_prefix(PREFIX).unwrap_or(name).split("__").map(str::to_ascii_lowercase).collect();
        Self::from_pair(format!("the environment variable {name}"), &path, value, known)
    }

    pub(crate) fn from_flag(key: &str, value: &str, known: &Table) -> Result<Self, SettingsError> {
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        Self::from_pair(format!("the flag {key}=…"), &path, value, known)
    }

    fn from_pair(source: String, path: &[String], text: &str, known: &Table) -> Result<Self, SettingsError> {
        let value = read(text, find(known, path));
        let nested = path.iter().rev().fold(value, |inner, key| {
            let mut table = Table::new();
            table.insert(key.clone(), inner);
            Value::Table(table)
        });
        match nested {
            Value::Table(table) => Ok(Self { source, table }),
            _ => Err(SettingsError::UnknownKey { key: String::new(), place: source, nearest: None }),
        }
    }
}

fn find<'a>(known: &'a Table, path: &[String]) -> Option<&'a Value> {
    let (last, parents) = path.split_last()?;
    parents.iter().try_fold(known, |table, key| table.get(key)?.as_table())?.get(last)
}

/// Text becomes what the default is: a string stays as it is, anything else is read as a TOML value.
fn read(text: &str, default: Option<&Value>) -> Value {
    let as_toml = || toml::from_str::<Table>(&format!("value = {text}")).ok()?.remove("value");
    match default {
        Some(Value::String(_)) | None => Value::String(text.to_owned()),
        Some(Value::Array(_)) if !text.trim_start().starts_with('[') => Value::Array(
            text.split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(|item| Value::String(item.to_owned()))
                .collect(),
        ),
        Some(_) => as_toml().unwrap_or_else(|| Value::String(text.to_owned())),
    }
}

/// Every key of `table` must stand in the defaults, with a value of the same kind.
pub(crate) fn check(table: &Table, known: &Table, source: &str) -> Result<(), SettingsError> {
    check_below("", table, known, known, source)
}

fn check_below(
    prefix: &str,
    table: &Table,
    here: &Table,
    known: &Table,
    source: &str,
) -> Result<(), SettingsError> {
    for (name, value) in table {
        let key = format!("{prefix}{name}");
        match (here.get(name), value) {
            (None, _) => {
                let nearest = nearest(&key, known);
                return Err(SettingsError::UnknownKey { key, place: source.to_owned(), nearest });
            }
            (Some(Value::Table(free)), Value::Table(_)) if free.is_empty() => {}
            (Some(Value::Table(inner)), Value::Table(value)) => {
                check_below(&format!("{key}."), value, inner, known, source)?;
            }
            (Some(Value::Float(_)), Value::Integer(_)) => {}
            (Some(default), value) if default.same_type(value) => {}
            (Some(default), value) => {
                let (expected, found) = (kind(default), kind(value));
                return Err(SettingsError::WrongType { key, place: source.to_owned(), expected, found });
            }
        }
    }
    Ok(())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a section",
    }
}

/// Lays `upper` over `lower`: sections are merged key by key, everything else is replaced.
pub(crate) fn merge(lower: &mut Table, upper: Table) {
    for (key, value) in upper {
        match (lower.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => merge(below, above),
            (_, value) => {
                lower.insert(key, value);
            }
        }
    }
}

fn nearest(key: &str, known: &Table) -> Option<String> {
    let mut keys = Vec::new();
    collect("", known, &mut keys);
    keys.into_iter()
        .map(|candidate| (distance(key, &candidate), candidate))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, candidate)| *distance <= candidate.len().max(key.len()) / 2)
        .map(|(_, candidate)| candidate)
}

fn collect(prefix: &str, table: &Table, keys: &mut Vec<String>) {
    for (name, value) in table {
        let key = format!("{prefix}{name}");
        if let Value::Table(inner) = value {
            collect(&format!("{key}."), inner, keys);
        }
        keys.push(key);
    }
}

/// Levenshtein's distance.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, r) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(l != *r);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_distance_counts_single_edits() {
        for (left, right, edits) in
            [("", "", 0), ("abc", "", 3), ("kitten", "sitting", 3), ("grpc.port", "grpc.prot", 2)]
        {
            assert_eq!(distance(left, right), edits);
        }
    }

    proptest! {
        #[test]
        fn the_distance_is_symmetric_and_zero_only_for_equals(left in "[a-c.]{0,8}", right in "[a-c.]{0,8}") {
            prop_assert_eq!(distance(&left, &right), distance(&right, &left));
            prop_assert_eq!(distance(&left, &right) == 0, left == right);
        }
    }
}
