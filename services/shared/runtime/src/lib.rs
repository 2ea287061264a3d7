//! What every process does the same way: live, stop, serve gRPC, report its health, speak the wire's types.

pub mod grpc;
pub mod internal;
mod lifecycle;
mod platform;
mod readiness;
mod status;
pub mod wire;

pub use lifecycle::{Ending, Lifecycle};
pub use platform::Platform;
pub use readiness::{Condition, Readiness};
pub use status::{DOMAIN, status};
