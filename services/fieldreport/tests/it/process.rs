//! `fieldreport serve` as a process of its own, on a folder of its own.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;

use auth::DevelopmentIssuer;
use harness::{Api, config_of, eventually, pack};
use tempfile::TempDir;
use vocabulary::Clock;

/// The binary under test.
pub fn binary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_fieldreport"))
}

/// A running server. Dropping it kills it.
pub struct Server {
    child: Child,
    /// Where it serves, e.g. `127.0.0.1:40123`.
    pub address: String,
}

/// A data folder, what was logged about it, and how to start a server on it.
pub struct Site {
    folder: TempDir,
    settings: Vec<String>,
    starts: u32,
}

impl Site {
    pub fn new(settings: &[&str]) -> Self {
        let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
        Self { folder: tempfile::tempdir().expect("a folder"), settings, starts: 0 }
    }

    pub fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// What all servers on this folder have logged.
    pub fn log(&self) -> String {
        let read = |start: u32| std::fs::read_to_string(self.log_file(start)).expect("a log");
        (1..=self.starts).map(read).collect()
    }

    fn log_file(&self, start: u32) -> std::path::PathBuf {
        self.folder.path().join(format!("{start}.log"))
    }

    /// Starts a server and waits until it says where it listens: it is ready then.
    pub async fn start(&mut self) -> Server {
        self.starts += 1;
        let file = self.log_file(self.starts);
        let log = File::create(&file).expect("a log");
        let mut command = binary();
        command.arg("serve").arg("--data-dir").arg(self.data()).arg("--province").arg(pack());
        command.args(["--set", "grpc.address=127.0.0.1:0", "--set", "telemetry.log_format=json"]);
        for setting in &self.settings {
            command.args(["--set", setting]);
        }
        let child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().expect("a process");
        let mut server = Server { child, address: String::new() };
        let child = std::cell::RefCell::new(&mut server.child);
        let address = eventually("the server listens", async || {
            let gone = child.borrow_mut().try_wait().expect("a child");
            assert!(
                gone.is_none(),
                "it has ended instead: {gone:?}\n{}",
                std::fs::read_to_string(&file).unwrap_or_default()
            );
            listening(&file)
        })
        .await;
        server.address = address;
        server
    }

    /// The server's API with tokens of its development issuer.
    pub fn api(&self, server: &Server) -> Api {
        let auth = config_of(&self.data(), &[]).auth;
        let issuer = DevelopmentIssuer::open(&self.data(), &auth.issuer, &auth.audience, Clock::system());
        Api::at(&server.address, Arc::new(issuer.expect("the server's key")))
    }
}

/// The address in the line that says so.
fn listening(log: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(log).map_err(|error| error.to_string())?;
    let line = text.lines().find(|line| line.contains("\"listening\""));
    let address =
        line.and_then(|line| line.split("\"address\":\"").nth(1)).and_then(|rest| rest.split('"').next());
    address.map(str::to_owned).ok_or(text)
}

impl Server {
    /// `kill -9`, and waits until it is gone.
    pub fn kill(mut self) {
        self.child.kill().expect("a living process");
        self.child.wait().expect("a dead process");
    }

    /// `kill -TERM`; the process may take its time.
    pub fn terminate(&self) {
        let sent = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        assert!(sent.expect("kill").success());
    }

    /// Waits until the process has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let child = std::cell::RefCell::new(&mut self.child);
        eventually("the server has ended", async || {
            child.borrow_mut().try_wait().expect("a child").ok_or("still running")
        })
        .await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already if the test went well.
        if self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}
