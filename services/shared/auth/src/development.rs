//! Tokens where there is no identity provider yet: one laptop, one demonstration, one test.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use vocabulary::Clock;

use crate::claims::{Audience, Claims, TOKEN_TYPE};
use crate::{AuthError, Caller, VerificationKey, key_file, ring_provider};

const KEY_FILE: &str = "development-key.pkcs8";
/// Longest life of a development token: a demonstration season, not for ever.
const MAX_LIFETIME: Duration = Duration::from_secs(90 * 24 * 3600);

/// Issues tokens with a key of its own, kept in the data directory.
pub struct DevelopmentIssuer {
    key: EncodingKey,
    verification: VerificationKey,
    issuer: String,
    audience: String,
    clock: Clock,
}

impl DevelopmentIssuer {
    /// Opens the key in `data_dir`, or creates it, readable by its owner only. Two processes that do so at the same
    /// time end up with one key.
    pub fn open(data_dir: &Path, issuer: &str, audience: &str, clock: Clock) -> Result<Self, AuthError> {
        ring_provider::install()?;
        let path = data_dir.join(KEY_FILE);
        let pkcs8 = key_file::open_or_create(&path, &clock, |random| {
            Ed25519KeyPair::generate_pkcs8(random).map(|key| key.as_ref().to_vec())
        })?;
        let pair = Ed25519KeyPair::from_pkcs8(&pkcs8)
            .map_err(|cause| AuthError::Key { path, cause: cause.to_string() })?;
        let public: [u8; 32] = pair
            .public_key()
            .as_ref()
            .try_into()
            .map_err(|_| AuthError::Issue("an Ed25519 key of another length".to_owned()))?;
        let digest = ring::digest::digest(&ring::digest::SHA256, &public);
        let kid = format!("development-{}", URL_SAFE_NO_PAD.encode(&digest.as_ref()[..9]));
        Ok(Self {
            key: EncodingKey::from_ed_der(&pkcs8),
            verification: VerificationKey { kid, public, max_lifetime: MAX_LIFETIME },
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            clock,
        })
    }

    /// A token that proves `caller` from now on for `lifetime`, at most 90 days.
    pub fn issue(&self, caller: &Caller, lifetime: Duration) -> Result<String, AuthError> {
        let now = self.clock.now();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: Audience::One(self.audience.clone()),
            nbf: now.parts().0,
            exp: (now + lifetime.min(MAX_LIFETIME)).parts().0,
            sub: caller.subject().as_str().to_owned(),
            jti: self.clock.mint().to_string(),
            role: caller.role().as_str().to_owned(),
            agency: caller.agency().map(|agency| agency.as_str().to_owned()),
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TOKEN_TYPE.to_owned());
        header.kid = Some(self.verification.kid.clone());
        jsonwebtoken::encode(&header, &claims, &self.key).map_err(|error| AuthError::Issue(error.to_string()))
    }

    /// What a [`crate::Verifier`] needs to accept these tokens.
    pub fn verification_key(&self) -> VerificationKey {
        self.verification.clone()
    }
}
