//! Who calls: roles, callers, and the tokens that prove them.
//!
//! A bearer token is a JWT access token (RFC 9068) signed with Ed25519. [`Verifier`] turns it into a [`Caller`];
//! [`DevelopmentIssuer`] makes such tokens where there is no identity provider yet.

mod caller;
mod claims;
mod development;
mod error;
mod key_file;
mod keys;
mod reporter;
mod ring_provider;
mod verifier;

pub use caller::{Caller, CallerError, Role, Subject, SubjectError};
pub use development::DevelopmentIssuer;
pub use error::AuthError;
pub use key_file::secret;
pub use keys::VerificationKey;
pub use reporter::ReporterSeal;
pub use verifier::{Verifier, VerifierConfig};
