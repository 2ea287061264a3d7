//! Where the services' databases are and how they are used.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use settings::{HumanDuration, Secret, positive, within};

/// What a URL says in place of the service's name.
const SERVICE: &str = "{service}";

/// The section `[database]`; every key with its default stands in the binary's `config.default.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// PostgreSQL, `{service}` standing for the service's name; none: a SQLite file per service in the data folder.
    #[serde(deserialize_with = "settings::optional")]
    pub url: Option<Secret>,
    /// The same for the role that may change the schema; none: `url`.
    #[serde(deserialize_with = "settings::optional")]
    pub migration_url: Option<Secret>,
    /// Connections of one service in one process.
    pub max_connections: u32,
    /// How long a caller waits for a free connection.
    pub pool_wait: HumanDuration,
    /// How long one statement may run.
    pub statement_timeout: HumanDuration,
    /// How long a transaction may do nothing before the server ends it.
    pub idle_transaction_timeout: HumanDuration,
    /// How long a COMMIT may take before its outcome counts as unknown.
    pub commit_timeout: HumanDuration,
}

impl DatabaseConfig {
    /// Refuses values that no service can work with, in one line.
    pub fn validate(&self) -> Result<(), String> {
        for (key, url) in [("url", &self.url), ("migration_url", &self.migration_url)] {
            let Some(url) = url else { continue };
            if !url.expose().starts_with("postgres://") && !url.expose().starts_with("postgresql://") {
                return Err(format!("`database.{key}` must begin with postgres://"));
            }
            if !url.expose().contains(SERVICE) {
                return Err(format!(
                    "`database.{key}` must contain {SERVICE}: every service has a database of its own"
                ));
            }
        }
        if self.url.is_none() && self.migration_url.is_some() {
            return Err("`database.migration_url` is set, `database.url` is not".to_owned());
        }
        within("database.max_connections", self.max_connections, 2..=1_000)?;
        positive("database.pool_wait", self.pool_wait)?;
        positive("database.statement_timeout", self.statement_timeout)?;
        positive("database.idle_transaction_timeout", self.idle_transaction_timeout)?;
        positive("database.commit_timeout", self.commit_timeout)
    }

    /// Where a service works.
    pub fn place(&self, service: &str, data: &Path) -> Place {
        self.at(self.url.as_ref(), service, data)
    }

    /// Where its schema is changed.
    pub fn migration_place(&self, service: &str, data: &Path) -> Place {
        self.at(self.migration_url.as_ref().or(self.url.as_ref()), service, data)
    }

    fn at(&self, url: Option<&Secret>, service: &str, data: &Path) -> Place {
        match url {
            None => Place::File(data.join(format!("{service}.db"))),
            Some(url) => Place::Server(Box::new(Server {
                url: Secret::new(url.expose().replace(SERVICE, service)),
                config: self.clone(),
            })),
        }
    }
}

/// Where one service's data lie.
#[derive(Debug, Clone)]
pub enum Place {
    /// A SQLite file.
    File(PathBuf),
    /// A PostgreSQL database.
    Server(Box<Server>),
}

/// A PostgreSQL database and how it is used.
#[derive(Debug, Clone)]
pub struct Server {
    pub(crate) url: Secret,
    pub(crate) config: DatabaseConfig,
}

impl From<&Path> for Place {
    fn from(file: &Path) -> Self {
        Self::File(file.to_owned())
    }
}

impl From<&PathBuf> for Place {
    fn from(file: &PathBuf) -> Self {
        Self::File(file.clone())
    }
}

impl std::fmt::Display for Place {
    /// Never the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(file) => write!(f, "{}", file.display()),
            Self::Server(server) => {
                let url = server.url.expose();
                let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
                let address = rest.rsplit_once('@').map_or(rest, |(_, address)| address);
                let address = address.split_once('?').map_or(address, |(address, _)| address);
                write!(f, "{scheme}://{address}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn config(url: &str) -> DatabaseConfig {
        let second = HumanDuration(Duration::from_secs(1));
        DatabaseConfig {
            url: (!url.is_empty()).then(|| Secret::new(url)),
            migration_url: None,
            max_connections: 10,
            pool_wait: second,
            statement_timeout: second,
            idle_transaction_timeout: second,
            commit_timeout: second,
        }
    }

    #[test]
    fn every_service_has_a_database_of_its_own() {
        let data = Path::new("data");
        assert_eq!(config("").place("intake", data).to_string(), "data/intake.db");
        let server = config("postgres://fr_{service}:secret@db:5432/fr_{service}?sslmode=require");
        assert_eq!(server.validate(), Ok(()));
        let place = server.place("routing", data);
        assert_eq!(place.to_string(), "postgres://db:5432/fr_routing");
        assert!(!format!("{place:?}").contains("secret"));
        assert!(config("postgres://db/one-for-all").validate().unwrap_err().contains("{service}"));
        assert!(config("mysql://db/{service}").validate().unwrap_err().contains("postgres://"));
    }
}
