//! The competence matrix: which agency answers for which matter, where and when.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::Deserialize;
use time::Date;
use vocabulary::{AgencyId, CommuneCode, FieldCode, LeafCode, Scope, Urgency};

use crate::agencies::{Agencies, AgencyKind};
use crate::file::PackFile;
use crate::geography::Communes;
use crate::taxonomy::Taxonomy;
use crate::validity::Validity;
use crate::words::{Expected, Mark, one_of, words};

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

/// The matrix, with the agencies that its rows name.
#[derive(Debug)]
pub struct Matrix {
    rows: Vec<Row>,
}

/// Areas by name.
pub(crate) type Areas = BTreeMap<String, Vec<CommuneCode>>;

#[derive(Deserialize)]
struct RawArea {
    area: String,
    commune_code: String,
}

/// Reads `areas.csv`.
pub(crate) fn parse_areas(file: &PackFile, communes: Option<&Communes>) -> Areas {
    let mut areas = Areas::new();
    for (line, raw) in file.csv::<RawArea>(&["area", "commune_code"]) {
        let Some(code) = file.parse::<CommuneCode>(line, "commune_code", &raw.commune_code) else { continue };
        check_commune(file, line, &code, communes);
        let area = areas.entry(raw.area).or_default();
        if area.contains(&code) {
            file.mistake(line, format!("commune {code} stands twice in this area"), "each commune once");
        }
        area.push(code);
    }
    areas.values_mut().for_each(|area| area.sort());
    areas
}

fn check_commune(file: &PackFile, line: usize, code: &CommuneCode, communes: Option<&Communes>) {
    if let Some(communes) = communes.filter(|communes| communes.find(code).is_none()) {
        let known = communes.all().iter().map(|commune| commune.code.as_str());
        file.mistake(line, format!("no commune {code}"), one_of(code.as_str(), known));
    }
}

const COLUMNS: &[&str] = &[
    "id", "field", "leaf", "severity", "area", "level", "owner", "executor", "valid_from", "valid_to", "mark",
    "basis",
];

#[derive(Deserialize)]
struct Raw {
    id: String,
    field: String,
    leaf: String,
    severity: String,
    area: String,
    level: String,
    owner: String,
    executor: String,
    valid_from: String,
    valid_to: String,
    mark: String,
    basis: String,
}

impl Matrix {
    pub(crate) fn parse(file: &PackFile, areas: &Areas) -> Option<Self> {
        let mut ids = HashSet::new();
        let rows = file.csv::<Raw>(COLUMNS);
        let rows = rows
            .into_iter()
            .filter_map(|(line, raw)| {
                file.not_empty(line, "id", &raw.id);
                if !ids.insert(raw.id.clone()) {
                    file.mistake(line, format!("row `{}` stands twice", raw.id), "an id of its own");
                }
                parse_row(file, line, raw, areas)
            })
            .collect();
        file.is_clean().then_some(Self { rows })
    }

    /// Rules that need the taxonomy.
    pub(crate) fn check_taxonomy(&self, file: &PackFile, taxonomy: &Taxonomy) {
        for row in &self.rows {
            let known = taxonomy.fields().iter().filter(|field| field.scope == Scope::In);
            if !known.clone().any(|field| field.code == row.field) {
                let instead = one_of(row.field.as_str(), known.map(|field| field.code.as_str()));
                file.mistake(row.line, format!("no field `{}` in scope", row.field), instead);
            }
            let Some(leaf) = &row.leaf else { continue };
            let known = taxonomy.leaves().iter().filter(|leaf| leaf.field == row.field);
            if !known.clone().any(|known| known.code == *leaf) {
                let instead = one_of(leaf.as_str(), known.map(|leaf| leaf.code.as_str()));
                file.mistake(row.line, format!("field `{}` has no leaf `{leaf}`", row.field), instead);
            }
        }
    }

    /// Rules that need the map.
    pub(crate) fn check_communes(&self, file: &PackFile, communes: &Communes) {
        for row in &self.rows {
            if let Area::Communes(codes) = &row.area {
                codes.iter().for_each(|code| check_commune(file, row.line, code, Some(communes)));
            }
        }
    }

    /// Rules that need the agencies.
    pub(crate) fn check_agencies(&self, file: &PackFile, agencies: &Agencies) {
        for row in &self.rows {
            for (column, rule) in [("owner", Some(&row.owner)), ("executor", row.executor.as_ref())] {
                let Some(OwnerRule::Agency(id)) = rule else { continue };
                match agencies.find(id) {
                    None => file.mistake(row.line, format!("{column}: no agency `{id}`"), agencies.instead_of(id)),
                    Some(_) if agencies.in_force(id, row.validity.from).is_none() => file.mistake(
                        row.line,
                        format!("{column}: agency `{id}` is not in force on {}", row.validity.from),
                        "an agency in force, or a later valid_from",
                    ),
                    Some(_) => {}
                }
            }
        }
    }

    /// Every leaf in scope must have an owner in every commune on the pack's day.
    pub(crate) fn check_complete(
        &self,
        file: &PackFile,
        on: Date,
        taxonomy: &Taxonomy,
        communes: &Communes,
        agencies: &Agencies,
    ) {
        for leaf in taxonomy.leaves().iter().filter(|leaf| leaf.scope == Scope::In) {
            for urgency in [Urgency::Normal, Urgency::Urgent] {
                let lacking: Vec<_> = communes
                    .all()
                    .iter()
                    .filter(|commune| self.owners(agencies, &leaf.code, urgency, &commune.code, on).next().is_none())
                    .map(|commune| commune.code.as_str())
                    .collect();
                if !lacking.is_empty() {
                    let problem = format!(
                        "nobody owns `{}` ({urgency}) on {on} in {} communes, e.g. {}",
                        leaf.code,
                        lacking.len(),
                        lacking[..lacking.len().min(3)].join(", ")
                    );
                    let instead = "a valid row of the field with leaf `*`, severity `*` and area `*`, whose owner is in force";
                    file.mistake(None, problem, instead);
                }
            }
        }
    }

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

impl std::str::FromStr for OwnerRule {
    type Err = vocabulary::IdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let kind = text.strip_prefix('@').and_then(|kind| kind.parse().ok());
        match kind.filter(|kind: &AgencyKind| kind.is_of_commune()) {
            Some(kind) => Ok(Self::OfCommune(kind)),
            None => text.parse().map(Self::Agency),
        }
    }
}

impl Expected for OwnerRule {
    fn instead(text: &str) -> String {
        if !text.starts_with('@') {
            return AgencyId::instead(text);
        }
        let kinds = AgencyKind::ALL.iter().filter(|kind| kind.is_of_commune()).map(|kind| kind.as_str());
        one_of(&text[1..], kinds).replace('`', "").split(", ").map(|kind| format!("@{kind}")).collect::<Vec<_>>().join(", ")
    }
}

fn parse_row(file: &PackFile, line: usize, raw: Raw, areas: &Areas) -> Option<Row> {
    let any = |cell: &str| if cell == "*" { String::new() } else { cell.to_owned() };
    if raw.leaf.is_empty() || raw.severity.is_empty() {
        file.mistake(line, "an empty leaf or severity", "`*` for any");
    }
    let field = file.parse(line, "field", &raw.field);
    let leaf = file.parse_optional(line, "leaf", &any(&raw.leaf));
    let severity = file.parse_optional(line, "severity", &any(&raw.severity));
    let area = parse_area(file, line, &raw.area, areas);
    let level = file.parse(line, "level", &raw.level);
    let owner = file.parse(line, "owner", &raw.owner);
    let executor = file.parse_optional(line, "executor", &raw.executor);
    let validity = file.validity(line, &raw.valid_from, &raw.valid_to);
    let mark = file.parse(line, "mark", &raw.mark);
    file.not_empty(line, "basis", &raw.basis);
    Some(Row {
        id: raw.id,
        field: field?,
        leaf: leaf?,
        severity: severity?,
        area: area?,
        level: level?,
        owner: owner?,
        executor: executor?,
        validity: validity?,
        mark: mark?,
        basis: raw.basis,
        line,
    })
}

fn parse_area(file: &PackFile, line: usize, cell: &str, areas: &Areas) -> Option<Area> {
    if cell == "*" {
        return Some(Area::Everywhere);
    }
    if let Some(name) = cell.strip_prefix('@') {
        let area = areas.get(name).cloned().map(Area::Communes);
        if area.is_none() {
            let instead = format!("@ and {}", one_of(name, areas.keys().map(String::as_str)));
            file.mistake(line, format!("area: areas.csv has no area `{name}`"), instead);
        }
        return area;
    }
    let codes: Option<Vec<CommuneCode>> = cell.split(';').map(|code| file.parse(line, "area", code)).collect();
    codes.map(|mut codes| {
        codes.sort();
        Area::Communes(codes)
    })
}
