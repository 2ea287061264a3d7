//! The server itself: settings, order of the layers, and how it stops.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use auth::Verifier;
use axum::middleware::{from_fn, from_fn_with_state};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::Server;
use vocabulary::Clock;

use super::accept::{self, Closing};
use super::health::Follower;
use super::layers::{authenticate, deadline, observe, panics, refuse, repeat};
use super::methods::Methods;
use super::{Api, GrpcConfig};
use crate::{Lifecycle, Readiness};

/// A header block that is larger is refused. HTTP/2 counts 32 bytes per field on top (RFC 9113 §6.5.2).
const MAX_HEADER_LIST: u32 = 16 * 1024;
/// How often the verification keys are read again.
const KEY_REFRESH: Duration = Duration::from_secs(60);

/// What the server needs from its process.
#[derive(Clone)]
pub struct Context {
    /// Turns tokens into callers.
    pub verifier: Verifier,
    /// The life that the server is part of.
    pub lifecycle: Lifecycle,
    /// What the health reports.
    pub readiness: Readiness,
    /// Mints the references of internal errors.
    pub clock: Clock,
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The API's description cannot be read.
    #[error("the API's descriptor set is not readable")]
    Descriptor(#[from] prost::DecodeError),
    /// A method that does not exist is to be guarded.
    #[error("the API has no method {0}")]
    Method(&'static str),
    /// Reflection cannot use the API's description.
    #[error("the API's descriptor set is not complete")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// Serves `api` on `listener` as a task of the process, until the process stops.
pub fn serve(
    listener: TcpListener,
    api: Api,
    config: &GrpcConfig,
    context: &Context,
) -> Result<(), ServeError> {
    let Context { verifier, lifecycle, readiness, clock } = context.clone();
    let mut methods = Methods::read(api.descriptor_set, config.max_calls)?;
    for (path, gate) in api.gates {
        if !methods.guard(path, gate) {
            return Err(ServeError::Method(path));
        }
    }
    let mut routes = api.routes;
    if config.reflection {
        routes.add_service(reflection(api.descriptor_set).build_v1()?);
        routes.add_service(reflection(api.descriptor_set).build_v1alpha()?);
    }
    let (reporter, health_service) = tonic_health::server::health_reporter();
    routes.add_service(health_service);
    let routes = layered(routes.routes(), methods, config.call_timeout.get(), verifier.clone(), clock);

    let follower = Follower { reporter, services: api.services, readiness, stopping: lifecycle.stopping() };
    lifecycle.spawn("verification keys", refresh_keys(verifier, lifecycle.clone()));
    let (life, config) = (lifecycle.clone(), config.clone());
    let taking_calls = lifecycle.taking_calls();
    lifecycle.spawn("grpc", async move {
        let _taking_calls = taking_calls;
        // Before the first connection: the reporter's own beginning is SERVING.
        follower.report().await;
        life.spawn("health", follower.follow());
        run(listener, routes, config, life).await
    });
    Ok(())
}

fn reflection(descriptor_set: &'static [u8]) -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(descriptor_set)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

/// The last layer added is the first that a request meets.
fn layered(
    routes: Routes,
    methods: Methods,
    call_timeout: Duration,
    verifier: Verifier,
    clock: Clock,
) -> Routes {
    let router = routes
        .into_axum_router()
        .layer(from_fn(repeat::repeat))
        .layer(from_fn_with_state(verifier, authenticate::authenticate))
        .layer(from_fn_with_state(call_timeout, deadline::limit))
        .layer(from_fn_with_state(clock, panics::catch))
        .layer(from_fn(observe::observe))
        .layer(from_fn_with_state(Arc::new(methods), refuse::refuse));
    Routes::from(router)
}

async fn run(
    listener: TcpListener,
    routes: Routes,
    config: GrpcConfig,
    lifecycle: Lifecycle,
) -> Result<(), tonic::transport::Error> {
    let closing = Closing { soft: CancellationToken::new(), hard: CancellationToken::new() };
    let connections = accept::connections(listener, &config, closing.clone());
    let drain = drain(&config, lifecycle.stopping(), closing.clone());
    let serving = server(&config)
        .add_routes(routes)
        .serve_with_incoming_shutdown(connections, closing.soft.clone().cancelled_owned());
    let (outcome, ()) = tokio::join!(
        async {
            let outcome = serving.await;
            closing.soft.cancel();
            closing.hard.cancel();
            outcome
        },
        drain
    );
    outcome
}

/// Once the process stops: no new connections after the delay, none at all after the timeout. Without the second step
/// a peer that never answers would hold the server for ever.
async fn drain(config: &GrpcConfig, stopping: CancellationToken, closing: Closing) {
    tokio::select! {
        () = closing.soft.cancelled() => return,
        () = stopping.cancelled() => sleep(config.drain_delay.get()).await,
    }
    closing.soft.cancel();
    if timeout(config.drain_timeout.get(), closing.hard.cancelled()).await.is_err() {
        tracing::warn!("the remaining connections are cut");
        closing.hard.cancel();
    }
}

/// `max_connection_age_grace` is not set here: with it, tonic 0.14.9 cuts connections at the end of the grace without
/// ever having asked them to leave. The sockets keep that grace themselves.
fn server(config: &GrpcConfig) -> Server {
    let streams = config.max_streams_per_connection;
    Server::builder()
        .max_concurrent_streams(streams)
        // A client whose patience ends while the server is busy gives up all its calls at once. The library's own limit, 20,
        // would end the connection, with the call that came after them.
        .http2_max_pending_accept_reset_streams(Some(streams as usize))
        .http2_keepalive_interval(Some(config.keepalive_interval.get()))
        .http2_keepalive_timeout(Some(config.keepalive_timeout.get()))
        .http2_max_header_list_size(MAX_HEADER_LIST)
        .max_connection_age(config.max_connection_age.get())
}

async fn refresh_keys(verifier: Verifier, lifecycle: Lifecycle) -> Result<(), Infallible> {
    let stopping = lifecycle.stopping();
    while timeout(KEY_REFRESH, stopping.cancelled()).await.is_err() {
        if let Err(error) = verifier.reload() {
            tracing::warn!(%error, "the verification keys cannot be read again; the old ones stay");
        }
    }
    Ok(())
}
