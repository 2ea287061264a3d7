//! `model list`, `model rollback`, `model promote`: the models that this system has trained on people's decisions.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::ExitCode;

use contract::classification::v1::{ModelState, TrainedModel};
use messaging::Outbox;
use runtime::wire::parse_timestamp;
use serde::Serialize;

use crate::cli::{Common, List, Promote};
use crate::commands::events::{Desk, database_of, empty_table};
use crate::commands::{Misconfigured, block_on, load_province};
use crate::config::Name;

/// A model as operators see it.
#[derive(Debug, Serialize)]
struct Line {
    version: String,
    state: &'static str,
    trained: String,
    labels: i32,
    /// What it did on the frozen texts, and before it a model without the new labels.
    figures: BTreeMap<String, [f64; 2]>,
}

impl From<TrainedModel> for Line {
    fn from(model: TrainedModel) -> Self {
        let state = match model.state() {
            ModelState::InForce => "in_force",
            ModelState::Replaced => "replaced",
            ModelState::Refused => "refused",
            ModelState::Unspecified => "unknown",
        };
        let trained = parse_timestamp("train_time", model.train_time);
        let figure =
            |figure: contract::classification::v1::Figure| (figure.name, [figure.before, figure.now]);
        Self {
            state,
            trained: trained.map(|time| time.rfc3339()).unwrap_or_default(),
            labels: model.labels,
            figures: model.figures.into_iter().map(figure).collect(),
            version: model.version,
        }
    }
}

/// Lists.
pub fn list(arguments: &List) -> anyhow::Result<ExitCode> {
    let models = block_on(async {
        let desk = Desk::open(&arguments.common).await?;
        Ok(classification::trained_models(trainer(&desk)?).await?)
    })?;
    let lines: Vec<Line> = models.into_iter().map(Line::from).collect();
    let mut output = std::io::stdout().lock();
    if arguments.json {
        for line in &lines {
            serde_json::to_writer(&mut output, line)?;
            output.write_all(b"\n")?;
        }
    } else if !lines.is_empty() {
        let mut table =
            empty_table(["Version", "State", "Trained", "Labels", "Leaf accuracy", "Wrong refusals"]);
        for line in &lines {
            let figure = |name: &str, digits: usize| {
                let [before, now] = line.figures.get(name).copied().unwrap_or_default();
                format!("{before:.digits$} → {now:.digits$}")
            };
            let (accuracy, refusals) = (figure("leaf_accuracy", 3), figure("wrong_refusals", 0));
            let labels = line.labels.to_string();
            table.add_row([&line.version, line.state, &line.trained, &labels, &accuracy, &refusals]);
        }
        writeln!(output, "{table}")?;
    }
    eprintln!("{} models were trained here", lines.len());
    Ok(ExitCode::SUCCESS)
}

/// Takes the model in force back.
pub fn rollback(common: &Common) -> anyhow::Result<ExitCode> {
    let earlier = block_on(async {
        let desk = Desk::open(common).await?;
        Ok(classification::take_back(trainer(&desk)?).await?)
    })?;
    match earlier {
        Some(version) => eprintln!("{version} is in force"),
        None => eprintln!("the model of the province pack is in force"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Puts a model into force again.
pub fn promote(arguments: &Promote) -> anyhow::Result<ExitCode> {
    block_on(async {
        let desk = Desk::open(&arguments.common).await?;
        let policy = load_province(&desk.config.province)?.policies.learning;
        Ok(classification::put_back(trainer(&desk)?, &arguments.version, &policy).await?)
    })?;
    eprintln!("{} is in force", arguments.version);
    Ok(ExitCode::SUCCESS)
}

/// The database of the service that trains.
fn trainer(desk: &Desk) -> anyhow::Result<&Outbox> {
    let found = database_of(&desk.outboxes, Name::Classification);
    found
        .ok_or_else(|| Misconfigured("classification is not among the configured services".to_owned()).into())
}
