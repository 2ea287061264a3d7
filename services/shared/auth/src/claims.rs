//! The claims of an access token, as RFC 9068 and this system name them.

use serde::{Deserialize, Serialize};

/// The media type of an access token (RFC 9068 §2.1).
pub(crate) const TOKEN_TYPE: &str = "at+jwt";

/// What a token says. `iss` and `aud` are compared by the JWT library, everything else by the verifier.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) aud: Audience,
    /// Seconds since the epoch.
    pub(crate) exp: i64,
    /// Seconds since the epoch.
    pub(crate) nbf: i64,
    pub(crate) sub: String,
    pub(crate) jti: String,
    pub(crate) role: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) agency: Option<String>,
}

/// One audience or several (RFC 7519 §4.1.3).
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Many(Vec<String>),
}
