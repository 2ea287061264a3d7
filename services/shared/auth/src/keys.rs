//! Public keys by which tokens are verified, read from a JWKS file or a directory of them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::AuthError;

/// An Ed25519 public key, its `kid`, and how long the tokens may live that it signs.
#[derive(Clone, PartialEq, Eq)]
pub struct VerificationKey {
    pub(crate) kid: String,
    pub(crate) public: [u8; 32],
    pub(crate) max_lifetime: Duration,
}

impl VerificationKey {
    /// The name by which tokens refer to the key.
    pub fn kid(&self) -> &str {
        &self.kid
    }
}

impl std::fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerificationKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Jwk>,
}

/// The members of RFC 7517 and RFC 8037 that matter for Ed25519.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: Option<String>,
    x: Option<String>,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    d: Option<serde::de::IgnoredAny>,
}

/// Reads `path`, a JWKS file or a directory whose `*.json` files are such. Keys of other algorithms are passed over:
/// an identity provider publishes them side by side.
pub(crate) fn read(path: &Path, max_lifetime: Duration) -> Result<Vec<VerificationKey>, AuthError> {
    let unreadable = |cause| AuthError::File { path: path.to_owned(), cause };
    let files: Vec<PathBuf> = if path.is_dir() {
        let entries = std::fs::read_dir(path).map_err(unreadable)?;
        let mut files =
            entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
        files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
        files.sort();
        files
    } else {
        vec![path.to_owned()]
    };
    let mut keys = Vec::new();
    for file in files {
        let text =
            std::fs::read_to_string(&file).map_err(|cause| AuthError::File { path: file.clone(), cause })?;
        keys.extend(parse(&text, max_lifetime).map_err(|cause| AuthError::Key { path: file, cause })?);
    }
    Ok(keys)
}

fn parse(text: &str, max_lifetime: Duration) -> Result<Vec<VerificationKey>, String> {
    let set: KeySet = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut keys = Vec::new();
    for jwk in set.keys {
        if jwk.d.is_some() {
            return Err("it holds a private key".to_owned());
        }
        let for_signing = jwk.purpose.as_deref().is_none_or(|purpose| purpose == "sig");
        if jwk.kty != "OKP" || jwk.crv.as_deref() != Some("Ed25519") || !for_signing {
            continue;
        }
        let kid = jwk.kid.filter(|kid| !kid.is_empty()).ok_or("a key has no kid")?;
        let public = jwk
            .x
            .and_then(|x| URL_SAFE_NO_PAD.decode(x).ok())
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| format!("the key {kid:?} is not 32 bytes of base64url"))?;
        keys.push(VerificationKey { kid, public, max_lifetime });
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn parse_one(jwk: &str) -> Result<usize, String> {
        parse(&format!("{{\"keys\":[{jwk}]}}"), Duration::from_secs(900)).map(|keys| keys.len())
    }

    #[test]
    fn only_ed25519_signing_keys_are_taken() {
        assert_eq!(
            parse_one(&format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"a","x":"{X}","alg":"EdDSA"}}"#)),
            Ok(1)
        );
        assert_eq!(
            parse_one(&format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"a","x":"{X}","use":"enc"}}"#)),
            Ok(0)
        );
        assert_eq!(parse_one(r#"{"kty":"RSA","kid":"r","n":"AQAB","e":"AQAB"}"#), Ok(0));
        assert_eq!(parse_one(r#"{"kty":"oct","kid":"h","k":"AAAA"}"#), Ok(0));
    }

    #[test]
    fn broken_and_private_keys_are_refused() {
        for bad in [
            format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{X}"}}"#),
            r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"AAAA"}"#.to_owned(),
            r#"{"kty":"OKP","crv":"Ed25519","kid":"a"}"#.to_owned(),
            format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"a","x":"{X}","d":"{X}"}}"#),
            "1".to_owned(),
        ] {
            assert!(parse_one(&bad).is_err(), "{bad}");
        }
    }
}
