//! Which processes there are: what each serves, where, and with which settings.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

/// A service of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Reports come in, timelines.
    Intake,
    /// What they are about; triage.
    Classification,
    /// Who is competent; dispatch.
    Routing,
    /// Ratings and scores.
    Satisfaction,
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 4] = [Self::Intake, Self::Classification, Self::Routing, Self::Satisfaction];

    /// As `--services` takes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Classification => "classification",
            Self::Routing => "routing",
            Self::Satisfaction => "satisfaction",
        }
    }
}

/// One process to be: where it listens stays the same over all its lives.
#[derive(Debug, Clone)]
pub struct Spec {
    /// E.g. `intake-1`.
    pub name: String,
    /// What it serves.
    pub services: Vec<Service>,
    /// The callers' port.
    pub grpc: SocketAddr,
    /// The operator's port.
    pub internal: SocketAddr,
}

/// What all processes of a run share.
#[derive(Debug, Clone)]
pub struct Program {
    /// The binary.
    pub binary: PathBuf,
    /// Folder of databases, keys and media.
    pub data: PathBuf,
    /// The province pack.
    pub province: PathBuf,
    /// Further settings, `key=value`.
    pub settings: Vec<String>,
    /// Settings that are nobody else's business: URLs with passwords.
    pub environment: BTreeMap<String, String>,
}

impl Program {
    /// A command of the product on this system.
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg(name).arg("--data-dir").arg(&self.data).arg("--province").arg(&self.province);
        command.envs(&self.environment);
        for setting in &self.settings {
            command.args(["--set", setting]);
        }
        command
    }

    /// How to start the process of `spec`.
    pub fn serve(&self, spec: &Spec, embedded: bool) -> Command {
        let mut command = self.command("serve");
        if !embedded {
            let services: Vec<&str> = spec.services.iter().map(|service| service.as_str()).collect();
            command.args(["--services", &services.join(",")]);
        }
        for setting in [
            format!("grpc.address={}", spec.grpc),
            format!("internal_address={}", spec.internal),
            "telemetry.log_format=json".to_owned(),
        ] {
            command.args(["--set", &setting]);
        }
        command
    }
}

/// One process with everything (embedded mode).
pub fn embedded() -> anyhow::Result<Vec<Spec>> {
    let [grpc, internal] = free_ports(2)?[..] else { anyhow::bail!("no free ports") };
    Ok(vec![Spec { name: "all-1".to_owned(), services: Service::ALL.to_vec(), grpc, internal }])
}

/// `replicas` processes of each service.
pub fn replicated(replicas: usize) -> anyhow::Result<Vec<Spec>> {
    let ports = free_ports(Service::ALL.len() * replicas * 2)?;
    let mut pairs = ports.chunks_exact(2);
    let mut specs = Vec::new();
    for service in Service::ALL {
        for number in 1..=replicas {
            let &[grpc, internal] = pairs.next().context("a pair of ports")? else {
                unreachable!("chunks of 2")
            };
            let name = format!("{}-{number}", service.as_str());
            specs.push(Spec { name, services: vec![service], grpc, internal });
        }
    }
    Ok(specs)
}

/// Below the range from which the kernel takes ports for outgoing connections: a port there may be gone when its process
/// comes back.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// Ports that nobody uses now: all are held at once, so that they differ.
pub fn free_ports(count: usize) -> anyhow::Result<Vec<SocketAddr>> {
    let first = PORTS.start + u16::try_from(std::process::id() * 61 % u32::from(PORTS.end - PORTS.start))?;
    let candidates = (first..PORTS.end).chain(PORTS.start..first);
    let free = candidates.filter_map(|port| TcpListener::bind(("127.0.0.1", port)).ok());
    let held: Vec<TcpListener> = free.take(count).collect();
    anyhow::ensure!(held.len() == count, "{count} free ports are wanted, {} were found", held.len());
    Ok(held.iter().map(TcpListener::local_addr).collect::<Result<_, _>>()?)
}

/// The log of a process, over all its lives.
pub fn log_of(logs: &Path, spec: &Spec) -> PathBuf {
    logs.join(format!("{}.log", spec.name))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_process_has_ports_and_a_name_of_its_own() {
        let specs = replicated(2).unwrap();
        let names: BTreeSet<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
        let ports: BTreeSet<SocketAddr> = specs.iter().flat_map(|spec| [spec.grpc, spec.internal]).collect();
        assert_eq!((specs.len(), names.len(), ports.len()), (8, 8, 16));
    }
}
