//! The settings of the gRPC server.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::Deserialize;
use settings::HumanDuration;

/// How the gRPC server behaves towards its clients. `Default` is what production starts from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrpcConfig {
    /// Where to listen.
    pub address: SocketAddr,
    /// Connections at one time; more are closed at once.
    pub max_connections: usize,
    /// Connections at one time from one address; 0 means no limit. Loopback addresses have none.
    pub max_connections_per_address: usize,
    /// How soon a new connection must have said that it speaks HTTP/2.
    pub first_byte_timeout: HumanDuration,
    /// Calls at one time on one connection.
    pub max_streams_per_connection: u32,
    /// Unary calls under way at one time; more are turned away at once. New reports have a queue of their own.
    pub max_calls: usize,
    /// How often a quiet connection is pinged.
    pub keepalive_interval: HumanDuration,
    /// How soon a ping must be answered.
    pub keepalive_timeout: HumanDuration,
    /// When a connection is asked to reconnect, so that load spreads over new replicas.
    pub max_connection_age: HumanDuration,
    /// How long after that its calls may still take.
    pub max_connection_age_grace: HumanDuration,
    /// Longest wait for the answer of a unary call, whatever deadline the client has set.
    pub call_timeout: HumanDuration,
    /// How long calls are still accepted after the health says NOT_SERVING, for load balancers to notice.
    pub drain_delay: HumanDuration,
    /// How long after that running calls may take. With `drain_delay` it must be shorter than the process's grace.
    pub drain_timeout: HumanDuration,
    /// Whether anybody may read the API's description (`grpc.reflection`).
    pub reflection: bool,
}

impl Default for GrpcConfig {
    fn default() -> Self {
        let seconds = |seconds| HumanDuration(Duration::from_secs(seconds));
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 50_051)),
            max_connections: 2_000,
            max_connections_per_address: 64,
            first_byte_timeout: seconds(5),
            max_streams_per_connection: 100,
            max_calls: 128,
            keepalive_interval: seconds(30),
            keepalive_timeout: seconds(10),
            max_connection_age: seconds(15 * 60),
            max_connection_age_grace: seconds(30),
            call_timeout: seconds(10),
            drain_delay: seconds(0),
            drain_timeout: seconds(15),
            reflection: true,
        }
    }
}
