//! What the machine proposes for one text, and why.

use serde::Serialize;
use vocabulary::{Access, FieldCode, LeafCode, Scope, Urgency};

use super::bands::Writing;
use super::text::Span;

/// Whether the proposal may go its way without a person. For a report out of scope, `Automatic` means that the
/// policy is sure enough to return it; whether a person still confirms every return is not decided here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// The policy asks for nobody.
    Automatic,
    /// A person decides; the reasons say why.
    Review,
}

/// Why a suggestion is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonCode {
    /// Danger to life now.
    Emergency,
    /// Danger soon.
    Urgent,
    /// Somebody may harm themselves.
    SelfHarm,
    /// A crime is reported.
    Crime,
    /// Perhaps a denunciation.
    DenunciationSuspected,
    /// Perhaps a complaint.
    ComplaintSuspected,
    /// In or out of scope is open.
    ScopeUncertain,
    /// Out of scope without doubt, but what to tell the citizen is open.
    ReasonOpen,
    /// Too short to be returned by a machine.
    ShortText,
    /// The field is open.
    FieldUncertain,
    /// Another province is named.
    OtherProvince,
    /// No words, or the same ones over and over.
    Unreadable,
    /// Not Vietnamese, or in words the model has never seen.
    Unfamiliar,
    /// Addressed to a machine.
    MachineTalk,
    /// The words that weighed most for the leaf; asks for nobody.
    Weighed,
}

impl ReasonCode {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Emergency => "emergency",
            Self::Urgent => "urgent",
            Self::SelfHarm => "self_harm",
            Self::Crime => "crime",
            Self::DenunciationSuspected => "denunciation_suspected",
            Self::ComplaintSuspected => "complaint_suspected",
            Self::ScopeUncertain => "scope_uncertain",
            Self::ReasonOpen => "reason_open",
            Self::ShortText => "short_text",
            Self::FieldUncertain => "field_uncertain",
            Self::OtherProvince => "other_province",
            Self::Unreadable => "unreadable",
            Self::Unfamiliar => "unfamiliar",
            Self::MachineTalk => "machine_talk",
            Self::Weighed => "weighed",
        }
    }

    /// Whether a person must look because of it.
    pub const fn asks_for_person(self) -> bool {
        !matches!(self, Self::Urgent | Self::Weighed)
    }

    /// Whether not even a proposal may stand in the form.
    pub const fn forbids_prefilling(self) -> bool {
        matches!(self, Self::Unreadable | Self::Unfamiliar | Self::MachineTalk)
    }
}

/// A reason with the words it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Which.
    pub code: ReasonCode,
    /// The cue of the province pack, if one fired.
    pub cue: Option<String>,
    /// The words of the original.
    pub spans: Vec<Span>,
}

/// What the machine proposes for one text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suggestion {
    /// In or out.
    pub scope: Scope,
    /// The likeliest leaf of that scope.
    pub leaf: LeafCode,
    /// Its field.
    pub field: FieldCode,
    /// Probability of the leaf.
    pub p_leaf: f32,
    /// The likeliest leaves of either scope with their probabilities, likeliest first.
    pub p_leaves: Vec<(LeafCode, f32)>,
    /// Probability of every field, likeliest first.
    pub p_fields: Vec<(FieldCode, f32)>,
    /// Probability that the report is out of scope.
    pub p_out_of_scope: f32,
    /// How the text is written, which chose the bands.
    pub writing: Writing,
    /// By cues, and by the model where no cue fires.
    pub urgency: Urgency,
    /// Who may see it from the first moment.
    pub access: Access,
    /// Whether a person decides.
    pub route: Route,
    /// The proposal must not even be pre-filled.
    pub needs_human: bool,
    /// Why, gravest first.
    pub reasons: Vec<Reason>,
}
