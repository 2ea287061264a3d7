//! What a classifier is taught with: the training texts and the lexicon of a province pack.

use std::fs;
use std::path::{Path, PathBuf};

use province::Province;
use serde::Deserialize;
use vocabulary::Scope;

use crate::domain::bands::{ScopeDecision, Writing};
use crate::domain::decide::Classifier;
use crate::domain::duplicates::without_near_duplicates;
use crate::domain::glossary::glossary;
use crate::domain::lexicon::{BadPhrase, Lexicon};
use crate::domain::model::Model;
use crate::domain::text::Text;
use crate::domain::train::{Example, Settings, TrainError, Unseen, cross_validate, train};

/// Why a pack's lessons cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LessonsError {
    /// A file or the folder.
    #[error("{} cannot be read", file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line that is no labelled text.
    #[error("{}:{line} is no labelled text", file.display())]
    BadLine {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
    /// The lexicon is no TOML of concepts.
    #[error("{} cannot be read", file.display())]
    BadLexicon {
        /// The file.
        file: PathBuf,
        /// Why.
        source: Box<toml::de::Error>,
    },
    /// The lexicon holds what can never match.
    #[error("{} cannot be used", file.display())]
    BadPhrase {
        /// The file.
        file: PathBuf,
        /// Which.
        source: BadPhrase,
    },
}

/// The lessons of a province pack.
#[derive(Debug, Clone)]
pub struct Lessons {
    /// The training texts, in one order whatever the order of the files.
    pub examples: Vec<Example>,
    /// The concepts.
    pub lexicon: Lexicon,
    glossary: Vec<Example>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLexicon {
    concepts: std::collections::BTreeMap<String, Vec<String>>,
}

impl Lessons {
    /// Reads `training/*.jsonl` and `training/lexicon.toml`.
    pub fn read(province: &Province) -> Result<Self, LessonsError> {
        let folder = province.training_dir();
        let unreadable = |source| LessonsError::Unreadable { file: folder.clone(), source };
        let mut examples = Vec::new();
        for file in province.training_files().map_err(unreadable)? {
            examples.extend(read_examples(&file)?);
        }
        examples.sort_by(|a, b| a.text.cmp(&b.text));
        let lexicon = read_lexicon(folder.join("lexicon.toml"))?;
        Ok(Self { examples, lexicon, glossary: glossary(province.taxonomy.leaves()) })
    }

    /// The same without texts that nearly repeat another, and how many those were.
    pub fn distinct(self) -> (Self, usize) {
        let (examples, repeated) = without_near_duplicates(self.examples);
        (Self { examples, ..self }, repeated)
    }

    /// What models that did not see them say of the scope of the pack's own texts, beside their labels: stands in for recorded
    /// decisions until there are enough. `rules` knows the scope of a leaf.
    pub fn scope_decisions(
        &self,
        rules: &Classifier,
        settings: &Settings,
    ) -> Result<Vec<ScopeDecision>, TrainError> {
        let (leaves, unseen) = cross_validate(&self.examples, &self.lexicon, settings)?;
        let is_out: Vec<bool> = leaves.iter().map(|leaf| rules.scope_of(leaf) == Scope::Out).collect();
        let decision = |unseen: &Unseen| {
            let example = &self.examples[unseen.at];
            let p_out: f32 = unseen.leaves.iter().zip(&is_out).filter(|(_, out)| **out).map(|(p, _)| p).sum();
            ScopeDecision {
                writing: Writing::of(&Text::parse(&example.text), rules.policy().short_text_words),
                p_out_of_scope: f64::from(p_out),
                out_of_scope: rules.scope_of(&example.leaf) == Scope::Out,
            }
        };
        Ok(unseen.iter().map(decision).collect())
    }

    /// Trains a model on `examples` and on the taxonomy's own names and descriptions, which teach but never measure.
    pub fn teach(&self, examples: &[Example], settings: &Settings) -> Result<Model, TrainError> {
        let mut lessons = [examples, &self.glossary].concat();
        lessons.sort_by(|a, b| a.text.cmp(&b.text));
        train(&lessons, &self.lexicon, settings)
    }
}

/// Reads labelled texts, one JSON object a line.
pub fn read_examples(file: &Path) -> Result<Vec<Example>, LessonsError> {
    let content = fs::read_to_string(file)
        .map_err(|source| LessonsError::Unreadable { file: file.to_owned(), source })?;
    let parse = |(number, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|source| LessonsError::BadLine {
            file: file.to_owned(),
            line: number + 1,
            source,
        })
    };
    content.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(parse).collect()
}

fn read_lexicon(file: PathBuf) -> Result<Lexicon, LessonsError> {
    let content = match fs::read_to_string(&file) {
        Ok(content) => content,
        Err(source) => return Err(LessonsError::Unreadable { file, source }),
    };
    let raw: RawLexicon = match toml::from_str(&content) {
        Ok(raw) => raw,
        Err(source) => return Err(LessonsError::BadLexicon { file, source: Box::new(source) }),
    };
    Lexicon::new(raw.concepts).map_err(|source| LessonsError::BadPhrase { file, source })
}
