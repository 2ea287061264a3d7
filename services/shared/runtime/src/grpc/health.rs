//! `grpc.health.v1`: what the readiness says, in the words of load balancers.

use std::convert::Infallible;

use tokio_util::sync::CancellationToken;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::Readiness;

/// Tells the health service what the readiness says.
pub(crate) struct Follower {
    pub(crate) reporter: HealthReporter,
    /// Service names with the owner whose conditions they follow.
    pub(crate) services: Vec<(&'static str, &'static str)>,
    pub(crate) readiness: Readiness,
    pub(crate) stopping: CancellationToken,
}

impl Follower {
    /// Tells the present state; the empty name stands for all services.
    pub(crate) async fn report(&self) {
        let stops = self.stopping.is_cancelled();
        self.set("", !stops && self.readiness.is_ready()).await;
        for (service, owner) in &self.services {
            self.set(service, !stops && self.readiness.is_owner_ready(owner)).await;
        }
    }

    /// Tells every change until the process stops; then everything is NOT_SERVING.
    pub(crate) async fn follow(self) -> Result<(), Infallible> {
        let mut changes = self.readiness.changes();
        loop {
            changes.mark_unchanged();
            self.report().await;
            if self.stopping.is_cancelled() {
                return Ok(());
            }
            tokio::select! {
                () = self.stopping.cancelled() => {}
                // Cannot fail: `readiness` holds the sender.
                _ = changes.changed() => {}
            }
        }
    }

    async fn set(&self, service: &str, serves: bool) {
        let status = if serves { ServingStatus::Serving } else { ServingStatus::NotServing };
        self.reporter.set_service_status(service, status).await;
    }
}
