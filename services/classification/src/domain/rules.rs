//! The rules of a province that classification obeys, as the province pack states them.

use serde::{Deserialize, Serialize};
use vocabulary::{Access, LeafCode, Scope};

/// What a cue is a cue of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CueKind {
    /// Danger to life now.
    Emergency,
    /// Could injure someone or cut people off within hours to days.
    Urgent,
    /// An accusation of an official or a named person.
    Denunciation,
    /// A contested decision.
    Complaint,
    /// A crime under way or known.
    Crime,
    /// Somebody may harm themselves.
    SelfHarm,
}

/// One cue: any of its phrases, with its company near by, unless a false friend stands there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Cue {
    /// Stable id, shown in explanations.
    pub id: String,
    /// What it is a cue of.
    pub kind: CueKind,
    /// At least one must occur …
    pub any: Vec<String>,
    /// … and, if given, one of these within `window` words.
    #[serde(default)]
    pub with: Vec<String>,
    /// In words.
    #[serde(default = "usual_window")]
    pub window: usize,
    /// An occurrence near one of these does not count.
    #[serde(default)]
    pub unless: Vec<String>,
}

const fn usual_window() -> usize {
    8
}

/// Phrases that change what a cue near by means.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Nearby {
    /// In words.
    pub window: usize,
    /// The phrases.
    pub any: Vec<String>,
}

/// All cues of a province.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Cues {
    /// The cues.
    pub cues: Vec<Cue>,
    /// Near a cue of danger: it is past, prevented or mended.
    pub lowering: Nearby,
    /// Near an urgent cue: it happens now.
    pub raising: Nearby,
    /// Names of other provinces.
    pub out_of_province: Vec<String>,
}

/// A leaf of the taxonomy, as far as classification cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafRule {
    /// Its code.
    pub code: LeafCode,
    /// Whether the service handles it.
    pub scope: Scope,
    /// Who may see such a report.
    pub access: Access,
}

/// The thresholds of the policy; all but the last are probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct ClassificationPolicy {
    /// Up to here a report counts as in scope …
    pub out_of_scope_low: f64,
    /// … and from here as out of scope; a person looks between the two.
    pub out_of_scope_high: f64,
    /// Below it a person chooses the field.
    pub field_confidence: f64,
    /// A suspected complaint or denunciation below it goes to a cleared officer.
    pub sensitive_confidence: f64,
    /// A text of fewer words is never proposed for return.
    pub short_text_words: usize,
}
