//! The whole configuration: this binary's keys and one section per service.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use auth::VerifierConfig;
use database::DatabaseConfig;
use messaging::RabbitConfig;
use runtime::grpc::GrpcConfig;
use serde::Deserialize;
use settings::{HumanDuration, Secret, SettingsError, positive, within};
use telemetry::TelemetryConfig;

/// Everything that can be configured; the keys are described in `config.default.toml` here and of each service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Folder of databases, media and keys.
    pub data: PathBuf,
    /// Which services run in this process.
    pub services: Vec<Name>,
    /// The province pack.
    pub province: PathBuf,
    /// Operator's port.
    #[serde(deserialize_with = "settings::optional")]
    pub internal_address: Option<SocketAddr>,
    /// How long a stop may take.
    pub grace: HumanDuration,
    /// The gRPC server.
    pub grpc: GrpcConfig,
    /// Who may call.
    pub auth: AuthConfig,
    /// Logs, traces, metrics.
    pub telemetry: TelemetryConfig,
    /// The services' databases.
    pub database: DatabaseConfig,
    /// The bus.
    pub bus: BusConfig,
    /// Reports come in.
    pub intake: intake::Config,
    /// What they are about.
    pub classification: classification::Config,
    /// Who is competent.
    pub routing: routing::Config,
    /// What citizens think of it.
    pub satisfaction: satisfaction::Config,
}

/// Why a configuration cannot be used, in one line.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A layer that cannot be read.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A value that the system cannot work with.
    #[error("{0}")]
    Value(String),
}

impl Config {
    /// Refuses values of the right kind with which the system could not work, in one line.
    pub fn validate(&self) -> Result<(), String> {
        positive("grace", self.grace)?;
        validate_grpc(&self.grpc)?;
        let Self { grpc: GrpcConfig { drain_delay, drain_timeout, .. }, grace, .. } = self;
        let draining = HumanDuration(drain_delay.get().saturating_add(drain_timeout.get()));
        if draining >= *grace {
            return Err(format!(
                "`grpc.drain_delay` ({drain_delay}) and `grpc.drain_timeout` ({drain_timeout}) make {draining}; \
                 allowed is less than `grace` ({grace})"
            ));
        }
        self.auth.validate()?;
        within("telemetry.sample_ratio", self.telemetry.sample_ratio, 0.0..=1.0)?;
        self.database.validate()?;
        self.bus.validate()?;
        self.validate_services()?;
        self.intake.validate()?;
        self.classification.validate()?;
        self.routing.validate()?;
        self.satisfaction.validate()
    }
}

impl Config {
    fn validate_services(&self) -> Result<(), String> {
        if self.services.is_empty() {
            return Err("`services` is empty: nothing would run".to_owned());
        }
        let all = Name::ALL.iter().all(|name| self.services.contains(name));
        if !all && self.is_embedded() {
            return Err(
                "`services` names a part of the services; that needs `database.url` and `bus.url`".to_owned()
            );
        }
        Ok(())
    }

    /// Whether this process owns its data folder: a database or the bus is a file in it.
    pub fn is_embedded(&self) -> bool {
        self.database.url.is_none() || self.bus.url.is_none()
    }
}

/// A service, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Name {
    /// Reports come in.
    Intake,
    /// What they are about.
    Classification,
    /// Who is competent.
    Routing,
    /// What citizens think of it.
    Satisfaction,
}

impl Name {
    /// Every service, in the order of the life of a report.
    pub const ALL: [Self; 4] = [Self::Intake, Self::Classification, Self::Routing, Self::Satisfaction];

    /// As in configuration, queues, databases and events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intake => intake::NAME,
            Self::Classification => classification::NAME,
            Self::Routing => routing::NAME,
            Self::Satisfaction => satisfaction::NAME,
        }
    }
}

fn validate_grpc(grpc: &GrpcConfig) -> Result<(), String> {
    within("grpc.max_connections", grpc.max_connections, 1..=100_000)?;
    within("grpc.max_streams_per_connection", grpc.max_streams_per_connection, 1..=10_000)?;
    within("grpc.max_calls", grpc.max_calls, 1..=100_000)?;
    positive("grpc.first_byte_timeout", grpc.first_byte_timeout)?;
    positive("grpc.keepalive_interval", grpc.keepalive_interval)?;
    positive("grpc.keepalive_timeout", grpc.keepalive_timeout)?;
    positive("grpc.max_connection_age", grpc.max_connection_age)?;
    positive("grpc.call_timeout", grpc.call_timeout)
}

/// Who may call.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthConfig {
    /// `iss` that tokens must carry.
    pub issuer: String,
    /// `aud` that tokens must carry.
    pub audience: String,
    /// JWKS file or directory.
    #[serde(deserialize_with = "settings::optional")]
    pub keys: Option<PathBuf>,
    /// Longest life of a token.
    pub max_lifetime: HumanDuration,
    /// Leeway between clocks.
    pub leeway: HumanDuration,
    /// Whether development tokens are accepted.
    pub development_issuer: bool,
}

impl AuthConfig {
    fn validate(&self) -> Result<(), String> {
        let span = |from, to| HumanDuration(from)..=HumanDuration(to);
        let (shortest, minute) = (Duration::from_millis(1), Duration::from_secs(60));
        within("auth.max_lifetime", self.max_lifetime, span(shortest, 15 * minute))?;
        within("auth.leeway", self.leeway, span(Duration::ZERO, minute))?;
        if self.keys.is_none() && !self.development_issuer {
            return Err(
                "`auth.keys` is empty and `auth.development_issuer` is false: nobody could call".to_owned()
            );
        }
        Ok(())
    }

    /// The part that the verifier needs.
    pub fn verifier(&self) -> VerifierConfig {
        VerifierConfig {
            issuer: self.issuer.clone(),
            audience: self.audience.clone(),
            keys: self.keys.clone(),
            max_lifetime: self.max_lifetime,
            leeway: self.leeway,
        }
    }
}

/// The bus.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusConfig {
    /// RabbitMQ; none: in-process.
    #[serde(deserialize_with = "settings::optional")]
    pub url: Option<Secret>,
    /// What the names of exchanges and queues begin with.
    pub prefix: String,
    /// How long sent events are kept.
    pub retention: HumanDuration,
    /// Share of deliveries that come twice and out of order, for tests.
    pub duplicate: f64,
    /// Seed of that misbehaviour.
    pub chaos_seed: u64,
}

impl BusConfig {
    fn validate(&self) -> Result<(), String> {
        within("bus.duplicate", self.duplicate, 0.0..=1.0)?;
        positive("bus.retention", self.retention)?;
        self.rabbit()?;
        Ok(())
    }

    /// Where the broker is, if there is one.
    pub fn rabbit(&self) -> Result<Option<RabbitConfig>, String> {
        self.url.as_ref().map(|url| RabbitConfig::parse(url, &self.prefix)).transpose()
    }
}

/// Every key with its default and meaning, as one TOML document.
pub fn defaults() -> String {
    let own = include_str!("../config.default.toml");
    let services = [intake::DEFAULTS, classification::DEFAULTS, routing::DEFAULTS, satisfaction::DEFAULTS];
    [&[own], services.as_slice()].concat().join("\n")
}

/// Loads the configuration: defaults ← file ← environment ← overrides.
pub fn load(file: Option<&Path>, overrides: &[(String, String)]) -> Result<Config, ConfigError> {
    let config: Config = settings::load(&defaults(), file, settings::environment(), overrides)?;
    config.validate().map_err(ConfigError::Value)?;
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_complete_and_unknown_keys_are_refused() {
        let nothing = std::iter::empty();
        let config: Config = settings::load(&defaults(), None, nothing, &[]).unwrap();
        assert_eq!(config.grpc.address, GrpcConfig::default().address);
        assert_eq!(config.validate(), Ok(()));
        let wrong = [("grpc.adress".to_owned(), "127.0.0.1:1".to_owned())];
        let error = settings::load::<Config>(&defaults(), None, std::iter::empty(), &wrong).unwrap_err();
        assert!(error.to_string().contains("adress"), "{error}");
    }

    fn load_with(settings: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let overrides: Vec<(String, String)> =
            settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        load(None, &overrides)
    }

    #[test]
    fn a_value_with_which_nothing_works_is_refused_by_its_key_and_what_is_allowed() {
        for (key, bad, allowed) in [
            ("intake.group_commit", "0", "1 to 400"),
            ("intake.group_commit", "401", "1 to 400"),
            ("intake.decoders", "0", "1 to 64"),
            ("intake.upload_lifetime", "0", "1ms to 365d"),
            ("classification.observe_interval", "0s", "1ms to 365d"),
            ("routing.deadline_interval", "0s", "1ms to 365d"),
            ("routing.deadline_batch", "0", "1 to 1000"),
            ("satisfaction.close_every", "0s", "1ms to 365d"),
            ("bus.duplicate", "1.5", "0 to 1"),
            ("bus.url", "http://broker", "amqp://"),
            ("bus.retention", "0", "1ms to 365d"),
            ("database.url", "postgres://host/one", "{service}"),
            ("database.max_connections", "1", "2 to 1000"),
            ("intake.stuck_after", "0", "1ms to 365d"),
            ("services", "intake", "`database.url`"),
            ("telemetry.sample_ratio", "-0.1", "0 to 1"),
            ("auth.max_lifetime", "16m", "1ms to 15m"),
            ("auth.leeway", "61s", "0 to 1m"),
            ("grpc.max_connections", "0", "1 to 100000"),
            ("grpc.max_streams_per_connection", "0", "1 to 10000"),
            ("grpc.max_calls", "0", "1 to 100000"),
            ("grpc.first_byte_timeout", "0s", "1ms to 365d"),
            ("grpc.keepalive_interval", "0s", "1ms to 365d"),
            ("grpc.keepalive_timeout", "0s", "1ms to 365d"),
            ("grpc.max_connection_age", "0s", "1ms to 365d"),
            ("grpc.call_timeout", "0s", "1ms to 365d"),
            ("grpc.drain_timeout", "20s", "less than `grace` (20s)"),
            ("grpc.drain_delay", "5s", "less than `grace` (20s)"),
            ("grace", "15s", "less than `grace` (15s)"),
            ("grace", "0", "1ms to 365d"),
            ("auth.development_issuer", "false", "nobody could call"),
        ] {
            let error = load_with(&[(key, bad)]).unwrap_err().to_string();
            assert!(error.contains(&format!("`{key}`")) && error.contains(allowed), "{key} = {bad}: {error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }

    #[test]
    fn the_ends_of_what_is_allowed_are_allowed() {
        for (key, good) in [
            ("intake.group_commit", "1"),
            ("intake.group_commit", "400"),
            ("intake.decoders", "64"),
            ("bus.duplicate", "1.0"),
            ("telemetry.sample_ratio", "0.0"),
            ("grpc.drain_timeout", "19s"),
            ("grpc.max_connections_per_address", "0"),
            ("satisfaction.score_age", "0"),
        ] {
            assert!(load_with(&[(key, good)]).is_ok(), "{key} = {good}");
        }
    }
}
