//! Connections to every process of a service: made when first used, and again after each of its lives.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tonic::transport::{Channel, Endpoint};

use crate::cluster::{Service, Spec};

/// A connection carries at most 100 calls at one time; an open loop has more under way while something is down.
const PER_PROCESS: usize = 4;
const CONNECT: Duration = Duration::from_secs(1);

/// One connection and where it leads.
#[derive(Debug, Clone)]
pub struct Line {
    /// The process, e.g. `intake-1`.
    pub process: String,
    /// The connection.
    pub channel: Channel,
}

/// All connections.
pub struct Lines {
    of: BTreeMap<Service, Vec<Line>>,
    turn: AtomicUsize,
}

impl Lines {
    /// Lines to these processes.
    pub fn to(specs: &[Spec]) -> anyhow::Result<Self> {
        let mut of: BTreeMap<Service, Vec<Line>> = BTreeMap::new();
        for _ in 0..PER_PROCESS {
            for spec in specs {
                for service in &spec.services {
                    let endpoint = Endpoint::from_shared(format!("http://{}", spec.grpc))?
                        .connect_timeout(CONNECT)
                        .tcp_nodelay(true);
                    let line = Line { process: spec.name.clone(), channel: endpoint.connect_lazy() };
                    of.entry(*service).or_default().push(line);
                }
            }
        }
        Ok(Self { of, turn: AtomicUsize::new(0) })
    }

    /// The next line to a service: one process after the other.
    pub fn next(&self, service: Service) -> &Line {
        let lines = &self.of[&service];
        &lines[self.turn.fetch_add(1, Ordering::Relaxed) % lines.len()]
    }
}
