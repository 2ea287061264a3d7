//! `model train`.

use std::collections::BTreeMap;
use std::fs;
use std::process::ExitCode;

use anyhow::Context as _;
use classification::domain::model::Calibration;
use classification::domain::train::Settings;
use serde::Serialize;
use time::format_description::well_known::Rfc3339;
use vocabulary::Clock;

use super::{held_out_evaluation, lessons};
use crate::cli::Common;
use crate::commands::{load_config, load_province};

/// What is known about a model, beside it.
#[derive(Serialize)]
struct Card {
    /// SHA-256 of the model; stands on every suggestion.
    version: String,
    trained: String,
    pack_version: String,
    data: Data,
    settings: Settings,
    calibration: Calibration,
    features: usize,
    bytes: usize,
    /// Measured with a model trained without the held-out part of the training text.
    held_out: BTreeMap<String, f64>,
    limits: &'static str,
}

#[derive(Serialize)]
struct Data {
    source: &'static str,
    texts: usize,
    texts_by_leaf: BTreeMap<String, usize>,
    near_duplicates_left_out: usize,
    concepts: usize,
}

/// Trains on the whole training text; the card carries the figures of a model that had not seen the held-out part.
pub fn train(common: &Common) -> anyhow::Result<ExitCode> {
    let province = load_province(&load_config(common)?.province)?;
    let (lessons, near_duplicates_left_out) = lessons(&province)?;
    let settings = Settings::default();
    eprintln!(
        "{} training texts, {near_duplicates_left_out} near-duplicates left out",
        lessons.examples.len()
    );
    let held_out = held_out_evaluation(&province, &lessons)?;
    eprintln!("held-out part:\n{held_out}");
    let model = lessons.teach(&lessons.examples, &settings)?;
    let bytes = model.write();
    let mut texts_by_leaf = BTreeMap::new();
    for example in &lessons.examples {
        *texts_by_leaf.entry(example.leaf.as_str().to_owned()).or_default() += 1;
    }
    let card = Card {
        version: model.digest(),
        trained: Clock::system().now().datetime().format(&Rfc3339)?,
        pack_version: province.version().to_owned(),
        data: Data {
            source: "training/*.jsonl and training/lexicon.toml of this pack: written for this project, no citizen's report",
            texts: lessons.examples.len(),
            texts_by_leaf,
            near_duplicates_left_out,
            concepts: lessons.lexicon.concepts().len(),
        },
        settings,
        calibration: model.calibration(),
        features: model.feature_count(),
        bytes: bytes.len(),
        held_out: held_out.figures().into_iter().collect(),
        limits: "held-out texts come from the same writers as the training texts: real reports are told less well; \
                 `fieldreport model evaluate --input` measures on labelled reports",
    };
    let (file, card_file) = (province.model_file(), province.model_card());
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&file, bytes).with_context(|| format!("{} cannot be written", file.display()))?;
    fs::write(&card_file, serde_json::to_string_pretty(&card)? + "\n")
        .with_context(|| format!("{} cannot be written", card_file.display()))?;
    eprintln!("wrote {} and {}", file.display(), card_file.display());
    Ok(ExitCode::SUCCESS)
}
