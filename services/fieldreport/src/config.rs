//! The whole configuration: this binary's keys and one section per service.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use auth::VerifierConfig;
use runtime::grpc::GrpcConfig;
use serde::Deserialize;
use settings::{HumanDuration, SettingsError};
use telemetry::TelemetryConfig;

/// Everything that can be configured; the keys are described in `config.default.toml` here and of each service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Folder of databases, media and keys.
    pub data: PathBuf,
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

/// The in-process bus.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusConfig {
    /// Share of deliveries that come twice and out of order, for tests.
    pub duplicate: f64,
    /// Seed of that misbehaviour.
    pub chaos_seed: u64,
}

/// Every key with its default and meaning, as one TOML document.
pub fn defaults() -> String {
    let own = include_str!("../config.default.toml");
    let services = [intake::DEFAULTS, classification::DEFAULTS, routing::DEFAULTS, satisfaction::DEFAULTS];
    [&[own], services.as_slice()].concat().join("\n")
}

/// Loads the configuration: defaults ← file ← environment ← overrides.
pub fn load(file: Option<&Path>, overrides: &[(String, String)]) -> Result<Config, SettingsError> {
    settings::load(&defaults(), file, settings::environment(), overrides)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_complete_and_unknown_keys_are_refused() {
        let nothing = std::iter::empty();
        let config: Config = settings::load(&defaults(), None, nothing, &[]).unwrap();
        assert_eq!(config.grpc.address, GrpcConfig::default().address);
        let wrong = [("grpc.adress".to_owned(), "127.0.0.1:1".to_owned())];
        let error = settings::load::<Config>(&defaults(), None, std::iter::empty(), &wrong).unwrap_err();
        assert!(error.to_string().contains("adress"), "{error}");
    }
}
