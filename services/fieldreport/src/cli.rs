//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use uuid::Uuid;

/// Field reports (phản ánh hiện trường) of a province: from a citizen's photo to a rated answer.
#[derive(Debug, Parser)]
#[command(name = "fieldreport", version, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the services, all four or some of them, behind one gRPC port.
    Serve(Serve),
    /// Starts a system in a fresh folder and plays realistic reports through its API.
    Demo(Demo),
    /// Brings the services' databases to the schema of this binary.
    Migrate(Common),
    /// Reads configuration and province pack, and says every mistake.
    CheckConfig(Common),
    /// Prints a token of the development issuer, for trying the API.
    Token(Token),
    /// Events that a service gave up. In embedded mode no server may run meanwhile.
    #[command(subcommand)]
    Parked(Parked),
    /// Events that wait to be sent, or were. In embedded mode no server may run meanwhile.
    #[command(subcommand)]
    Outbox(Outbox),
    /// Proves that no report and no event is lost, or names what does not add up. In embedded mode no server may run
    /// meanwhile.
    Reconcile(Reconcile),
    /// Classifies texts of a file, without any effect.
    Classify(Classify),
    /// Finds the communes of points of a file.
    Locate(Batch),
    /// Says for reports of a file which agency would get them and when the answer is due.
    Route(Route),
    /// Trains and evaluates the classifier.
    #[command(subcommand)]
    Model(Model),
}

/// Where configuration comes from.
#[derive(Debug, Clone, Default, Args)]
pub struct Common {
    /// Configuration file (TOML).
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// Overrides one key, e.g. --set grpc.address=127.0.0.1:6000; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    pub set: Vec<(String, String)>,
    /// Data folder; the same as --set data=….
    #[arg(long)]
    pub data_dir: Option<PathBuf>,
    /// Province pack; the same as --set province=….
    #[arg(long)]
    pub province: Option<PathBuf>,
}

impl Common {
    /// The overrides in the order in which they count.
    pub fn overrides(&self) -> Vec<(String, String)> {
        let folder = |key: &str, path: &Option<PathBuf>| {
            path.as_ref().map(|path| (key.to_owned(), path.display().to_string()))
        };
        let named = [folder("data", &self.data_dir), folder("province", &self.province)];
        self.set.iter().cloned().chain(named.into_iter().flatten()).collect()
    }
}

/// Options of `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where configuration comes from.
    #[command(flatten)]
    pub common: Common,
    /// Which services run in this process, e.g. intake,routing; the same as --set services=….
    #[arg(long, value_name = "NAME,…")]
    pub services: Option<String>,
}

/// Options of `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Where configuration comes from.
    #[command(flatten)]
    pub common: Common,
    /// Prints one JSON object per report and a summary, and nothing else, on standard output.
    #[arg(long)]
    pub json: bool,
    /// Keeps the system running afterwards.
    #[arg(long)]
    pub serve: bool,
}

/// Options of `token`.
#[derive(Debug, Args)]
pub struct Token {
    /// Where configuration comes from.
    #[command(flatten)]
    pub common: Common,
    /// citizen, assistant, coordinator, cleared_officer, agency_handler, agency_leader, supervisor, score_consumer,
    /// administrator, auditor or public.
    #[arg(long, default_value = "citizen")]
    pub role: String,
    /// Who the caller is.
    #[arg(long, default_value = "citizen-1")]
    pub subject: String,
    /// Agency of an agency role, e.g. ubnd-32002.
    #[arg(long)]
    pub agency: Option<String>,
    /// How long the token lives.
    #[arg(long, default_value = "12h")]
    pub lifetime: String,
}

/// What to do with parked events.
#[derive(Debug, Subcommand)]
pub enum Parked {
    /// Says which there are, and why.
    List(List),
    /// Gives them another life.
    Replay(Chosen),
    /// Gives them up for ever.
    Drop(Chosen),
}

/// What to do with events on their way out.
#[derive(Debug, Subcommand)]
pub enum Outbox {
    /// Says which wait to be sent, oldest first.
    List(List),
    /// Sends again what was sent before, with the same ids: consumers that had it skip it.
    Replay(OutboxReplay),
    /// Gives up sending some that wait: their readers will never know.
    Drop(OutboxDrop),
}

/// Options of `parked list`, `outbox list` and `model list`.
#[derive(Debug, Args)]
pub struct List {
    /// Where configuration comes from.
    #[command(flatten)]
    pub common: Common,
    /// Prints one JSON object a line instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// Options of `parked replay` and `parked drop`.
#[derive(Debug, Args)]
pub struct Chosen {
    /// Where configuration comes from.
    #[command(flatten)]
    pub common: Common,
    /// Ids of events, as `parked list` says them.
    #[arg(value_name = "EVENT", required_unless_present = "all")]
    pub ids: Vec<Uuid>,
    /// Every one.
    #[arg(long, conflicts_with = "ids")]
    pub all: bool,
}

/// Options of `outbox replay`.
#[derive(Debug, Args)]
#[group(id = "which", required = true, multiple = true, args = ["ids", "since", "report"])]
pub struct OutboxReplay {
    /// Where configuration comes from.
    #[command(flatten)]
    pub common: Common,
    /// Ids of events.
    #[arg(value_name = "EVENT")]
    pub ids: Vec<Uuid>,
    /// Everything that happened at or after this instant (RFC 3339).
    #[arg(long)]
    pub since: Option<String>,
    /// Everything about this report, `reports/{uuid}`; may be repeated.
    #[arg(long)]
    pub report: Vec<String>,
}

/// Options of `outbox drop`.
#[derive(Debug, Args)]
pub struct OutboxDrop {
    /// Where configuration comes from.
    #[command(flatten)]
    pub common: Common,
    /// Ids of events, as `outbox list` says them.
    #[arg(value_name = "EVENT", required = true)]
    pub ids: Vec<Uuid>,
}

/// Options of `reconcile`.
#[derive(Debug, Args)]
pub struct Reconcile {
    /// Where configuration comes from.
    #[command(flatten)]
    pub common: Common,
    /// First local day, e.g. 2026-11-29; without it 30 days before the last one.
    #[arg(long, value_name = "DAY")]
    pub from: Option<String>,
    /// Last local day, part of the period; without it today.
    #[arg(long, value_name = "DAY")]
    pub to: Option<String>,
    /// Prints one JSON object instead of tables.
    #[arg(long)]
    pub json: bool,
}

/// Input and output of a batch command.
#[derive(Debug, Args)]
pub struct Batch {
    /// Where configuration comes from.
    #[command(flatten)]
    pub common: Common,
    /// File to read.
    #[arg(long)]
    pub input: PathBuf,
    /// File to write; - for standard output.
    #[arg(long, default_value = "-")]
    pub output: PathBuf,
}

/// Options of `classify`.
#[derive(Debug, Args)]
pub struct Classify {
    /// Input, output, configuration. In: JSON lines with `id` and `text`.
    #[command(flatten)]
    pub batch: Batch,
}

/// Options of `route`.
#[derive(Debug, Args)]
pub struct Route {
    /// Input, output, configuration. In: JSON lines with `id`, `text`, `lat`, `lon` and optionally `time` (RFC 3339).
    #[command(flatten)]
    pub batch: Batch,
}

/// What to do with the model.
#[derive(Debug, Subcommand)]
pub enum Model {
    /// Trains the classifier from the pack's training text and writes it into the pack, with its card.
    Train(Common),
    /// Says how good the classifier is: on its own held-out part, or on a file of labelled texts.
    Evaluate(Evaluate),
    /// Says how far decisions on reports would let the thresholds of the scope move, and what that would have done to them.
    Bands(ModelBands),
    /// Models that this system has trained on people's decisions, newest first. In embedded mode no server may run meanwhile.
    List(List),
    /// Takes the model in force back, one step. In embedded mode no server may run meanwhile.
    Rollback(Common),
    /// Puts a model into force again that was taken back or replaced. In embedded mode no server may run meanwhile.
    Promote(Promote),
}

/// Options of `model promote`.
#[derive(Debug, Args)]
pub struct Promote {
    /// Where configuration comes from.
    #[command(flatten)]
    pub common: Common,
    /// The version, as `model list` says it.
    pub version: String,
}

/// Options of `model evaluate`.
#[derive(Debug, Args)]
pub struct Evaluate {
    /// Where configuration comes from.
    #[command(flatten)]
    pub common: Common,
    /// JSON lines with `text`, `leaf` and `urgency`; without it a model is trained without the held-out part of the pack's
    /// training text and judged on that part.
    #[arg(long)]
    pub input: Option<PathBuf>,
    /// Calibrates for the texts of each `site` on those of all others: the figure to tune by.
    #[arg(long, requires = "input")]
    pub leave_one_site_out: bool,
    /// Prints the figures as JSON.
    #[arg(long)]
    pub json: bool,
    /// Writes a page with plots there.
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
}

/// Options of `model bands`.
#[derive(Debug, Args)]
pub struct ModelBands {
    /// Where configuration comes from.
    #[command(flatten)]
    pub common: Common,
    /// Decided reports, last month's for example: JSON lines with `text`, `leaf` and `urgency` as decided; without it the pack's
    /// training texts are judged by models that did not see them.
    #[arg(long)]
    pub input: Option<PathBuf>,
    /// Prints the table as JSON.
    #[arg(long)]
    pub json: bool,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| format!("{text:?} is not of the form key=value"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
