//! Makes the next model: the pack's training text and people's confirmed decisions, judged on frozen texts.

use std::path::PathBuf;

use province::Province;

use crate::domain::decide::Classifier;
use crate::domain::evaluate::evaluate;
use crate::domain::glossary::glossary;
use crate::domain::promotion::Figures;
use crate::domain::rules::LeafRule;
use crate::domain::train::{Example, Settings, TrainError, fold_of, train};

/// One text in so many is frozen: chosen by a digest of the text, it is never learned from when models are compared.
const PARTS: u64 = 6;

/// Why no model came about.
#[derive(Debug, thiserror::Error)]
pub enum TrainingError {
    /// The pack's training text.
    #[error("cannot read {}", file.display())]
    Unreadable {
        /// The file or folder.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line of it.
    #[error("{}:{line} is no training text", file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
    /// The trainer.
    #[error("nothing can be learned")]
    Train(#[from] TrainError),
    /// The model and the taxonomy do not belong together.
    #[error("the training text does not fit the taxonomy")]
    Foreign(#[from] crate::domain::decide::UnknownLeaf),
    /// The thread that trained is gone.
    #[error("the training was given up")]
    GivenUp,
}

/// The pack's training text, in one order whatever the order of the files.
pub fn base_text(province: &Province) -> Result<Vec<Example>, TrainingError> {
    let folder = province.training_dir();
    let unreadable = |file: &PathBuf| {
        let file = file.clone();
        move |source| TrainingError::Unreadable { file, source }
    };
    let mut examples = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(unreadable(&folder))? {
        let file = entry.map_err(unreadable(&folder))?.path();
        if file.extension().is_none_or(|extension| extension != "jsonl") {
            continue;
        }
        let content = std::fs::read_to_string(&file).map_err(unreadable(&file))?;
        for (line, text) in (1..).zip(content.lines()).filter(|(_, text)| !text.trim().is_empty()) {
            let malformed = |source| TrainingError::Malformed { file: file.clone(), line, source };
            examples.push(serde_json::from_str(text).map_err(malformed)?);
        }
    }
    examples.sort_by(|a: &Example, b| a.text.cmp(&b.text));
    Ok(examples)
}

/// A new model, and what it does on the frozen texts beside one without the new lessons.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// Its SHA-256.
    pub version: String,
    /// The model.
    pub bytes: Vec<u8>,
    /// Without the new lessons.
    pub before: Figures,
    /// With them.
    pub figures: Figures,
}

/// Trains a model on `base` and the lessons of `now`, and judges it: two further models, that have not seen the frozen part
/// of `base`, learn from the lessons of `before` and of `now`. The figures compare like with like, although the model in
/// force has seen all of `base`.
pub fn make_model(
    province: &Province,
    base: &[Example],
    before: &[Example],
    now: &[Example],
) -> Result<Trained, TrainingError> {
    let (frozen, seen): (Vec<Example>, Vec<Example>) =
        base.iter().cloned().partition(|example| fold_of(&example.text, PARTS) == 0);
    let model = learn(province, base, now)?;
    let bytes = model.write();
    let version = model.digest();
    Ok(Trained {
        version,
        bytes,
        before: judge(province, &seen, before, &frozen)?,
        figures: judge(province, &seen, now, &frozen)?,
    })
}

fn learn(
    province: &Province,
    base: &[Example],
    lessons: &[Example],
) -> Result<crate::domain::model::Model, TrainError> {
    let mut examples: Vec<Example> = base.iter().chain(lessons).cloned().collect();
    // The taxonomy's own names and descriptions teach too.
    examples.extend(glossary(province.taxonomy.leaves()));
    examples.sort_by(|a, b| a.text.cmp(&b.text));
    train(&examples, &Settings::default())
}

fn judge(
    province: &Province,
    base: &[Example],
    lessons: &[Example],
    frozen: &[Example],
) -> Result<Figures, TrainingError> {
    let leaves: Vec<LeafRule> = province.taxonomy.leaves().iter().map(LeafRule::from).collect();
    let model = learn(province, base, lessons)?;
    let policy = province.policies.classification;
    let classifier = Classifier::try_new(model, &leaves, &province.cues, policy)?;
    Ok(Figures::from(&evaluate(&classifier, frozen)))
}
