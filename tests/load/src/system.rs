//! Where the system listens: one process or four, each with any number of replicas.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tonic::transport::{Channel, Endpoint};

use crate::operation::Service;

/// Addresses of each service's replicas, e.g. `http://127.0.0.1:50051`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses([Vec<String>; 4]);

impl Addresses {
    /// Every service at the same replicas.
    pub fn same(replicas: &[String]) -> Self {
        Self(std::array::from_fn(|_| replicas.to_vec()))
    }

    /// One service elsewhere.
    #[must_use]
    pub fn with(mut self, service: Service, replicas: &[String]) -> Self {
        self.0[service as usize] = replicas.to_vec();
        self
    }
}

/// Connections to every replica; calls are spread over them. Cheap to clone.
#[derive(Clone)]
pub struct System(Arc<[Replicas; 4]>);

struct Replicas {
    channels: Vec<Channel>,
    next: AtomicUsize,
}

impl System {
    /// `connections` to each replica, made with the first call and again whenever they break.
    pub fn connect(addresses: &Addresses, connections: usize) -> anyhow::Result<Self> {
        let replicas = |service: Service| {
            let addresses = &addresses.0[service as usize];
            anyhow::ensure!(!addresses.is_empty(), "the {service} service has no address");
            let mut channels = Vec::new();
            for _ in 0..connections.max(1) {
                for address in addresses {
                    let endpoint = Endpoint::from_shared(address.clone())?
                        .tcp_nodelay(true)
                        .connect_timeout(Duration::from_secs(5));
                    channels.push(endpoint.connect_lazy());
                }
            }
            Ok(Replicas { channels, next: AtomicUsize::new(0) })
        };
        Ok(Self(Arc::new([
            replicas(Service::Intake)?,
            replicas(Service::Classification)?,
            replicas(Service::Routing)?,
            replicas(Service::Satisfaction)?,
        ])))
    }

    /// The next connection of a service.
    pub(crate) fn channel(&self, service: Service) -> Channel {
        let replicas = &self.0[service as usize];
        let turn = replicas.next.fetch_add(1, Ordering::Relaxed);
        replicas.channels[turn % replicas.channels.len()].clone()
    }
}
