//! What agencies write: checked words, ready to be stored.

use province::Policies;
use unicode_normalization::UnicodeNormalization as _;
use vocabulary::{MediaId, Outcome, Timestamp};

use super::Resolution;

/// Longest reason of a hand-back, in code points.
pub const HAND_BACK_REASON_LIMIT: usize = 1_000;

/// Why words cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// More code points than allowed.
    #[error("must be at most {limit} code points, it has {found}")]
    TooLong {
        /// The limit.
        limit: usize,
        /// What was given.
        found: usize,
    },
    /// A control character that is no line break or tabulator.
    #[error("must not contain control characters")]
    Control,
}

/// Why a reply cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnfitReply {
    /// Its words.
    Reply(Unfit),
    /// No outcome.
    NoOutcome,
    /// More media than a report may have.
    TooMuchEvidence {
        /// The limit.
        limit: usize,
    },
    /// A plan without a date.
    NoPromise,
}

/// Why an agency hands back: checked words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// Takes 1 to [`HAND_BACK_REASON_LIMIT`] code points, in NFC.
    pub fn parse(text: &str) -> Result<Self, Unfit> {
        words(text, HAND_BACK_REASON_LIMIT).map(Self)
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A reply as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What was done.
    pub outcome: Option<Outcome>,
    /// Words for the citizen.
    pub reply: String,
    /// Photos of the place afterwards.
    pub evidence: Vec<MediaId>,
    /// By when, for plans; without meaning for other outcomes.
    pub promised: Option<Timestamp>,
}

impl Draft {
    /// Takes a reply that obeys the province's limits. Whether a promise lies in the future is asked later, because the
    /// answer changes while a request is repeated.
    pub fn check(self, policies: &Policies) -> Result<Resolution, UnfitReply> {
        let reply = words(&self.reply, policies.text.maximum_code_points).map_err(UnfitReply::Reply)?;
        let outcome = self.outcome.ok_or(UnfitReply::NoOutcome)?;
        let limit = policies.media.maximum_count;
        if self.evidence.len() > limit {
            return Err(UnfitReply::TooMuchEvidence { limit });
        }
        let promised = match (outcome == Outcome::Planned, self.promised) {
            (false, _) => None,
            (true, None) => return Err(UnfitReply::NoPromise),
            (true, Some(promised)) => Some(promised),
        };
        Ok(Resolution { outcome, reply, evidence: self.evidence, promised })
    }
}

/// Trims, composes (NFC) and measures.
fn words(text: &str, limit: usize) -> Result<String, Unfit> {
    // No letter decomposes into more than four code points, so a longer text cannot become short enough.
    let raw = text.chars().count();
    if raw > limit.saturating_mul(4) {
        return Err(Unfit::TooLong { limit, found: raw });
    }
    let composed: String = text.trim().nfc().collect();
    let found = composed.chars().count();
    if found == 0 {
        return Err(Unfit::Empty);
    }
    if found > limit {
        return Err(Unfit::TooLong { limit, found });
    }
    if composed.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Unfit::Control);
    }
    Ok(composed)
}
