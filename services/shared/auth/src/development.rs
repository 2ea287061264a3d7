//! Tokens where there is no identity provider yet: one laptop, one demonstration, one test.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use vocabulary::Clock;

use crate::claims::{Audience, Claims, TOKEN_TYPE};
use crate::{AuthError, Caller, VerificationKey, ring_provider};

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
        let pkcs8 = match read(&path) {
            Err(AuthError::File { cause, .. }) if cause.kind() == ErrorKind::NotFound => {
                create(&path, &clock)?;
                read(&path)?
            }
            other => other?,
        };
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

fn read(path: &Path) -> Result<Vec<u8>, AuthError> {
    let failed = |cause| AuthError::File { path: path.to_owned(), cause };
    let mode = File::open(path).and_then(|file| file.metadata()).map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        let cause = format!("others may read it (mode {:o}); run chmod 600", mode & 0o777);
        return Err(AuthError::Key { path: path.to_owned(), cause });
    }
    std::fs::read(path).map_err(failed)
}

/// Writes the key under another name first and links it into place: whoever opens the file sees all of it or none.
fn create(path: &Path, clock: &Clock) -> Result<(), AuthError> {
    let failed = |cause| AuthError::File { path: path.to_owned(), cause };
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
        .map_err(|_| AuthError::Issue("the system gives no random numbers".to_owned()))?;
    let draft: PathBuf = path.with_extension(clock.mint().to_string());
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(failed)?;
    let written = file.write_all(pkcs8.as_ref()).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| std::fs::hard_link(&draft, path));
    std::fs::remove_file(&draft).map_err(failed)?;
    match linked {
        Err(cause) if cause.kind() != ErrorKind::AlreadyExists => Err(failed(cause)),
        _ => Ok(()),
    }
}
