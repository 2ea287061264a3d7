//! Makes the next model: the pack's training text and people's confirmed decisions, judged on frozen texts.

use province::Province;

use crate::domain::decide::{Classifier, UnknownLeaf};
use crate::domain::evaluate::evaluate;
use crate::domain::promotion::Figures;
use crate::domain::rules::LeafRule;
use crate::domain::train::{Example, Settings, TrainError, fold_of};
use crate::lessons::{Lessons, LessonsError};

/// One text in so many is frozen: chosen by a digest of the text, it is never learned from when models are compared.
const PARTS: u64 = 6;

/// Why no model came about.
#[derive(Debug, thiserror::Error)]
pub enum TrainingError {
    /// The pack's lessons.
    #[error(transparent)]
    Lessons(#[from] LessonsError),
    /// The trainer.
    #[error("nothing can be learned")]
    Train(#[from] TrainError),
    /// The model and the taxonomy do not belong together.
    #[error("the training text does not fit the taxonomy")]
    Foreign(#[from] UnknownLeaf),
    /// The thread that trained is gone.
    #[error("the training was given up")]
    GivenUp,
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

/// Trains a model on the pack's lessons and the decisions of `now`, and judges it: two further models, that have not seen the
/// frozen part of the pack's texts, learn from the decisions of `before` and of `now`. The figures compare like with like,
/// although the model in force has seen all of the pack's texts.
pub fn make_model(
    province: &Province,
    lessons: &Lessons,
    before: &[Example],
    now: &[Example],
) -> Result<Trained, TrainingError> {
    let (frozen, seen): (Vec<Example>, Vec<Example>) =
        lessons.examples.iter().cloned().partition(|example| fold_of(&example.text, PARTS) == 0);
    let learn = |texts: &[Example], decisions: &[Example]| {
        lessons.teach(&[texts, decisions].concat(), &Settings::default())
    };
    let leaves: Vec<LeafRule> = province.taxonomy.leaves().iter().map(LeafRule::from).collect();
    let judge = |decisions: &[Example]| {
        let (model, policy) = (learn(&seen, decisions)?, province.policies.classification);
        let classifier = Classifier::try_new(model, &leaves, &province.cues, policy)?;
        Ok::<_, TrainingError>(Figures::from(&evaluate(&classifier, &frozen)))
    };
    let model = learn(&lessons.examples, now)?;
    let bytes = model.write();
    Ok(Trained { version: model.digest(), bytes, before: judge(before)?, figures: judge(now)? })
}
