//! The cast: what the people of the demonstration see, say and decide. Its format is described beside the file.

use std::path::Path;

use anyhow::Context as _;
use contract::common::v1::{Outcome, Urgency, Verdict};
use contract::satisfaction::v1::DissatisfactionReason;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// One report and the people around it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// `demo-01` ….
    pub id: String,
    /// What the case shows, in English.
    pub about: String,
    /// Subject of the sender.
    pub citizen: String,
    /// Name of the sender.
    pub reporter_name: String,
    /// Phone number of the sender.
    pub reporter_phone: String,
    /// The report, exactly as sent.
    pub text: String,
    /// The place in the sender's words; may be empty.
    pub address: String,
    /// WGS 84 degrees.
    pub latitude: f64,
    /// WGS 84 degrees.
    pub longitude: f64,
    /// Where the point lies in truth.
    pub place: PlaceKind,
    /// Leaf that the label guide gives. Never shown to the system.
    pub expected_leaf: String,
    /// Urgency that the label guide gives. Never shown to the system.
    #[serde(deserialize_with = "urgency")]
    pub expected_urgency: Urgency,
    /// Where a careful registrar would send it. Never shown to the system.
    pub expected_path: Way,
    /// Number of photos.
    pub photos: usize,
    /// What they show; empty if there are none.
    pub photo_scene: String,
    /// Whether the client sends the same request twice.
    pub resubmit: bool,
    /// What a coordinator decides if asked.
    pub triage: Triage,
    /// What the competent agency does; none if no agency is competent.
    pub handling: Option<Handling>,
    /// What the citizen thinks of the answer.
    pub rating: Option<Opinion>,
    /// Whether the citizen takes the report back before the answer.
    pub withdraw: bool,
}

/// Where a point lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    /// In one commune.
    Inside,
    /// In one commune, another one near.
    Border,
    /// On an island.
    Island,
    /// In no commune, but near one.
    Mudflat,
    /// In another province.
    Outside,
}

/// Where a report goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Straight to an agency.
    Assigned,
    /// To a person first.
    Review,
    /// Back to the citizen.
    Returned,
}

/// What a coordinator decides.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Triage {
    /// The action, if the proposal is right.
    pub action: TriageAction,
    /// The right leaf.
    pub leaf: String,
    /// Words beside the decision.
    pub note: String,
}

/// A coordinator's action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriageAction {
    /// To the agency, with the right leaf.
    Confirm,
    /// To the agency, with the right leaf.
    ChangeField,
    /// Back to the citizen.
    Return,
    /// Not taken.
    Reject,
}

/// What the competent agency does.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Handling {
    /// Answers.
    Resolve {
        /// With what.
        #[serde(flatten)]
        reply: Reply,
        /// The second reply, after the citizen was not satisfied.
        reopen_reply: Option<String>,
    },
    /// Answers with a promised date.
    Defer {
        /// With what.
        #[serde(flatten)]
        reply: Reply,
        /// Days until the promised date.
        promised_days: u32,
    },
    /// Hands back; a second agency answers.
    HandBack {
        /// Why.
        hand_back_reason: String,
        /// Leaf with which the coordinator sends it on.
        hand_back_leaf: String,
        /// What the second agency answers.
        #[serde(flatten)]
        reply: Reply,
    },
    /// Asks the citizen first.
    Ask {
        /// The question.
        question: String,
        /// The citizen's answer.
        answer: String,
        /// What the agency answers then.
        #[serde(flatten)]
        reply: Reply,
    },
    /// Nothing yet: the clock runs.
    LeaveOpen,
}

/// An agency's reply.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Reply {
    /// What was done.
    #[serde(deserialize_with = "outcome")]
    pub outcome: Outcome,
    /// Words for the citizen.
    pub reply: String,
    /// Whether a photo shows the place afterwards.
    pub after_photo: bool,
}

/// What the citizen thinks of the answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opinion {
    /// The verdict.
    #[serde(deserialize_with = "verdict")]
    pub verdict: Verdict,
    /// Whether the matter is settled.
    pub resolved: bool,
    /// Why not satisfied.
    #[serde(deserialize_with = "reasons")]
    pub reasons: Vec<DissatisfactionReason>,
    /// In words.
    pub comment: String,
}

impl Part {
    /// Whether an agency's answer shows a photo of the place afterwards.
    pub fn has_after_photo(&self) -> bool {
        match &self.handling {
            Some(
                Handling::Resolve { reply, .. }
                | Handling::Defer { reply, .. }
                | Handling::HandBack { reply, .. }
                | Handling::Ask { reply, .. },
            ) => reply.after_photo,
            Some(Handling::LeaveOpen) | None => false,
        }
    }

    /// Whether the matter is one that only cleared officers may see.
    pub fn is_sensitive(&self) -> bool {
        matches!(self.expected_leaf.as_str(), "out_of_scope.denunciation" | "out_of_scope.complaint")
    }
}

/// Reads the cast, in the order of the file.
pub fn load(path: &Path) -> anyhow::Result<Vec<Part>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the cast {} cannot be read", path.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| {
            serde_json::from_str(line).with_context(|| format!("{}:{}", path.display(), index + 1))
        })
        .collect()
}

fn word<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    prefix: &str,
    find: impl Fn(&str) -> Option<T>,
) -> Result<T, D::Error> {
    let word = String::deserialize(deserializer)?;
    find(&format!("{prefix}_{}", word.to_uppercase()))
        .ok_or_else(|| D::Error::custom(format!("{word:?} is unknown")))
}

fn urgency<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Urgency, D::Error> {
    word(deserializer, "URGENCY", Urgency::from_str_name)
}

fn outcome<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Outcome, D::Error> {
    word(deserializer, "OUTCOME", Outcome::from_str_name)
}

fn verdict<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Verdict, D::Error> {
    word(deserializer, "VERDICT", Verdict::from_str_name)
}

fn reasons<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<DissatisfactionReason>, D::Error> {
    let find = |word: String| {
        DissatisfactionReason::from_str_name(&format!("DISSATISFACTION_REASON_{}", word.to_uppercase()))
            .ok_or_else(|| D::Error::custom(format!("{word:?} is unknown")))
    };
    Vec::<String>::deserialize(deserializer)?.into_iter().map(find).collect()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// The whole cast.
    pub fn cast() -> Vec<Part> {
        let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/camau/demo/reports.jsonl");
        load(&pack).unwrap()
    }

    /// One part.
    pub fn part(number: usize) -> Part {
        cast().swap_remove(number - 1)
    }

    #[test]
    fn the_cast_is_read_whole() {
        let cast = cast();
        assert_eq!(cast.len(), 40);
        assert_eq!(cast.iter().filter(|part| part.resubmit).count(), 1);
        assert_eq!(cast.iter().filter(|part| part.withdraw).count(), 1);
        assert_eq!(cast.iter().filter(|part| part.is_sensitive()).count(), 2);
        assert_eq!(cast[1].expected_urgency, Urgency::Emergency);
        let reopened =
            |part: &&Part| matches!(part.handling, Some(Handling::Resolve { reopen_reply: Some(_), .. }));
        assert_eq!(cast.iter().filter(reopened).count(), 1);
    }

    #[test]
    fn unknown_words_are_refused() {
        let line = serde_json::json!({"verdict": "happy", "resolved": true, "reasons": [], "comment": ""});
        assert!(serde_json::from_value::<Opinion>(line).unwrap_err().to_string().contains("happy"));
    }
}
