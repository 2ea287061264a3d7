//! A system under test: the processes that serve it, kept running, killed and stalled on demand. Where they run and on
//! which engines is decided here; nobody else knows.

pub mod layout;
pub mod probe;

mod keeper;
mod process;
mod resources;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::task::JoinSet;

pub use keeper::{Kept, Life};
pub use layout::{Program, Service, Spec};
pub use process::Signal;
pub use resources::Resources;

/// The processes of one run.
pub struct Cluster {
    /// Every process, in a fixed order.
    pub members: Vec<Arc<Kept>>,
    keepers: JoinSet<()>,
}

impl Cluster {
    /// A system of these processes; none runs yet.
    pub fn new(program: &Program, specs: Vec<Spec>, embedded: bool, logs: &std::path::Path) -> Self {
        let members: Vec<Arc<Kept>> = specs.into_iter().map(Kept::new).collect();
        let mut keepers = JoinSet::new();
        for member in &members {
            keepers.spawn(keeper::keep(member.clone(), program.clone(), embedded, PathBuf::from(logs)));
        }
        Self { members, keepers }
    }

    /// Starts everything and waits until all of it is ready.
    pub async fn start(&self, limit: Duration) -> anyhow::Result<()> {
        self.members.iter().for_each(|member| member.wake());
        self.until_ready(limit).await
    }

    /// Waits until every process is ready.
    pub async fn until_ready(&self, limit: Duration) -> anyhow::Result<()> {
        let all = futures::future::join_all(self.members.iter().map(|member| member.until_ready()));
        tokio::time::timeout(limit, all).await.with_context(|| {
            let late: Vec<&str> = self.not_ready().collect();
            format!("not ready after {limit:?}: {}", late.join(", "))
        })?;
        Ok(())
    }

    fn not_ready(&self) -> impl Iterator<Item = &str> {
        self.members.iter().filter(|member| !member.is_ready()).map(|member| member.spec.name.as_str())
    }

    /// Ends everything in order; answers what did not end well or in time.
    pub async fn stop(&self, limit: Duration) -> Vec<String> {
        for member in &self.members {
            member.rest();
            member.signal(Signal::Continue, "");
            member.signal(Signal::Terminate, "stopped");
        }
        let ends = self.members.iter().map(async |member| {
            let end = tokio::time::timeout(limit, member.until_gone()).await;
            (member.spec.name.clone(), end)
        });
        let mut bad = Vec::new();
        for (name, end) in futures::future::join_all(ends).await {
            match end {
                Ok(Some(end)) if end != "exit status: 0" => bad.push(format!("{name} ended with {end}")),
                Ok(_) => {}
                Err(_) => bad.push(format!("{name} had not ended after {limit:?}")),
            }
        }
        bad
    }

    /// Every life of every process.
    pub fn lives(&self) -> Vec<Life> {
        self.members.iter().flat_map(|member| member.lives()).collect()
    }

    /// What every living process holds.
    pub fn resources(&self) -> Vec<Resources> {
        let of = |member: &Arc<Kept>| Resources::of(&member.spec.name, member.pid()?);
        self.members.iter().filter_map(of).collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Keepers first, so that nobody comes back; then the processes, which die with their handles.
        self.keepers.abort_all();
        for member in &self.members {
            member.signal(Signal::Kill, "the run is over");
        }
    }
}
