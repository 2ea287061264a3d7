//! From a bearer token to a caller.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use moka::sync::Cache;
use serde::Deserialize;
use settings::HumanDuration;
use sha2::{Digest as _, Sha256};
use vocabulary::{Clock, ErrorCode, Problem, Timestamp};

use crate::claims::{Claims, TOKEN_TYPE};
use crate::{AuthError, Caller, VerificationKey, keys, ring_provider};

/// Longest leeway that may be configured.
const MAX_LEEWAY: Duration = Duration::from_secs(60);
/// Longest lifetime of a token that may be configured for an identity provider's keys.
const MAX_LIFETIME: Duration = Duration::from_secs(15 * 60);
/// A longer text is not looked at.
const MAX_TOKEN_BYTES: usize = 4096;
/// Tokens that are remembered, some hundred bytes each. Who calls once calls again, and a signature takes as long to verify
/// as the rest of a call.
const REMEMBERED: u64 = 16_384;

/// Which tokens are accepted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifierConfig {
    /// The `iss` of every token.
    pub issuer: String,
    /// The `aud` that must be among a token's audiences.
    pub audience: String,
    /// A JWKS file, or a directory of such files; empty where only the development issuer is used.
    #[serde(deserialize_with = "settings::optional")]
    pub keys: Option<PathBuf>,
    /// Longest time between `nbf` and `exp`; at most 15 minutes.
    pub max_lifetime: HumanDuration,
    /// How far the issuer's clock may be off; at most 60 s.
    pub leeway: HumanDuration,
}

/// Verifies tokens. Clones share their keys.
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    config: VerifierConfig,
    extra: Vec<VerificationKey>,
    validation: Validation,
    trust: RwLock<Trust>,
    clock: Clock,
}

/// The keys, and what they have proven: other keys, nothing proven.
#[derive(Clone)]
struct Trust {
    keys: Arc<HashMap<String, Key>>,
    proven: Cache<[u8; 32], Arc<Proven>>,
}

/// What a genuine token says.
struct Proven {
    claims: Claims,
    max_lifetime: Duration,
}

#[derive(Clone)]
struct Key {
    public: VerificationKey,
    decoding: Arc<DecodingKey>,
}

impl Verifier {
    /// Reads the configured keys; `extra` are keys known otherwise, such as the development issuer's.
    pub fn load(
        config: &VerifierConfig,
        extra: Vec<VerificationKey>,
        clock: Clock,
    ) -> Result<Self, AuthError> {
        ring_provider::install()?;
        if config.leeway.get() > MAX_LEEWAY {
            return Err(AuthError::Limit("auth.leeway must be at most 60s"));
        }
        if config.max_lifetime.get() > MAX_LIFETIME {
            return Err(AuthError::Limit("auth.max_lifetime must be at most 15m"));
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        validation.set_issuer(&[&config.issuer]);
        validation.set_audience(&[&config.audience]);
        // The library asks the machine for the time; the verifier asks its clock instead.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let trust = RwLock::new(Trust::of(read_keys(config, &extra)?));
        Ok(Self(Arc::new(Inner { config: config.clone(), extra, validation, trust, clock })))
    }

    /// Reads the configured keys again. A key that is gone is trusted no longer, nor are the tokens that it has signed; on
    /// failure the old ones stay.
    pub fn reload(&self) -> Result<(), AuthError> {
        let fresh = read_keys(&self.0.config, &self.0.extra)?;
        let mut trust = self.0.trust.write().unwrap_or_else(PoisonError::into_inner);
        if !trust.is_in(&fresh) {
            *trust = Trust::of(fresh);
        }
        Ok(())
    }

    /// The caller that `token` proves. The problem says "expired" or what else a genuine token lacks, but nothing
    /// about a forged one.
    pub fn verify(&self, token: &str) -> Result<Caller, Problem> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(forged());
        }
        let trust = self.0.trust.read().unwrap_or_else(PoisonError::into_inner).clone();
        let digest = Sha256::digest(token).into();
        let proven = match trust.proven.get(&digest) {
            Some(proven) => proven,
            None => {
                let proven = Arc::new(self.prove(token, &trust.keys)?);
                trust.proven.insert(digest, proven.clone());
                proven
            }
        };
        self.check_times(&proven.claims, proven.max_lifetime)?;
        caller(&proven.claims)
    }

    /// What a genuine token says, whatever the time.
    fn prove(&self, token: &str, keys: &HashMap<String, Key>) -> Result<Proven, Problem> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| forged())?;
        let right_type = header.typ.as_deref().is_some_and(|typ| typ.eq_ignore_ascii_case(TOKEN_TYPE));
        // RFC 7515 §4.1.11: an extension marked critical and not understood makes the token invalid.
        if !right_type || header.crit.is_some() {
            return Err(forged());
        }
        let key = keys.get(&header.kid.ok_or_else(forged)?).ok_or_else(forged)?;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.decoding, &self.0.validation)
            .map_err(|error| match error.kind() {
                ErrorKind::InvalidAudience => refused("TOKEN_INVALID", "the token is for another audience"),
                ErrorKind::InvalidIssuer => refused("TOKEN_INVALID", "the token is from another issuer"),
                _ => forged(),
            })?
            .claims;
        Ok(Proven { claims, max_lifetime: key.public.max_lifetime })
    }

    fn check_times(&self, claims: &Claims, max_lifetime: Duration) -> Result<(), Problem> {
        let instant = |seconds| Timestamp::from_parts(seconds, 0).ok_or_else(forged);
        let (begin, end) = (instant(claims.nbf)?, instant(claims.exp)?);
        let (now, leeway) = (self.0.clock.now(), self.0.config.leeway.get());
        if end <= begin || end.since(begin) > max_lifetime {
            return Err(refused("TOKEN_INVALID", "the token lives too long"));
        }
        if now + leeway < begin {
            return Err(refused("TOKEN_NOT_YET_VALID", "the token is not valid yet; check your clock"));
        }
        if now >= end + leeway {
            return Err(refused("TOKEN_EXPIRED", "the token has expired; get a new one"));
        }
        Ok(())
    }
}

impl Trust {
    fn of(keys: HashMap<String, Key>) -> Self {
        Self { keys: Arc::new(keys), proven: Cache::new(REMEMBERED) }
    }

    fn is_in(&self, keys: &HashMap<String, Key>) -> bool {
        let same =
            |(kid, key): (&String, &Key)| self.keys.get(kid).is_some_and(|old| old.public == key.public);
        self.keys.len() == keys.len() && keys.iter().all(same)
    }
}

fn read_keys(config: &VerifierConfig, extra: &[VerificationKey]) -> Result<HashMap<String, Key>, AuthError> {
    let configured =
        config.keys.as_deref().map(|path| keys::read(path, config.max_lifetime.get())).transpose()?;
    let mut by_kid = HashMap::new();
    for key in configured.unwrap_or_default().iter().chain(extra) {
        let decoding = Arc::new(DecodingKey::from_ed_der(&key.public));
        if by_kid.insert(key.kid.clone(), Key { public: key.clone(), decoding }).is_some() {
            return Err(AuthError::DuplicateKey(key.kid.clone()));
        }
    }
    if by_kid.is_empty() { Err(AuthError::NoKeys) } else { Ok(by_kid) }
}

fn caller(claims: &Claims) -> Result<Caller, Problem> {
    let incomplete =
        || refused("TOKEN_INVALID", "a claim of the token is missing or wrong: sub, jti, role or agency");
    if claims.jti.is_empty() || claims.jti.len() > 128 {
        return Err(incomplete());
    }
    let role = claims.role.parse().map_err(|_| incomplete())?;
    let subject = claims.sub.parse().map_err(|_| incomplete())?;
    let agency = claims.agency.as_deref().map(str::parse).transpose().map_err(|_| incomplete())?;
    Caller::new(role, subject, agency).map_err(|_| incomplete())
}

fn forged() -> Problem {
    refused("TOKEN_INVALID", "the token cannot be verified")
}

fn refused(reason: &'static str, message: &str) -> Problem {
    Problem::new(
        ErrorCode::Unauthenticated,
        reason,
        message,
        "Phiên đăng nhập không hợp lệ hoặc đã hết hạn, xin đăng nhập lại.",
    )
}
