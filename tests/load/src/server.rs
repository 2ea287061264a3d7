//! A `fieldreport serve` of our own, on a folder of its own and a free port.

use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, Endpoint};

use crate::{code, wire};

const START: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(5);

/// A running server. Dropping it kills it.
pub struct Server {
    child: Child,
    /// Where it listens, e.g. `http://127.0.0.1:40123`.
    pub address: String,
}

impl Server {
    /// Starts `binary` on `data` and waits until it answers; its log goes to `log`.
    pub async fn start(
        binary: &Path,
        data: &Path,
        province: &Path,
        log: &Path,
        serve: &[String],
    ) -> anyhow::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let output = File::create(log).with_context(|| log.display().to_string())?;
        let mut command = Command::new(binary);
        command.arg("serve").arg("--data-dir").arg(data).arg("--province").arg(province);
        command.args([
            "--set",
            &format!("grpc.address=127.0.0.1:{port}"),
            "--set",
            "telemetry.log_level=warn",
        ]);
        command.args(serve).stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child = command.spawn().with_context(|| format!("{} cannot be started", binary.display()))?;
        let mut server = Self { child, address: format!("http://127.0.0.1:{port}") };
        server.until_it_answers(log).await?;
        Ok(server)
    }

    async fn until_it_answers(&mut self, log: &Path) -> anyhow::Result<()> {
        let begin = Instant::now();
        let channel = Endpoint::from_shared(self.address.clone())?.connect_lazy();
        while !answers(&channel).await {
            if let Some(status) = self.child.try_wait()? {
                let said = std::fs::read_to_string(log)?;
                anyhow::bail!("the server has ended, {status}: {}", said.lines().last().unwrap_or_default());
            }
            anyhow::ensure!(begin.elapsed() < START, "the server does not answer after {START:?}");
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop (SIGTERM) and waits until it has.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let told = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status()?;
        anyhow::ensure!(told.success(), "the server cannot be told to stop");
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                anyhow::ensure!(status.success(), "the server ended with {status}");
                return Ok(());
            }
            anyhow::ensure!(begin.elapsed() < START, "the server does not stop");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Whether anybody answers, whatever the answer.
async fn answers(channel: &Channel) -> bool {
    let question = wire::Line {
        channel: channel.clone(),
        path: PathAndQuery::from_static("/grpc.health.v1.Health/Check"),
        token: &MetadataValue::from_static("none"),
        timeout: START,
    };
    question.unary(Bytes::new()).await.map_or_else(|status| !code::is_open(&status), |_| true)
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already if all went well.
        if self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}
