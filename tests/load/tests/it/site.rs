//! A world with an address that the load can be pointed at.

use std::net::TcpListener;
use std::path::Path;

use clap::Parser as _;
use harness::World;
use load::options::Cli;
use load::{Addresses, Figures, Ledger, System, Theatre};
use tempfile::TempDir;
use vocabulary::Clock;

/// A world and where it listens.
pub struct Site {
    pub world: World,
    address: String,
}

impl Site {
    pub async fn start() -> Self {
        Self::on(tempfile::tempdir().expect("a folder")).await
    }

    pub async fn on(folder: TempDir) -> Self {
        let probe = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = probe.local_addr().expect("an address").to_string();
        drop(probe);
        let world = World::on(folder, &[("grpc.address", &address)], Clock::system()).await;
        Self { world, address: format!("http://{address}") }
    }

    /// A theatre with the options of a command line.
    pub fn theatre(&self, ledger: Ledger, options: &[&str]) -> Theatre {
        let pack = harness::pack().display().to_string();
        let common = ["load", "--province", &pack, "--warmup-seconds", "0", "--citizens", "5"];
        let cli = Cli::parse_from(common.iter().chain(options));
        let system =
            System::connect(&Addresses::same(std::slice::from_ref(&self.address)), 2).expect("an address");
        Theatre::open(system, self.world.data(), ledger, Vec::new(), &cli.play).expect("a theatre")
    }

    /// Plays at a rate and demands that nothing is wrong.
    pub async fn play(&self, rate: f64, options: &[&str]) -> Figures {
        let figures = self.theatre(Ledger::default(), options).play(rate).await.expect("a run");
        assert_eq!(figures.faults(), Vec::<String>::new(), "{figures:#?}");
        figures
    }
}

/// The lines of a ledger.
pub fn lines(path: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(path).expect("a ledger");
    text.lines().map(|line| serde_json::from_str(line).expect("a whole line")).collect()
}
