//! What agencies answer, checked against the limits of the province.

use province::Policies;
use vocabulary::{MediaId, Outcome, Text, Timestamp};

use super::Resolution;

/// Why a reply cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnfitReply {
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

/// A reply as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What was done.
    pub outcome: Option<Outcome>,
    /// Words for the citizen.
    pub reply: Text,
    /// Photos of the place afterwards.
    pub evidence: Vec<MediaId>,
    /// By when, for plans; without meaning for other outcomes.
    pub promised: Option<Timestamp>,
}

impl Draft {
    /// Takes a reply that obeys the province's limits. Whether a promise lies in the future is asked later, because the
    /// answer changes while a request is repeated.
    pub fn check(self, policies: &Policies) -> Result<Resolution, UnfitReply> {
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
        Ok(Resolution { outcome, reply: self.reply.into(), evidence: self.evidence, promised })
    }
}
