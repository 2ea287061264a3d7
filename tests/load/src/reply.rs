//! What an answer is about: the names that the ledger keeps.

use contract::classification::v1::{ListReviewsResponse, Review};
use contract::intake::v1::{ListReportsResponse, Media, Report};
use contract::routing::v1::{Assignment, ListAssignmentsResponse};
use contract::satisfaction::v1::{ListScoresResponse, Rating, Score};
use prost::Message;
use serde::Serialize;

/// Names in an answer; empty where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// The resource, e.g. `assignments/{uuid}`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The report it belongs to, `reports/{uuid}`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub report: String,
    /// The report's code.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub report_code: String,
    /// Where the resource stands, in the words of the contract.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub state: String,
}

/// An answer of the system.
pub trait Reply: Message + Default {
    /// What it is about; nothing for pages and counts.
    fn identity(&self) -> Identity {
        Identity::default()
    }
}

impl Reply for Report {
    fn identity(&self) -> Identity {
        Identity {
            name: self.name.clone(),
            report: self.name.clone(),
            report_code: self.code.clone(),
            state: self.state().as_str_name().to_owned(),
        }
    }
}

impl Reply for Assignment {
    fn identity(&self) -> Identity {
        Identity {
            name: self.name.clone(),
            report: self.report.clone(),
            report_code: self.code.clone(),
            state: self.state().as_str_name().to_owned(),
        }
    }
}

impl Reply for Review {
    fn identity(&self) -> Identity {
        Identity {
            name: self.name.clone(),
            report: self.report.clone(),
            report_code: self.code.clone(),
            state: self.state().as_str_name().to_owned(),
        }
    }
}

impl Reply for Media {
    fn identity(&self) -> Identity {
        let state = self.state().as_str_name().to_owned();
        Identity { name: self.name.clone(), state, ..Identity::default() }
    }
}

impl Reply for Rating {
    fn identity(&self) -> Identity {
        let state = self.verdict().as_str_name().to_owned();
        Identity { name: self.invitation.clone(), state, ..Identity::default() }
    }
}

impl Reply for ListReportsResponse {}
impl Reply for ListAssignmentsResponse {}
impl Reply for ListReviewsResponse {}
impl Reply for Score {}
impl Reply for ListScoresResponse {}
