//! One gRPC server for all services of a process, with the limits and the layers that every RPC gets.

mod accept;
mod config;
mod health;
mod layers;
mod methods;
mod serve;

use std::convert::Infallible;

use auth::Caller;
use axum::response::IntoResponse;
use http::Request;
use tonic::Status;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::RoutesBuilder;
use tower::Service;

pub use config::GrpcConfig;
pub use serve::{Context, ServeError, serve};

/// Decode limit of a service whose requests are single commands and queries.
pub const CONTROL_MESSAGE_LIMIT: usize = 64 * 1024;
/// Decode limit of a service that takes batches.
pub const BATCH_MESSAGE_LIMIT: usize = 1024 * 1024;
/// Decode limit of a service that takes media chunks of 256 KiB.
pub const CHUNK_MESSAGE_LIMIT: usize = 288 * 1024;
/// Encode limit of every service; what tonic's clients accept by default.
pub const ENCODE_LIMIT: usize = 4 * 1024 * 1024;

/// The gRPC services that one process offers.
pub struct Api {
    routes: RoutesBuilder,
    /// Service names with the owner whose readiness they follow.
    services: Vec<(&'static str, &'static str)>,
    descriptor_set: &'static [u8],
    gates: Vec<(&'static str, Gate)>,
}

/// Before a method.
pub(crate) struct Gate {
    /// Says whether calls are to be turned away.
    is_full: Box<dyn Fn() -> bool + Send + Sync>,
    /// Whether calls wait in a queue of their own, and take no place of the others.
    own_queue: bool,
}

impl Api {
    /// No service yet. `descriptor_set` is the encoded `FileDescriptorSet` of all of them: it tells which methods
    /// exist and which of them stream, and feeds reflection. What is not in it is not served.
    pub fn new(descriptor_set: &'static [u8]) -> Self {
        Self { routes: RoutesBuilder::default(), services: Vec::new(), descriptor_set, gates: Vec::new() }
    }

    /// Adds a generated server. Its health follows the conditions that `owner` has named in the readiness.
    pub fn add<S>(&mut self, owner: &'static str, service: S)
    where
        S: Service<Request<Body>, Error = Infallible> + NamedService + Clone + Send + Sync + 'static,
        S::Response: IntoResponse,
        S::Future: Send + 'static,
    {
        self.services.push((S::NAME, owner));
        self.routes.add_service(service);
    }

    /// Turns calls of the method `path` (`/package.Service/Method`) away for as long as `is_full` says so, before anything
    /// is read of them: what a refusal costs is taken from those who are served.
    pub fn refuse_while(&mut self, path: &'static str, is_full: impl Fn() -> bool + Send + Sync + 'static) {
        self.gates.push((path, Gate { is_full: Box::new(is_full), own_queue: false }));
    }

    /// The same for a method whose calls wait in a queue of the service's own: they take none of the places that all other
    /// calls share (`GrpcConfig::max_calls`), and are never turned away because of these.
    pub fn queue_until(&mut self, path: &'static str, is_full: impl Fn() -> bool + Send + Sync + 'static) {
        self.gates.push((path, Gate { is_full: Box::new(is_full), own_queue: true }));
    }
}

/// Who sent `request`, as its token proved.
pub fn caller<T>(request: &tonic::Request<T>) -> Result<Caller, Status> {
    request
        .extensions()
        .get::<Caller>()
        .cloned()
        .ok_or_else(|| crate::status(&layers::authenticate::token_missing()))
}
