//! The contract's enums and ours, one to one.

use contract::common::v1 as wire;
use vocabulary::{Access, Outcome, Urgency};

use crate::domain::CommuneMatch;

pub(crate) fn urgency(urgency: Urgency) -> wire::Urgency {
    match urgency {
        Urgency::Normal => wire::Urgency::Normal,
        Urgency::Urgent => wire::Urgency::Urgent,
        Urgency::Emergency => wire::Urgency::Emergency,
    }
}

/// None when it is not set.
pub(crate) fn parse_urgency(urgency: wire::Urgency) -> Option<Urgency> {
    match urgency {
        wire::Urgency::Unspecified => None,
        wire::Urgency::Normal => Some(Urgency::Normal),
        wire::Urgency::Urgent => Some(Urgency::Urgent),
        wire::Urgency::Emergency => Some(Urgency::Emergency),
    }
}

pub(crate) fn access(access: Access) -> wire::Access {
    match access {
        Access::Ordinary => wire::Access::Ordinary,
        Access::Restricted => wire::Access::Restricted,
        Access::Quarantine => wire::Access::Quarantine,
    }
}

/// None when it is not set.
pub(crate) fn parse_access(access: wire::Access) -> Option<Access> {
    match access {
        wire::Access::Unspecified => None,
        wire::Access::Ordinary => Some(Access::Ordinary),
        wire::Access::Restricted => Some(Access::Restricted),
        wire::Access::Quarantine => Some(Access::Quarantine),
    }
}

pub(crate) fn commune_match(found: CommuneMatch) -> wire::CommuneMatch {
    match found {
        CommuneMatch::Inside => wire::CommuneMatch::Inside,
        CommuneMatch::Nearest => wire::CommuneMatch::Nearest,
        CommuneMatch::Outside => wire::CommuneMatch::Outside,
    }
}

pub(crate) fn outcome(outcome: Outcome) -> wire::Outcome {
    match outcome {
        Outcome::Repaired => wire::Outcome::Repaired,
        Outcome::Cleaned => wire::Outcome::Cleaned,
        Outcome::Warned => wire::Outcome::Warned,
        Outcome::Sanctioned => wire::Outcome::Sanctioned,
        Outcome::NoFaultFound => wire::Outcome::NoFaultFound,
        Outcome::InterimFix => wire::Outcome::InterimFix,
        Outcome::Planned => wire::Outcome::Planned,
        Outcome::InProject => wire::Outcome::InProject,
        Outcome::Explained => wire::Outcome::Explained,
        Outcome::Referred => wire::Outcome::Referred,
    }
}

/// None when it is not set.
pub(crate) fn parse_outcome(outcome: wire::Outcome) -> Option<Outcome> {
    match outcome {
        wire::Outcome::Unspecified => None,
        wire::Outcome::Repaired => Some(Outcome::Repaired),
        wire::Outcome::Cleaned => Some(Outcome::Cleaned),
        wire::Outcome::Warned => Some(Outcome::Warned),
        wire::Outcome::Sanctioned => Some(Outcome::Sanctioned),
        wire::Outcome::NoFaultFound => Some(Outcome::NoFaultFound),
        wire::Outcome::InterimFix => Some(Outcome::InterimFix),
        wire::Outcome::Planned => Some(Outcome::Planned),
        wire::Outcome::InProject => Some(Outcome::InProject),
        wire::Outcome::Explained => Some(Outcome::Explained),
        wire::Outcome::Referred => Some(Outcome::Referred),
    }
}

pub(crate) fn localized(text: &province::LocalText) -> wire::LocalizedText {
    wire::LocalizedText { vi: text.vi.clone(), en: text.en.clone() }
}
