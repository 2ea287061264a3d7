//! Connections to every process of a service: made when first used, and again after each of its lives.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};
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
    /// Processes that nobody is to be sent to: a load balancer has noticed that they are not ready.
    avoided: RwLock<BTreeSet<String>>,
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
        Ok(Self { of, turn: AtomicUsize::new(0), avoided: RwLock::default() })
    }

    /// The next line to a service: one process after the other, except those that are avoided.
    pub fn next(&self, service: Service) -> &Line {
        let lines = &self.of[&service];
        let avoided = self.avoided.read().unwrap_or_else(PoisonError::into_inner);
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        let turns = (0..lines.len()).map(|turn| &lines[(first + turn) % lines.len()]);
        let ready = turns.clone().find(|line| !avoided.contains(&line.process));
        // When nobody is ready it does not matter who is asked.
        ready.unwrap_or(&lines[first % lines.len()])
    }

    /// From now on these processes are avoided, and no others.
    pub fn avoid(&self, processes: BTreeSet<String>) {
        *self.avoided.write().unwrap_or_else(PoisonError::into_inner) = processes;
    }
}
