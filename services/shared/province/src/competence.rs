//! The competence matrix: which agency answers for which matter, where and when.

mod reading;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::HashSet;
use std::fmt;

pub(crate) use reading::{Areas, parse_areas};
use time::Date;
use vocabulary::{AgencyId, CommuneCode, FieldCode, LeafCode, Urgency};

use crate::agencies::{Agencies, AgencyKind};
use crate::validity::Validity;
use crate::words::{Mark, words};

words!(
    /// The level of administration at which a row's owner stands.
    Level {
        /// Xã, phường.
        Commune = "commune",
        /// The province's departments and police.
        Province = "province",
        /// An enterprise that runs the network.
        Enterprise = "enterprise",
        /// A body of a ministry.
        Sector = "sector",
    }
);

words!(
    /// How pressing a row's matter is.
    Severity {
        /// Urgent reports and emergencies.
        Urgent = "urgent",
        /// All others.
        Normal = "normal",
    }
);

/// Where a row applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Area {
    /// In the whole province.
    Everywhere,
    /// In these communes, by code.
    Communes(Vec<CommuneCode>),
}

/// How a row names an agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnerRule {
    /// This agency.
    Agency(AgencyId),
    /// The report's commune's own agency of this kind.
    OfCommune(AgencyKind),
}

/// A row of the matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Stable id, e.g. `road-commune`.
    pub id: String,
    /// The field.
    pub field: FieldCode,
    /// The leaf; none for the whole field.
    pub leaf: Option<LeafCode>,
    /// The severity; none for any.
    pub severity: Option<Severity>,
    /// Where.
    pub area: Area,
    /// Level of the owner.
    pub level: Level,
    /// Who answers.
    pub owner: OwnerRule,
    /// Who may do the work.
    pub executor: Option<OwnerRule>,
    /// Days in force.
    pub validity: Validity,
    /// How sure this is.
    pub mark: Mark,
    /// Where the rule comes from.
    pub basis: String,
    /// Line in `competence.csv`.
    pub line: usize,
}

/// Who owns a report, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routed<'p> {
    /// The most specific valid row.
    pub row: &'p Row,
    /// Who answers.
    pub owner: AgencyId,
    /// Who may do the work.
    pub executor: Option<AgencyId>,
    /// Level of the owner.
    pub level: Level,
    /// The other owners that matching rows name, the most specific first, each once: where a transfer may go.
    pub candidates: Vec<RoutedCandidate<'p>>,
    /// Why this row.
    pub explanation: RouteExplanation,
}

/// Another owner that a matching row names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutedCandidate<'p> {
    /// The row.
    pub row: &'p Row,
    /// Who would answer.
    pub owner: AgencyId,
    /// Who might do the work.
    pub executor: Option<AgencyId>,
}

/// Why a row owns a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteExplanation {
    /// The row's id.
    pub row_id: String,
    /// Where the row comes from.
    pub basis: String,
    /// How sure the row is.
    pub mark: Mark,
    /// The row names the leaf, not only its field.
    pub by_leaf: bool,
    /// The row names the severity.
    pub by_severity: bool,
    /// The row names the area.
    pub by_area: bool,
    /// How many valid rows matched.
    pub rows_matched: usize,
    /// The agency that the row names, when it has ended and a successor owns the report.
    pub succeeded: Option<AgencyId>,
}

impl fmt::Display for RouteExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let matter = if self.by_leaf { "this leaf" } else { "the whole field" };
        let severity = if self.by_severity { "this severity" } else { "any severity" };
        let area = if self.by_area { "this area" } else { "the whole province" };
        write!(
            f,
            "row {} ({}) for {matter}, {severity}, {area}; the most specific of {} matching rows; basis: {}",
            self.row_id, self.mark, self.rows_matched, self.basis
        )?;
        match &self.succeeded {
            Some(agency) => write!(f, "; successor of {agency}"),
            None => Ok(()),
        }
    }
}

/// No row of the matrix is valid for a report: it goes to the coordinator's queue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no row of the competence matrix for {leaf} in commune {commune} on {on}")]
pub struct NoRow {
    /// The leaf.
    pub leaf: LeafCode,
    /// The commune.
    pub commune: CommuneCode,
    /// The day.
    pub on: Date,
}

/// All rows of the matrix.
#[derive(Debug)]
pub struct Matrix {
    rows: Vec<Row>,
}

impl Matrix {
    /// All rows, in the order of the file.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Who owns a report of this leaf and urgency in this commune on this (local) day: the most specific valid row
    /// whose owner is in force; leaf before field, then severity before any, then area before everywhere, then the
    /// order of the file.
    pub fn route(
        &self,
        agencies: &Agencies,
        leaf: &LeafCode,
        urgency: Urgency,
        commune: &CommuneCode,
        on: Date,
    ) -> Result<Routed<'_>, NoRow> {
        let mut matches: Vec<_> = self.owners(agencies, leaf, urgency, commune, on).collect();
        matches.sort_by_key(|(row, _)| Reverse(row.specificity()));
        let rows_matched = matches.len();
        let mut owned = matches.into_iter();
        let Some((row, owner)) = owned.next() else {
            return Err(NoRow { leaf: leaf.clone(), commune: commune.clone(), on });
        };
        let executor = |row: &Row| row.executor.as_ref()?.find(agencies, commune, on);
        let mut seen = HashSet::from([owner.clone()]);
        let candidates = owned
            .filter(|(_, owner)| seen.insert(owner.clone()))
            .map(|(row, owner)| RoutedCandidate { row, owner, executor: executor(row) })
            .collect();
        let explanation = row.explain(rows_matched, &owner);
        Ok(Routed { row, executor: executor(row), owner, level: row.level, candidates, explanation })
    }

    /// The rows that match, with their owners in force.
    fn owners(
        &self,
        agencies: &Agencies,
        leaf: &LeafCode,
        urgency: Urgency,
        commune: &CommuneCode,
        on: Date,
    ) -> impl Iterator<Item = (&Row, AgencyId)> {
        self.rows
            .iter()
            .filter(move |row| row.matches(leaf, urgency, commune, on))
            .filter_map(move |row| Some((row, row.owner.find(agencies, commune, on)?)))
    }
}

impl Row {
    fn matches(&self, leaf: &LeafCode, urgency: Urgency, commune: &CommuneCode, on: Date) -> bool {
        let field = leaf.as_str().split_once('.').map_or(leaf.as_str(), |(field, _)| field);
        self.field.as_str() == field
            && self.leaf.as_ref().is_none_or(|own| own == leaf)
            && self.severity.is_none_or(|severity| severity.matches(urgency))
            && self.validity.contains(on)
            && match &self.area {
                Area::Everywhere => true,
                Area::Communes(codes) => codes.binary_search(commune).is_ok(),
            }
    }

    fn specificity(&self) -> (bool, bool, bool) {
        (self.leaf.is_some(), self.severity.is_some(), self.area != Area::Everywhere)
    }

    fn explain(&self, rows_matched: usize, owner: &AgencyId) -> RouteExplanation {
        let (by_leaf, by_severity, by_area) = self.specificity();
        let succeeded = match &self.owner {
            OwnerRule::Agency(named) if named != owner => Some(named.clone()),
            OwnerRule::Agency(_) | OwnerRule::OfCommune(_) => None,
        };
        RouteExplanation {
            row_id: self.id.clone(),
            basis: self.basis.clone(),
            mark: self.mark,
            by_leaf,
            by_severity,
            by_area,
            rows_matched,
            succeeded,
        }
    }
}

impl Severity {
    /// Whether reports of this urgency are meant.
    pub const fn matches(self, urgency: Urgency) -> bool {
        match urgency {
            Urgency::Normal => matches!(self, Self::Normal),
            Urgency::Urgent | Urgency::Emergency => matches!(self, Self::Urgent),
        }
    }
}

impl OwnerRule {
    /// The agency in force that the rule names for a commune.
    fn find(&self, agencies: &Agencies, commune: &CommuneCode, on: Date) -> Option<AgencyId> {
        let agency = match self {
            Self::Agency(id) => agencies.in_force(id, on),
            Self::OfCommune(kind) => agencies.of_commune(*kind, commune, on),
        };
        agency.map(|agency| agency.id.clone())
    }
}
