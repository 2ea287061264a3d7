//! What can be wrong with a configuration, told in one line each.

use std::path::PathBuf;

/// Why a configuration cannot be used. Every message is one line that names the place and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file is missing or cannot be read.
    #[error("cannot read the configuration file {path}: {cause}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// A layer is no TOML.
    #[error("{place} is not valid TOML: {cause}")]
    NotToml {
        /// The layer, with its line.
        place: String,
        /// What the parser said.
        cause: String,
    },
    /// A key that does not exist.
    #[error("unknown key `{key}` in {place}{}", nearest.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    UnknownKey {
        /// The dotted key.
        key: String,
        /// The layer it came from.
        place: String,
        /// The most similar key there is.
        nearest: Option<String>,
    },
    /// A value of another kind than the default's.
    #[error("`{key}` in {place} must be {expected}, not {found}")]
    WrongType {
        /// The dotted key.
        key: String,
        /// The layer it came from.
        place: String,
        /// What the default is.
        expected: &'static str,
        /// What was given.
        found: &'static str,
    },
    /// A value that the program refuses.
    #[error("{place}: {cause}")]
    WrongValue {
        /// The layer that made the configuration wrong.
        place: String,
        /// What the type said, with the key.
        cause: String,
    },
}

impl SettingsError {
    pub(crate) fn not_toml(place: &str, text: &str, cause: &toml::de::Error) -> Self {
        let line = cause.span().map(|span| text.get(..span.start).unwrap_or("").matches('\n').count() + 1);
        let place = line.map_or_else(|| place.to_owned(), |line| format!("{place}, line {line},"));
        Self::NotToml { place, cause: one_line(cause.message()) }
    }

    pub(crate) fn wrong_value(place: &str, cause: &toml::de::Error) -> Self {
        Self::WrongValue { place: place.to_owned(), cause: one_line(&cause.to_string()) }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
