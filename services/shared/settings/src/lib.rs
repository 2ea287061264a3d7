//! Typed configuration: embedded defaults ← file ← environment ← flags, each key documented in one place.
//!
//! The defaults name every key there is. A later layer may only give a known key another value, so a typing error is
//! told at the start instead of being ignored. An empty table in the defaults is the exception: its keys are free.
//! Variables are named `FIELDREPORT__SECTION__KEY`, flags `section.key=value`.

mod error;
mod layer;
mod ranges;
mod secret;
mod values;

use std::path::Path;

use serde::de::DeserializeOwned;

pub use error::SettingsError;
pub use ranges::{positive, within};
pub use secret::Secret;
pub use values::{ByteSize, HumanDuration, optional};

use layer::Layer;

/// What the name of every environment variable of the system starts with.
pub const PREFIX: &str = "FIELDREPORT__";

/// Reads the configuration `T`.
///
/// `defaults` is the embedded `config.default.toml`, `file` the operator's TOML file, `environment` what
/// [`environment`] returns, `overrides` dotted keys with their values. The error names the first layer that is wrong.
pub fn load<T: DeserializeOwned>(
    defaults: &str,
    file: Option<&Path>,
    environment: impl Iterator<Item = (String, String)>,
    overrides: &[(String, String)],
) -> Result<T, SettingsError> {
    let defaults = Layer::from_toml("the embedded defaults", defaults)?;
    let known = defaults.table.clone();
    let mut layers = vec![defaults];
    if let Some(path) = file {
        layers.push(Layer::from_file(path)?);
    }
    for (name, value) in environment {
        layers.push(Layer::from_variable(&name, &value, &known)?);
    }
    for (key, value) in overrides {
        layers.push(Layer::from_flag(key, value, &known)?);
    }
    let mut merged = toml::Table::new();
    for Layer { source, table } in layers {
        layer::check(&table, &known, &source)?;
        layer::merge(&mut merged, table);
        // Read after every layer, not only at the end: the first layer that breaks it is the one to blame.
        T::deserialize(merged.clone()).map_err(|cause| SettingsError::wrong_value(&source, &cause))?;
    }
    T::deserialize(merged).map_err(|cause| SettingsError::wrong_value("the configuration", &cause))
}

/// The variables of the process that start with [`PREFIX`]; the only place that reads the environment.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    let mut variables: Vec<_> = std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect();
    variables.sort();
    variables.into_iter()
}
