//! `model train` and `model evaluate`: makes the classifier and says how good it is.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use classification::domain::decide::Classifier;
use classification::domain::evaluate::{Evaluation, evaluate as judge};
use classification::domain::glossary::glossary;
use classification::domain::model::Model;
use classification::domain::rules::LeafRule;
use classification::domain::train::{Example, Settings, fold_of, train as learn};
use province::Province;
use serde::Serialize;
use time::format_description::well_known::Rfc3339;
use vocabulary::Clock;

use crate::cli::{Common, Evaluate};
use crate::commands::{load_config, load_province};

/// The held-out part is one text in so many, chosen by a digest of the text.
const PARTS: u64 = 6;

/// What is known about a model, beside it.
#[derive(Serialize)]
struct Card {
    /// SHA-256 of the model; stands on every suggestion.
    version: String,
    trained: String,
    pack_version: String,
    training_texts: usize,
    /// All of it written for this project; no citizen's report.
    training_data: &'static str,
    bytes: usize,
    /// Measured with a model trained without the held-out part.
    held_out: Evaluation,
}

/// Trains on the whole training text; the card carries the figures of a model that had not seen the held-out part.
pub fn train(common: &Common) -> anyhow::Result<ExitCode> {
    let province = load_province(&load_config(common)?.province)?;
    let examples = training_text(&province)?;
    eprintln!("{} training texts", examples.len());
    let held_out = held_out_evaluation(&province, &examples)?;
    eprintln!("held-out part:\n{held_out}");
    let model = learn(&with_glossary(&province, examples.clone()), &Settings::default())?;
    let bytes = model.write();
    let card = Card {
        version: model.digest(),
        trained: Clock::system().now().datetime().format(&Rfc3339)?,
        pack_version: province.version().to_owned(),
        training_texts: examples.len(),
        training_data: "training/*.jsonl of this pack: synthetic, written for this project",
        bytes: bytes.len(),
        held_out,
    };
    let (file, card_file) = (province.model_file(), province.model_card());
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&file, bytes).with_context(|| format!("{} cannot be written", file.display()))?;
    fs::write(&card_file, serde_json::to_string_pretty(&card)? + "\n")?;
    eprintln!("wrote {} and {}", file.display(), card_file.display());
    Ok(ExitCode::SUCCESS)
}

/// Judges the pack's model on a file, or a model of its own making on the held-out part.
#[expect(clippy::print_stdout, reason = "the report is this command's output")]
pub fn evaluate(arguments: &Evaluate) -> anyhow::Result<ExitCode> {
    let province = load_province(&load_config(&arguments.common)?.province)?;
    let evaluation = match &arguments.input {
        None => held_out_evaluation(&province, &training_text(&province)?)?,
        Some(file) => {
            let gold = read_examples(file)?;
            let model = Model::read(&fs::read(province.model_file())?)?;
            judge(&classifier(&province, model)?, &gold)
        }
    };
    match arguments.json {
        true => println!("{}", serde_json::to_string(&evaluation)?),
        false => println!("{evaluation}"),
    }
    Ok(ExitCode::SUCCESS)
}

fn held_out_evaluation(province: &Province, examples: &[Example]) -> anyhow::Result<Evaluation> {
    let (unseen, seen): (Vec<Example>, Vec<Example>) =
        examples.iter().cloned().partition(|example| fold_of(&example.text, PARTS) == 0);
    let model = learn(&with_glossary(province, seen), &Settings::default())?;
    Ok(judge(&classifier(province, model)?, &unseen))
}

/// The taxonomy's own names and descriptions teach too; they never measure.
fn with_glossary(province: &Province, mut examples: Vec<Example>) -> Vec<Example> {
    examples.extend(glossary(province.taxonomy.leaves()));
    examples.sort_by(|a, b| a.text.cmp(&b.text));
    examples
}

fn classifier(province: &Province, model: Model) -> anyhow::Result<Classifier> {
    let leaves: Vec<LeafRule> = province.taxonomy.leaves().iter().map(LeafRule::from).collect();
    Ok(Classifier::try_new(model, &leaves, &province.cues, province.policies.classification)?)
}

/// Every training text of the pack, in one order whatever the order of the files.
fn training_text(province: &Province) -> anyhow::Result<Vec<Example>> {
    let folder = province.training_dir();
    let mut examples = Vec::new();
    let entries = fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            examples.extend(read_examples(&path)?);
        }
    }
    ensure!(!examples.is_empty(), "{} holds no training text", folder.display());
    examples.sort_by(|a, b| a.text.cmp(&b.text));
    Ok(examples)
}

fn read_examples(file: &Path) -> anyhow::Result<Vec<Example>> {
    let content = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let parse = |(number, line): (usize, &str)| {
        serde_json::from_str(line).with_context(|| format!("{}:{}", file.display(), number + 1))
    };
    content.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(parse).collect()
}
