//! Reading `competence.csv` and `areas.csv`, and the rules between the matrix and the other files.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;
use time::Date;
use vocabulary::{AgencyId, CommuneCode, Scope, Urgency};

use super::{Area, Matrix, OwnerRule, Row};
use crate::agencies::{Agencies, AgencyKind};
use crate::file::PackFile;
use crate::geography::Communes;
use crate::taxonomy::Taxonomy;
use crate::words::{Expected, one_of};

/// Areas by name.
pub(crate) type Areas = BTreeMap<String, Vec<CommuneCode>>;

#[derive(Deserialize)]
struct RawArea {
    area: String,
    commune_code: String,
}

/// Reads `areas.csv`.
pub(crate) fn parse_areas(file: &PackFile, communes: Option<&Communes>) -> Option<Areas> {
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
    file.is_clean().then_some(areas)
}

fn check_commune(file: &PackFile, line: usize, code: &CommuneCode, communes: Option<&Communes>) {
    if let Some(communes) = communes.filter(|communes| communes.find(code).is_none()) {
        let known = communes.all().iter().map(|commune| commune.code.as_str());
        file.mistake(line, format!("no commune {code}"), one_of(code.as_str(), known));
    }
}

const COLUMNS: &[&str] = &[
    "id",
    "field",
    "leaf",
    "severity",
    "area",
    "level",
    "owner",
    "executor",
    "valid_from",
    "valid_to",
    "mark",
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
    /// Reads the rows; without areas only to check everything else.
    pub(crate) fn parse(file: &PackFile, areas: Option<&Areas>) -> Option<Self> {
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
                    None => {
                        file.mistake(row.line, format!("{column}: no agency `{id}`"), agencies.instead_of(id))
                    }
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
                    .filter(|commune| {
                        self.owners(agencies, &leaf.code, urgency, &commune.code, on).next().is_none()
                    })
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
        kinds.map(|kind| format!("`@{kind}`")).collect::<Vec<_>>().join(" or ")
    }
}

fn parse_row(file: &PackFile, line: usize, raw: Raw, areas: Option<&Areas>) -> Option<Row> {
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

fn parse_area(file: &PackFile, line: usize, cell: &str, areas: Option<&Areas>) -> Option<Area> {
    if cell == "*" {
        return Some(Area::Everywhere);
    }
    if let Some(name) = cell.strip_prefix('@') {
        let Some(areas) = areas else { return Some(Area::Communes(Vec::new())) };
        let area = areas.get(name).cloned().map(Area::Communes);
        if area.is_none() {
            let instead = format!("@ and {}", one_of(name, areas.keys().map(String::as_str)));
            file.mistake(line, format!("area: areas.csv has no area `{name}`"), instead);
        }
        return area;
    }
    let codes: Option<Vec<CommuneCode>> =
        cell.split(';').map(|code| file.parse(line, "area", code)).collect();
    codes.map(|mut codes| {
        codes.sort();
        Area::Communes(codes)
    })
}
