//! `model train`, `model evaluate` and `model bands`: makes the classifier, says how good it is, and where decisions on reports
//! would set its thresholds.

mod bands;
mod evaluate;
mod report;
mod speed;
mod train;

pub use bands::bands;
pub use evaluate::evaluate;
pub use train::train;

use std::fs;

use anyhow::{Context as _, ensure};
use classification::Lessons;
use classification::domain::decide::Classifier;
use classification::domain::evaluate::{Evaluation, evaluate as judge};
use classification::domain::model::Model;
use classification::domain::rules::LeafRule;
use classification::domain::train::{Example, Settings, fold_of};
use province::Province;

/// The held-out part is one text in so many, chosen by a digest of the text.
const PARTS: u64 = 6;

/// What the pack teaches, and how many texts were left out because they nearly repeat another.
fn lessons(province: &Province) -> anyhow::Result<(Lessons, usize)> {
    let (lessons, repeated) = Lessons::read(province)?.distinct();
    ensure!(!lessons.examples.is_empty(), "{} holds no training text", province.training_dir().display());
    Ok((lessons, repeated))
}

fn classifier(province: &Province, model: Model) -> anyhow::Result<Classifier> {
    let leaves: Vec<LeafRule> = province.taxonomy.leaves().iter().map(LeafRule::from).collect();
    Ok(Classifier::try_new(model, &leaves, &province.cues, province.policies.classification)?)
}

/// The model that the pack carries.
fn packed_model(province: &Province) -> anyhow::Result<Model> {
    let file = province.model_file();
    let bytes = fs::read(&file).with_context(|| {
        format!("{} cannot be read; make it with `fieldreport model train`", file.display())
    })?;
    Model::read(&bytes).with_context(|| format!("{} cannot be used", file.display()))
}

/// A model that did not see the held-out part of the pack's training text, and that part.
fn held_out(province: &Province, lessons: &Lessons) -> anyhow::Result<(Classifier, Vec<Example>)> {
    let (unseen, seen): (Vec<Example>, Vec<Example>) =
        lessons.examples.iter().cloned().partition(|example| fold_of(&example.text, PARTS) == 0);
    let model = lessons.teach(&seen, &Settings::default())?;
    Ok((classifier(province, model)?, unseen))
}

fn held_out_evaluation(province: &Province, lessons: &Lessons) -> anyhow::Result<Evaluation> {
    let (classifier, unseen) = held_out(province, lessons)?;
    Ok(judge(&classifier, &unseen))
}
