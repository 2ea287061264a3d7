//! What a report is about, as proposed or decided, and the decisions a person can take.
#![deny(clippy::wildcard_enum_match_arm)]

use vocabulary::{Access, LeafCode, Scope, Urgency};

use super::rules::LeafRule;

/// What a report is about: proposed by the machine or decided by a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// Leaf of the taxonomy.
    pub leaf: LeafCode,
    /// In or out of scope.
    pub scope: Scope,
    /// How dangerous.
    pub urgency: Urgency,
    /// Who may see the report.
    pub access: Access,
    /// Probability of the leaf, 0–1; 1 for a person's decision.
    pub confidence: f64,
    /// Whether a person decided.
    pub by_person: bool,
}

/// What is to become of a classified report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// To the competent agency.
    Route,
    /// Back to the citizen with the right channel.
    Return,
    /// Not taken.
    Reject,
}

/// The one action that decides a review.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// As proposed.
    Confirm,
    /// Another leaf, which is in scope; without an urgency the proposed one stays.
    ChangeLeaf {
        /// The leaf.
        leaf: LeafRule,
        /// How dangerous.
        urgency: Option<Urgency>,
    },
    /// Back to the citizen.
    Return {
        /// The leaf, which is out of scope.
        leaf: LeafRule,
        /// Words for the citizen; may be empty.
        note: String,
    },
    /// Not taken.
    Reject {
        /// Why, in words for the citizen.
        note: String,
    },
}

impl Decision {
    /// The stable word for labels.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::ChangeLeaf { .. } => "change_leaf",
            Self::Return { .. } => "return_to_citizen",
            Self::Reject { .. } => "reject",
        }
    }

    /// The classification that comes into force, what becomes of the report, and the words for the citizen.
    /// `own` is what the proposed leaf demands by itself: a person who keeps a report in scope has looked at the
    /// suspicion and found nothing.
    pub(super) fn apply(self, proposal: Assessment, own: Access) -> (Assessment, Disposition, String) {
        let decided = Assessment { confidence: 1.0, by_person: true, ..proposal };
        match self {
            Self::Confirm => match decided.scope {
                Scope::In => {
                    let assessment = Assessment { access: own, ..decided };
                    (assessment, Disposition::Route, String::new())
                }
                Scope::Out => (decided, Disposition::Return, String::new()),
            },
            Self::ChangeLeaf { leaf, urgency } => {
                let urgency = urgency.unwrap_or(decided.urgency);
                let (leaf, scope, access) = (leaf.code, Scope::In, leaf.access);
                (Assessment { leaf, scope, urgency, access, ..decided }, Disposition::Route, String::new())
            }
            Self::Return { leaf, note } => {
                // A suspicion outlives the leaf: returning a report never makes it visible to more people.
                let access = decided.access.max(leaf.access);
                let assessment = Assessment { leaf: leaf.code, scope: Scope::Out, access, ..decided };
                (assessment, Disposition::Return, note)
            }
            Self::Reject { note } => (decided, Disposition::Reject, note),
        }
    }
}
