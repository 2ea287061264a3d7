//! What a report is about, as proposed or decided, and the decisions a person can take.
#![deny(clippy::wildcard_enum_match_arm)]

use serde::{Deserialize, Serialize};
use vocabulary::{Access, LeafCode, ReportId, Scope, Timestamp, Urgency};

use super::person::Person;
use super::rules::LeafRule;

/// What a report is about: proposed by the machine or decided by a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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

vocabulary::words!(
    /// What is to become of a classified report.
    #[derive(Serialize, Deserialize)]
    #[serde(try_from = "String", into = "String")]
    Disposition {
        /// To the competent agency.
        Route = "route",
        /// Back to the citizen with the right channel.
        Return = "return",
        /// Not taken.
        Reject = "reject",
    }
);

vocabulary::words!(
    /// Which of the decisions was taken.
    #[derive(Serialize, Deserialize)]
    #[serde(try_from = "String", into = "String")]
    DecisionKind {
        /// As proposed.
        Confirm = "confirm",
        /// Another leaf.
        ChangeLeaf = "change_leaf",
        /// Back to the citizen.
        Return = "return_to_citizen",
        /// Not taken.
        Reject = "reject",
        /// The reporter is asked first.
        AskReporter = "ask_reporter",
        /// Danger to life.
        MarkEmergency = "mark_emergency",
        /// It repeats another report.
        MarkDuplicate = "mark_duplicate",
    }
);

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
        /// What the citizen is told.
        words: Words,
    },
    /// Not taken.
    Reject {
        /// Why, in words for the citizen.
        words: Words,
    },
    /// The reporter must answer this first.
    AskReporter {
        /// The question.
        question: String,
    },
    /// Danger to life; the leaf is in scope, and without one the proposed leaf stays.
    MarkEmergency {
        /// The leaf.
        leaf: Option<LeafRule>,
    },
    /// It repeats another report.
    MarkDuplicate {
        /// That one.
        of: Original,
    },
}

/// What a citizen is told about a return or refusal.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Words {
    /// Key of a ready text of the province pack; empty for the one of the leaf, or none.
    pub template: String,
    /// The coordinator's own; may be empty.
    pub note: String,
}

/// A report that others may repeat.
#[derive(Debug, Clone, PartialEq)]
pub struct Original {
    /// The report.
    pub report: ReportId,
    /// What it is about.
    pub assessment: Assessment,
}

/// What a decision makes of a report, and what the other services are told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ruling {
    /// What it is about.
    pub assessment: Assessment,
    /// What is to become of it.
    pub disposition: Disposition,
    /// For the citizen, with a return or refusal.
    pub words: Words,
    /// The report that this one repeats.
    pub duplicate_of: Option<ReportId>,
}

/// A ruling, and who made it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// By which action.
    pub kind: DecisionKind,
    /// What it makes of the report.
    pub ruling: Ruling,
    /// Who.
    pub by: Person,
    /// When.
    pub time: Timestamp,
}

/// What a decision comes to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Effect {
    /// It rules.
    Ruling(Ruling),
    /// The reporter is asked.
    Question(String),
}

/// The proposed leaf is out of scope, so that nothing of it can be sent to an agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LeafMissing;

impl Decision {
    /// Which it is.
    pub const fn kind(&self) -> DecisionKind {
        match self {
            Self::Confirm => DecisionKind::Confirm,
            Self::ChangeLeaf { .. } => DecisionKind::ChangeLeaf,
            Self::Return { .. } => DecisionKind::Return,
            Self::Reject { .. } => DecisionKind::Reject,
            Self::AskReporter { .. } => DecisionKind::AskReporter,
            Self::MarkEmergency { .. } => DecisionKind::MarkEmergency,
            Self::MarkDuplicate { .. } => DecisionKind::MarkDuplicate,
        }
    }

    /// What the decision makes of a proposal. `own` is what the proposed leaf demands by itself: a person who keeps a
    /// report in scope has looked at the suspicion and found nothing.
    pub(super) fn apply(self, proposal: Assessment, own: Access) -> Result<Effect, LeafMissing> {
        let decided = Assessment { confidence: 1.0, by_person: true, ..proposal };
        let route = |assessment| ruling(assessment, Disposition::Route, Words::default());
        Ok(Effect::Ruling(match self {
            Self::Confirm => match decided.scope {
                Scope::In => route(Assessment { access: own, ..decided }),
                Scope::Out => ruling(decided, Disposition::Return, Words::default()),
            },
            Self::ChangeLeaf { leaf, urgency } => {
                let urgency = urgency.unwrap_or(decided.urgency);
                let LeafRule { code: leaf, access, .. } = leaf;
                route(Assessment { leaf, scope: Scope::In, urgency, access, ..decided })
            }
            Self::Return { leaf, words } => {
                // A suspicion outlives the leaf: returning a report never makes it visible to more people.
                let access = decided.access.max(leaf.access);
                let assessment = Assessment { leaf: leaf.code, scope: Scope::Out, access, ..decided };
                ruling(assessment, Disposition::Return, words)
            }
            Self::Reject { words } => ruling(decided, Disposition::Reject, words),
            Self::AskReporter { question } => return Ok(Effect::Question(question)),
            Self::MarkEmergency { leaf } => {
                // In haste nobody has looked at a suspicion: it stays.
                let (leaf, access) = match leaf {
                    Some(rule) => (rule.code, decided.access.max(rule.access)),
                    None if decided.scope == Scope::In => (decided.leaf.clone(), decided.access),
                    None => return Err(LeafMissing),
                };
                let urgency = Urgency::Emergency;
                route(Assessment { leaf, scope: Scope::In, urgency, access, ..decided })
            }
            Self::MarkDuplicate { of: Original { report, assessment: original } } => {
                let urgency = decided.urgency.max(original.urgency);
                let Assessment { leaf, scope, access, .. } = original;
                let assessment = Assessment { leaf, scope, urgency, access, ..decided };
                Ruling { duplicate_of: Some(report), ..route(assessment) }
            }
        }))
    }
}

fn ruling(assessment: Assessment, disposition: Disposition, words: Words) -> Ruling {
    Ruling { assessment, disposition, words, duplicate_of: None }
}

impl Ruling {
    /// A sure proposal of the machine goes its way.
    pub fn automatic(assessment: Assessment) -> Self {
        ruling(assessment, Disposition::Route, Words::default())
    }
}
