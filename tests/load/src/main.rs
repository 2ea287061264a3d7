//! Load on a running system: reports come in at a chosen rate (open loop) or as fast as they are answered, go the whole
//! way, and the run says how fast that was. `load --help` lists the options, README.md says how figures are taken.

mod cast;
mod measure;
mod send;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use auth::DevelopmentIssuer;
use clap::Parser;
use province::Province;
use vocabulary::Clock;

/// Puts load on a running system and says how it did.
#[derive(Debug, Clone, Parser)]
struct Options {
    /// Where the system listens.
    #[arg(long, default_value = "http://127.0.0.1:50051")]
    address: String,
    /// Data folder of the system: its development key signs the load's tokens.
    #[arg(long, default_value = "data")]
    data_dir: PathBuf,
    /// Province pack: places and texts come from it.
    #[arg(long, default_value = "deploy/camau")]
    province: PathBuf,
    /// How long reports are sent.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Reports a second (open loop: a slow answer delays no other report); 0 sends as fast as answers come.
    #[arg(long, default_value_t = 0)]
    rate: u64,
    /// Requests under way at one time when the rate is 0.
    #[arg(long, default_value_t = 64)]
    concurrency: usize,
    /// How many citizens send.
    #[arg(long, default_value_t = 50)]
    citizens: usize,
    /// Makes the run repeatable.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long reports may take to settle after the last was sent.
    #[arg(long, default_value_t = 120)]
    settle_seconds: u64,
    /// `iss` and `aud` of the system's tokens.
    #[arg(long, default_value = "https://fieldreport.invalid/development")]
    issuer: String,
    /// See `issuer`.
    #[arg(long, default_value = "fieldreport")]
    audience: String,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the figures are this program's output")]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let province = Province::load(&options.province).map_err(|mistakes| {
        anyhow::anyhow!("{} mistakes in the province pack: {}", mistakes.len(), mistakes[0])
    })?;
    let clock = Clock::system();
    let issuer = DevelopmentIssuer::open(&options.data_dir, &options.issuer, &options.audience, clock)?;
    let cast = Arc::new(cast::Cast::prepare(&province, &issuer, options.citizens, options.seed)?);
    let sent = send::send(&options, &cast).await?;
    eprintln!(
        "{} sent, {} acknowledged; waiting until all have settled",
        sent.asked,
        sent.acknowledged.len()
    );
    let settle = Duration::from_secs(options.settle_seconds);
    let figures = measure::measure(&options.address, &cast, &sent, settle).await?;
    println!("{}", serde_json::to_string_pretty(&figures)?);
    anyhow::ensure!(figures.lost == 0, "{} acknowledged reports are missing", figures.lost);
    anyhow::ensure!(
        figures.unsettled == 0,
        "{} reports reached neither agency nor person",
        figures.unsettled
    );
    Ok(())
}
