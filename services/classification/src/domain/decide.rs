//! The policy: what a model's probabilities and a text's cues together allow the machine to propose.

use province::{ClassificationPolicy, CueKind, Cues};
use vocabulary::{Access, FieldCode, LeafCode, Scope, Urgency};

use super::bands::{ScopeDecision, Writing, Zone, band, zone};
use super::cues::{CueMatcher, Scan};
use super::model::{Model, Prediction, Reading};
use super::rules::LeafRule;
use super::text::Text;
use super::train::Example;

pub use super::suggestion::{Reason, ReasonCode, Route, Suggestion};

/// A model, the cues and the policy of one province. Immutable; share it.
#[derive(Debug, Clone)]
pub struct Classifier {
    model: Model,
    cues: CueMatcher,
    policy: ClassificationPolicy,
    /// Parallel to the model's leaves.
    rules: Vec<LeafRule>,
}

/// A model that knows a leaf which the taxonomy does not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the model knows the leaf {0:?}, the taxonomy does not; train it anew")]
pub struct UnknownLeaf(pub LeafCode);

/// Below this share of possible Vietnamese syllables, or of words known to the model, a text is unfamiliar.
const FAMILIAR_SHARE: f32 = 0.6;
/// The leaf of everything that fits nowhere: whoever returns such a report must tell which reason applies (a court's
/// matter, a private dispute, spam, thanks …), and that only a person can.
const RESIDUAL_LEAF: &str = "out_of_scope.other";
/// How many leaves a suggestion offers.
const LEAVES_OFFERED: usize = 3;
/// How many of the weightiest words an explanation shows.
const WEIGHED_WORDS: usize = 6;

impl Classifier {
    /// Puts a model under a province's rules.
    pub fn try_new(
        model: Model,
        leaves: &[LeafRule],
        cues: &Cues,
        policy: ClassificationPolicy,
    ) -> Result<Self, UnknownLeaf> {
        let rule = |code: &LeafCode| {
            leaves.iter().find(|rule| rule.code == *code).cloned().ok_or_else(|| UnknownLeaf(code.clone()))
        };
        let rules = model.leaves().iter().map(rule).collect::<Result<_, _>>()?;
        Ok(Self { model, cues: CueMatcher::new(cues), policy, rules })
    }

    /// The model in use.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The policy in use.
    pub fn policy(&self) -> &ClassificationPolicy {
        &self.policy
    }

    /// The scope of a leaf; `Out` for one that the model does not know.
    pub fn scope_of(&self, leaf: &LeafCode) -> Scope {
        self.rules.iter().find(|rule| rule.code == *leaf).map_or(Scope::Out, |rule| rule.scope)
    }

    /// Who may see reports of a leaf; `Quarantine` for one that the model does not know.
    pub fn access_of(&self, leaf: &LeafCode) -> Access {
        self.rules.iter().find(|rule| rule.code == *leaf).map_or(Access::Quarantine, |rule| rule.access)
    }

    /// What the machine says of the scope of a decided report, beside the decision.
    pub fn scope_decision(&self, decided: &Example) -> ScopeDecision {
        let suggestion = self.suggest(&decided.text);
        ScopeDecision {
            writing: suggestion.writing,
            p_out_of_scope: f64::from(suggestion.p_out_of_scope),
            out_of_scope: self.scope_of(&decided.leaf) == Scope::Out,
        }
    }

    /// Proposes what to do with a text. Pure: the same text gives the same suggestion.
    pub fn suggest(&self, original: &str) -> Suggestion {
        let text = Text::parse(original);
        let scan = self.cues.scan(&text);
        let reading = self.model.look_up(&text);
        let mut prediction = self.model.predict(&reading);
        let mut reasons = doubts_of_reading(&text, &reading, &scan);
        if !reasons.is_empty() {
            humble(&mut prediction);
        }
        let writing = Writing::of(&text, self.policy.short_text_words);
        let choice = self.choose(&prediction, writing);
        reasons.extend(cue_reasons(&scan));
        self.add_sensitive(&prediction, writing, &mut reasons);
        self.add_doubts(&choice, &scan, &mut reasons);
        let urgency = self.urgency(&scan, &prediction);
        let access = self.access(&choice, &reasons);
        let weighed = self.model.contributions(&text, &reading, choice.leaf, WEIGHED_WORDS);
        let spans = weighed.iter().map(|contribution| contribution.span).collect();
        reasons.push(Reason { code: ReasonCode::Weighed, cue: None, spans });
        let rule = &self.rules[choice.leaf];
        Suggestion {
            scope: rule.scope,
            leaf: rule.code.clone(),
            field: self.model.field_of(choice.leaf).clone(),
            p_leaf: prediction.leaves[choice.leaf],
            p_leaves: self.likeliest(&prediction),
            p_fields: choice.fields,
            p_out_of_scope: choice.p_out,
            writing,
            urgency,
            access,
            route: if reasons.iter().any(|r| r.code.asks_for_person()) {
                Route::Review
            } else {
                Route::Automatic
            },
            needs_human: reasons.iter().any(|reason| reason.code.forbids_prefilling()),
            reasons,
        }
    }

    /// The scope first, then the likeliest field of that scope, then its likeliest leaf.
    fn choose(&self, prediction: &Prediction, writing: Writing) -> Choice {
        let with_rules = || self.rules.iter().zip(&prediction.leaves).enumerate();
        let p_out: f32 =
            with_rules().filter(|(_, (rule, _))| rule.scope == Scope::Out).map(|(_, (_, p))| p).sum();
        let scope = if p_out >= 0.5 { Scope::Out } else { Scope::In };
        let fields = self.model.fields(prediction);
        let in_scope = |field: &FieldCode| {
            with_rules().any(|(at, (rule, _))| rule.scope == scope && self.model.field_of(at) == field)
        };
        let field = fields.iter().find(|(field, _)| in_scope(field));
        let p_field = field.map_or(0.0, |(_, p)| *p);
        let leaf = with_rules()
            .filter(|(at, _)| field.is_none_or(|(field, _)| self.model.field_of(*at) == field))
            .max_by(|a, b| a.1.1.total_cmp(b.1.1))
            .map_or(0, |(at, _)| at);
        Choice { leaf, scope, writing, p_field, p_out, fields }
    }

    fn likeliest(&self, prediction: &Prediction) -> Vec<(LeafCode, f32)> {
        let mut leaves: Vec<(&LeafCode, f32)> =
            self.model.leaves().iter().zip(prediction.leaves.iter().copied()).collect();
        leaves.sort_by(|a, b| b.1.total_cmp(&a.1));
        leaves.into_iter().take(LEAVES_OFFERED).map(|(leaf, p)| (leaf.clone(), p)).collect()
    }

    /// A complaint or denunciation that the model alone suspects.
    fn add_sensitive(&self, prediction: &Prediction, writing: Writing, reasons: &mut Vec<Reason>) {
        let low = band(&self.policy.bands, writing).low;
        for (rule, p) in self.rules.iter().zip(&prediction.leaves) {
            let code = match rule.access {
                Access::Ordinary => continue,
                Access::Restricted => ReasonCode::ComplaintSuspected,
                Access::Quarantine => ReasonCode::DenunciationSuspected,
            };
            // A sure complaint may be returned by policy; a denunciation is always read by a cleared officer.
            let sure = rule.access == Access::Restricted && f64::from(*p) >= self.policy.sensitive_confidence;
            let suspected = f64::from(*p) > low && !sure;
            if suspected && reasons.iter().all(|reason| reason.code != code) {
                reasons.push(Reason { code, cue: None, spans: Vec::new() });
            }
        }
    }

    fn add_doubts(&self, choice: &Choice, scan: &Scan<'_>, reasons: &mut Vec<Reason>) {
        let mut add = |code, spans| reasons.push(Reason { code, cue: None, spans });
        match zone(&self.policy.bands, choice.writing, f64::from(choice.p_out)) {
            Zone::Field => {}
            // A short text is never proposed for return, however sure the model is.
            Zone::Person if choice.writing == Writing::Short && choice.scope == Scope::Out => {
                add(ReasonCode::ShortText, Vec::new());
            }
            Zone::Person => add(ReasonCode::ScopeUncertain, Vec::new()),
            Zone::Return if self.rules[choice.leaf].code.as_str() == RESIDUAL_LEAF => {
                add(ReasonCode::ReasonOpen, Vec::new());
            }
            Zone::Return => {}
        }
        if f64::from(choice.p_field) < self.policy.field_confidence {
            add(ReasonCode::FieldUncertain, Vec::new());
        }
        if !scan.other_provinces.is_empty() {
            add(ReasonCode::OtherProvince, scan.other_provinces.clone());
        }
    }

    /// By cues, and by the model where no cue fires.
    fn urgency(&self, scan: &Scan<'_>, prediction: &Prediction) -> Urgency {
        let danger = f64::from(prediction.urgent) >= self.policy.urgent_confidence;
        scan.urgency().max(if danger { Urgency::Urgent } else { Urgency::Normal })
    }

    fn access(&self, choice: &Choice, reasons: &[Reason]) -> Access {
        let by_reason = reasons.iter().map(|reason| match reason.code {
            ReasonCode::DenunciationSuspected | ReasonCode::Crime | ReasonCode::SelfHarm => {
                Access::Quarantine
            }
            ReasonCode::ComplaintSuspected => Access::Restricted,
            ReasonCode::Emergency
            | ReasonCode::Urgent
            | ReasonCode::ScopeUncertain
            | ReasonCode::ReasonOpen
            | ReasonCode::ShortText
            | ReasonCode::FieldUncertain
            | ReasonCode::OtherProvince
            | ReasonCode::Unreadable
            | ReasonCode::Unfamiliar
            | ReasonCode::MachineTalk
            | ReasonCode::Weighed => Access::Ordinary,
        });
        by_reason.chain([self.rules[choice.leaf].access]).max().unwrap_or(Access::Ordinary)
    }
}

/// Fewer words cannot name both a thing and what is wrong with it.
const FEWEST_WORDS: usize = 3;

/// Texts that no model can be asked about.
fn doubts_of_reading(text: &Text<'_>, reading: &Reading, scan: &Scan<'_>) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if text.word_count() < FEWEST_WORDS || text.is_repetitive() {
        reasons.push(Reason { code: ReasonCode::Unreadable, cue: None, spans: Vec::new() });
    } else if text.vietnamese_share().min(reading.known_share()) < FAMILIAR_SHARE {
        reasons.push(Reason { code: ReasonCode::Unfamiliar, cue: None, spans: Vec::new() });
    }
    if !scan.machine_talk.is_empty() {
        reasons.push(Reason { code: ReasonCode::MachineTalk, cue: None, spans: scan.machine_talk.clone() });
    }
    reasons
}

struct Choice {
    leaf: usize,
    scope: Scope,
    writing: Writing,
    p_field: f32,
    p_out: f32,
    fields: Vec<(FieldCode, f32)>,
}

/// Halves the way to knowing nothing: a guess about such a text must never look sure.
fn humble(prediction: &mut Prediction) {
    let even = 1.0 / prediction.leaves.len() as f32;
    prediction.leaves.iter_mut().for_each(|p| *p = f32::midpoint(*p, even));
}

/// The reasons that cues give, gravest first.
fn cue_reasons(scan: &Scan<'_>) -> Vec<Reason> {
    let code = |hit: &super::cues::CueHit<'_>| match (hit.kind, hit.urgency()) {
        (CueKind::SelfHarm, _) => Some(ReasonCode::SelfHarm),
        (CueKind::Emergency | CueKind::Urgent, Urgency::Emergency) => Some(ReasonCode::Emergency),
        (CueKind::Emergency | CueKind::Urgent, Urgency::Urgent) => Some(ReasonCode::Urgent),
        (CueKind::Emergency | CueKind::Urgent, Urgency::Normal) => None,
        (CueKind::Crime, _) => Some(ReasonCode::Crime),
        (CueKind::Denunciation, _) => Some(ReasonCode::DenunciationSuspected),
        (CueKind::Complaint, _) => Some(ReasonCode::ComplaintSuspected),
    };
    let mut reasons: Vec<Reason> = Vec::new();
    for hit in &scan.hits {
        let Some(code) = code(hit) else { continue };
        match reasons.iter_mut().find(|reason| reason.code == code && reason.cue.as_deref() == Some(hit.id)) {
            Some(reason) => reason.spans.push(hit.span),
            None => reasons.push(Reason { code, cue: Some(hit.id.to_owned()), spans: vec![hit.span] }),
        }
    }
    reasons.sort_by_key(|reason| reason.code as u8);
    reasons
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
