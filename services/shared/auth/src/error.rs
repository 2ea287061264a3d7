//! Why keys or tokens cannot be had; for the operator, never for a caller.

use std::path::PathBuf;

/// A failure while loading keys or issuing tokens.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// A key file cannot be read or written.
    #[error("cannot use the key file {path}: {cause}")]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// A key file has the wrong content.
    #[error("the key file {path} is not usable: {cause}")]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// There is no key at all, so no caller could ever be verified.
    #[error("no verification key is configured: set auth.keys to a JWKS file or directory")]
    NoKeys,
    /// Another backend than ours signs and verifies in this process.
    #[error("another JWT crypto provider is installed in this process")]
    ForeignProvider,
    /// Two keys share one `kid`.
    #[error("two keys are named {0:?}")]
    DuplicateKey(String),
    /// The token could not be made.
    #[error("cannot issue a token: {0}")]
    Issue(String),
    /// A configured limit is too wide.
    #[error("{0}")]
    Limit(&'static str),
}
