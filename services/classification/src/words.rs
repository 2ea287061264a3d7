//! The words of the vocabulary and of the contract, one to one.

use contract::common::v1 as common;
use contract::event::v1 as event;
use vocabulary::{Access, Scope, Urgency};

use crate::domain::assessment::Disposition;

pub fn scope(scope: Scope) -> common::Scope {
    match scope {
        Scope::In => common::Scope::In,
        Scope::Out => common::Scope::Out,
    }
}

pub fn urgency(urgency: Urgency) -> common::Urgency {
    match urgency {
        Urgency::Normal => common::Urgency::Normal,
        Urgency::Urgent => common::Urgency::Urgent,
        Urgency::Emergency => common::Urgency::Emergency,
    }
}

/// `Ok(None)` when unset; `Err` for a number that this version does not know.
pub fn parse_urgency(number: i32) -> Result<Option<Urgency>, prost::UnknownEnumValue> {
    Ok(match common::Urgency::try_from(number)? {
        common::Urgency::Unspecified => None,
        common::Urgency::Normal => Some(Urgency::Normal),
        common::Urgency::Urgent => Some(Urgency::Urgent),
        common::Urgency::Emergency => Some(Urgency::Emergency),
    })
}

pub fn access(access: Access) -> common::Access {
    match access {
        Access::Ordinary => common::Access::Ordinary,
        Access::Restricted => common::Access::Restricted,
        Access::Quarantine => common::Access::Quarantine,
    }
}

pub fn disposition(disposition: Disposition) -> event::Disposition {
    match disposition {
        Disposition::Route => event::Disposition::Route,
        Disposition::Return => event::Disposition::Return,
        Disposition::Reject => event::Disposition::Reject,
    }
}
