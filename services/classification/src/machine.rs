//! The machine that proposes: the province's model under the province's rules.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use contract::classification::v1::{ConfidenceLevel, Probability, Reason, Suggestion};
use province::{Province, TriagePolicy};
use tokio::sync::watch;
use vocabulary::LeafCode;

use crate::domain::assessment::Assessment;
use crate::domain::decide::{Classifier, UnknownLeaf};
use crate::domain::doubts::{ReviewReason, doubts};
use crate::domain::model::Model;
use crate::domain::model_file::ModelFileError;
use crate::domain::rules::LeafRule;
use crate::domain::suggestion::{self, ReasonCode};
use crate::domain::text::Span;
use crate::words;

/// Matters outside the province are proposed for return as this.
const OUTSIDE_PROVINCE: &str = "out_of_scope.other";

/// Why there is no machine.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// The province pack holds no readable model.
    #[error("cannot read the model {}; make it with `fieldreport model train`", file.display())]
    Missing {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not a model that this binary can use.
    #[error("the model {} cannot be used; make it anew with `fieldreport model train`", file.display())]
    Broken {
        /// The file.
        file: PathBuf,
        /// Why.
        source: ModelFileError,
    },
    /// Model and taxonomy do not belong together.
    #[error("the model {} does not fit the taxonomy; make it anew with `fieldreport model train`", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
        /// Which leaf.
        source: UnknownLeaf,
    },
    /// The taxonomy lacks a leaf that triage needs.
    #[error("the taxonomy needs the leaf {OUTSIDE_PROVINCE} for matters outside the province")]
    NoOutsideLeaf,
}

/// What the machine makes of one text.
#[derive(Debug, Clone, PartialEq)]
pub struct Opinion {
    /// What it proposes.
    pub proposal: Assessment,
    /// Why a person must look; empty when the proposal may go its way.
    pub doubts: BTreeSet<ReviewReason>,
    /// The same for callers, with probabilities and reasons.
    pub suggestion: Suggestion,
}

/// The province's classifier. Immutable; share it.
pub struct Machine {
    classifier: Classifier,
    leaves: Vec<LeafRule>,
    outside_leaf: LeafCode,
    model_version: String,
    pack_version: String,
    triage: TriagePolicy,
}

/// The machine that is asked now; another can take its place while the service runs. Clones are the same one.
#[derive(Clone)]
pub struct MachineInForce {
    now: Arc<watch::Sender<Arc<Machine>>>,
    of_the_pack: Arc<str>,
}

impl MachineInForce {
    /// Begins with the machine of the province pack.
    pub fn new(machine: Machine) -> Self {
        let of_the_pack = machine.version().into();
        Self { now: Arc::new(watch::Sender::new(Arc::new(machine))), of_the_pack }
    }

    /// The machine in force. Hold it for one piece of work, so that this is done by one machine.
    pub fn get(&self) -> Arc<Machine> {
        self.now.borrow().clone()
    }

    /// Puts another machine into force; work that has begun ends with the one it began with.
    pub fn set(&self, machine: Arc<Machine>) {
        self.now.send_replace(machine);
    }

    /// Version of the model of the province pack.
    pub fn version_of_the_pack(&self) -> &str {
        &self.of_the_pack
    }
}

impl Machine {
    /// Loads the model that the province pack names.
    pub fn load(province: &Province) -> Result<Self, MachineError> {
        let file = province.model_file();
        let bytes = match std::fs::read(&file) {
            Ok(bytes) => bytes,
            Err(source) => return Err(MachineError::Missing { file, source }),
        };
        Self::of_bytes(province, &bytes, file)
    }

    /// A machine with a model that was trained here.
    pub fn from_bytes(province: &Province, bytes: &[u8]) -> Result<Self, MachineError> {
        Self::of_bytes(province, bytes, PathBuf::from("of the table `models`"))
    }

    fn of_bytes(province: &Province, bytes: &[u8], file: PathBuf) -> Result<Self, MachineError> {
        let model = match Model::read(bytes) {
            Ok(model) => model,
            Err(source) => return Err(MachineError::Broken { file, source }),
        };
        let leaves: Vec<LeafRule> = province.taxonomy.leaves().iter().map(LeafRule::from).collect();
        let outside = leaves.iter().find(|leaf| leaf.code.as_str() == OUTSIDE_PROVINCE);
        let outside_leaf = outside.map(|leaf| leaf.code.clone()).ok_or(MachineError::NoOutsideLeaf)?;
        let model_version = model.digest();
        let classifier =
            Classifier::try_new(model, &leaves, &province.cues, province.policies.classification)
                .map_err(|source| MachineError::Foreign { file, source })?;
        let pack_version = province.version().to_owned();
        let triage = province.policies.triage;
        Ok(Self { classifier, leaves, outside_leaf, model_version, pack_version, triage })
    }

    /// The classifier alone, for batches.
    pub fn classifier(&self) -> &Classifier {
        &self.classifier
    }

    /// Version of its model.
    pub fn version(&self) -> &str {
        &self.model_version
    }

    /// Reads a text. Pure but for the metric of the time it takes.
    pub fn read(&self, text: &str) -> Opinion {
        let begin = Instant::now();
        let suggestion = self.classifier.suggest(text);
        metrics::histogram!("classify_seconds").record(begin.elapsed());
        let doubts = doubts(&suggestion);
        let proposal = Assessment {
            leaf: suggestion.leaf.clone(),
            scope: suggestion.scope,
            urgency: suggestion.urgency,
            access: suggestion.access,
            confidence: f64::from(suggestion.p_leaf),
            by_person: false,
        };
        let suggestion = self.describe(&suggestion, &doubts, text);
        Opinion { proposal, doubts, suggestion }
    }

    /// The rule of a leaf, if the taxonomy has it.
    pub fn find_leaf(&self, code: &str) -> Option<&LeafRule> {
        self.leaves.iter().find(|leaf| leaf.code.as_str() == code)
    }

    /// The leaf that is proposed for matters outside the province.
    pub fn outside_leaf(&self) -> &LeafCode {
        &self.outside_leaf
    }

    /// What a probability is called beside a suggestion.
    pub fn level(&self, confidence: f64) -> ConfidenceLevel {
        if confidence >= self.triage.confidence_high {
            ConfidenceLevel::High
        } else if confidence >= self.triage.confidence_medium {
            ConfidenceLevel::Medium
        } else {
            ConfidenceLevel::Low
        }
    }

    fn describe(
        &self,
        suggestion: &suggestion::Suggestion,
        doubts: &BTreeSet<ReviewReason>,
        text: &str,
    ) -> Suggestion {
        let level = if suggestion.needs_human {
            ConfidenceLevel::Low
        } else {
            self.level(f64::from(suggestion.p_leaf))
        };
        let probability =
            |code: &str, p: f32| Probability { code: code.to_owned(), probability: f64::from(p) };
        let leaves = suggestion.p_leaves.iter().map(|(leaf, p)| probability(leaf.as_str(), *p));
        Suggestion {
            scope: words::scope(suggestion.scope).into(),
            field: suggestion.field.as_str().to_owned(),
            leaf: suggestion.leaf.as_str().to_owned(),
            confidence: f64::from(suggestion.p_leaf),
            fields: suggestion.p_fields.iter().map(|(field, p)| probability(field.as_str(), *p)).collect(),
            out_of_scope: f64::from(suggestion.p_out_of_scope),
            urgency: words::urgency(suggestion.urgency).into(),
            access: words::access(suggestion.access).into(),
            needs_human: !doubts.is_empty(),
            review_reasons: doubts.iter().map(|doubt| doubt.as_str().to_owned()).collect(),
            reasons: suggestion.reasons.iter().flat_map(|reason| explain(reason, text)).collect(),
            model_version: self.model_version.clone(),
            pack_version: self.pack_version.clone(),
            leaves: if suggestion.needs_human { Vec::new() } else { leaves.collect() },
            level: level.into(),
        }
    }
}

/// One line per place in the text that a reason rests on.
fn explain(reason: &suggestion::Reason, text: &str) -> Vec<Reason> {
    let at = |span: &Span| {
        let word = (reason.code == ReasonCode::Weighed).then(|| span.of(text).to_owned());
        let (kind, code) = match (word, &reason.cue) {
            (Some(word), _) => ("WORD", word),
            (None, Some(cue)) => ("CUE", cue.clone()),
            (None, None) => ("POLICY", reason.code.as_str().to_ascii_uppercase()),
        };
        let byte = |at: u32| i32::try_from(at).unwrap_or(i32::MAX);
        // Consoles count letters, not bytes.
        let letter = |at: u32| {
            let before = text.get(..at as usize).map_or(0, |before| before.chars().count());
            i32::try_from(before).unwrap_or(i32::MAX)
        };
        Reason {
            kind: kind.to_owned(),
            code,
            start_byte: byte(span.start),
            end_byte: byte(span.end),
            start_char: letter(span.start),
            end_char: letter(span.end),
        }
    };
    if reason.spans.is_empty() && reason.code != ReasonCode::Weighed {
        let code = reason.code.as_str().to_ascii_uppercase();
        return vec![Reason { kind: "POLICY".to_owned(), code, ..Reason::default() }];
    }
    reason.spans.iter().map(at).collect()
}
