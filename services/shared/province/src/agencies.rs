//! The agencies of the province, with parents, successors and days in force.

use std::collections::HashMap;

use serde::Deserialize;
use time::Date;
use vocabulary::{AgencyId, CommuneCode};

use crate::file::PackFile;
use crate::geography::Communes;
use crate::validity::Validity;
use crate::words::{LocalText, Mark, one_of, words};

words!(
    /// What sort of body an agency is.
    AgencyKind {
        /// UBND xã, phường.
        CommuneCommittee = "commune_committee",
        /// Công an xã, phường.
        CommunePolice = "commune_police",
        /// Trạm y tế xã, phường.
        CommuneHealthStation = "commune_health_station",
        /// Sở.
        Department = "department",
        /// Chi cục or another body under a department.
        SubDepartment = "sub_department",
        /// Provincial police and its divisions.
        Police = "police",
        /// Provincial military command.
        Military = "military",
        /// Border guard.
        BorderGuard = "border_guard",
        /// An enterprise that runs a network or service.
        Enterprise = "enterprise",
        /// Ban quản lý.
        ManagementBoard = "management_board",
        /// An office.
        Office = "office",
        /// The body that receives and passes on reports.
        CoordinatingBody = "coordinating_body",
    }
);

impl AgencyKind {
    /// Whether there is one such agency in every commune.
    pub const fn is_of_commune(self) -> bool {
        matches!(self, Self::CommuneCommittee | Self::CommunePolice | Self::CommuneHealthStation)
    }
}

/// An agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agency {
    /// Stable id.
    pub id: AgencyId,
    /// Sort of body.
    pub kind: AgencyKind,
    /// Full name.
    pub name: LocalText,
    /// Short Vietnamese name, e.g. `SXD`.
    pub short_name_vi: String,
    /// Supervising agency; none at the top.
    pub parent: Option<AgencyId>,
    /// The commune of a commune-level agency.
    pub commune: Option<CommuneCode>,
    /// Days in force.
    pub validity: Validity,
    /// Who took over when it ended.
    pub successor: Option<AgencyId>,
    /// How sure this is.
    pub mark: Mark,
    /// A word to the reader.
    pub note: String,
}

/// All agencies, past and present.
#[derive(Debug)]
pub struct Agencies {
    agencies: Vec<Agency>,
    lines: Vec<usize>,
    by_id: HashMap<AgencyId, usize>,
    by_commune: HashMap<CommuneCode, Vec<usize>>,
}

const COLUMNS: &[&str] = &[
    "id",
    "kind",
    "name_vi",
    "name_en",
    "short_name_vi",
    "parent_id",
    "commune_code",
    "valid_from",
    "valid_to",
    "successor_id",
    "mark",
    "note",
];

#[derive(Deserialize)]
struct Raw {
    id: String,
    kind: String,
    name_vi: String,
    name_en: String,
    short_name_vi: String,
    parent_id: String,
    commune_code: String,
    valid_from: String,
    valid_to: String,
    successor_id: String,
    mark: String,
    note: String,
}

impl Agencies {
    pub(crate) fn parse(file: &PackFile) -> Option<Self> {
        let rows = file.csv::<Raw>(COLUMNS);
        let (lines, agencies): (Vec<_>, Vec<_>) =
            rows.into_iter().filter_map(|(line, raw)| Some((line, parse_agency(file, line, raw)?))).unzip();
        let mut by_id: HashMap<AgencyId, usize> = HashMap::new();
        let mut by_commune: HashMap<CommuneCode, Vec<usize>> = HashMap::new();
        for (index, agency) in agencies.iter().enumerate() {
            if let Some(first) = by_id.insert(agency.id.clone(), index) {
                let problem = format!("agency `{}` stands on line {} already", agency.id, lines[first]);
                file.mistake(lines[index], problem, "an id of its own");
            }
            if let Some(commune) = &agency.commune {
                by_commune.entry(commune.clone()).or_default().push(index);
            }
        }
        let agencies = Self { agencies, lines, by_id, by_commune };
        if file.is_clean() {
            agencies.check_links(file);
        }
        file.is_clean().then_some(agencies)
    }

    fn check_links(&self, file: &PackFile) {
        for (agency, line) in self.agencies.iter().zip(&self.lines) {
            for (column, link) in [("parent_id", &agency.parent), ("successor_id", &agency.successor)] {
                if let Some(id) = link
                    && !self.by_id.contains_key(id)
                {
                    file.mistake(*line, format!("{column}: no agency `{id}`"), self.instead_of(id));
                }
            }
            let circle = [Agency::parent_link, Agency::successor_link].into_iter().any(|link| {
                self.chain(agency, link).skip(1).take(self.agencies.len()).any(|next| next.id == agency.id)
            });
            if circle {
                file.mistake(
                    *line,
                    format!("`{}` is its own supervisor or successor", agency.id),
                    "links without a circle",
                );
            }
        }
    }

    /// Rules that need the map.
    pub(crate) fn check_communes(&self, file: &PackFile, communes: &Communes) {
        for (agency, line) in self.agencies.iter().zip(&self.lines) {
            if let Some(code) = agency.commune.as_ref().filter(|code| communes.find(code).is_none()) {
                let known = communes.all().iter().map(|commune| commune.code.as_str());
                file.mistake(*line, format!("commune_code: no commune {code}"), one_of(code.as_str(), known));
            }
        }
    }

    /// What to write instead of an unknown agency id.
    pub(crate) fn instead_of(&self, id: &AgencyId) -> String {
        one_of(id.as_str(), self.agencies.iter().map(|agency| agency.id.as_str()))
    }

    /// All agencies, in the order of the file.
    pub fn all(&self) -> &[Agency] {
        &self.agencies
    }

    /// The agency of an id, in force or not.
    pub fn find(&self, id: &AgencyId) -> Option<&Agency> {
        self.by_id.get(id).map(|index| &self.agencies[*index])
    }

    /// The agency of an id, or the successor that stands in for it, if it is in force on that day.
    pub fn in_force(&self, id: &AgencyId, on: Date) -> Option<&Agency> {
        self.chain(self.find(id)?, Agency::successor_link).find(|agency| agency.validity.contains(on))
    }

    /// A commune's own agency of a kind on that day.
    pub fn of_commune(&self, kind: AgencyKind, commune: &CommuneCode, on: Date) -> Option<&Agency> {
        let indices = self.by_commune.get(commune)?;
        indices
            .iter()
            .map(|index| &self.agencies[*index])
            .find(|agency| agency.kind == kind && agency.validity.contains(on))
    }

    /// The agencies directly below one.
    pub fn children<'a>(&'a self, id: &AgencyId) -> impl Iterator<Item = &'a Agency> {
        self.agencies.iter().filter(move |agency| agency.parent.as_ref() == Some(id))
    }

    /// The supervisors of an agency, the nearest first.
    pub fn supervisors<'a>(&'a self, id: &AgencyId) -> Vec<&'a Agency> {
        self.find(id)
            .map(|agency| self.chain(agency, Agency::parent_link).skip(1).collect())
            .unwrap_or_default()
    }

    /// The agency and whatever follows along one kind of link.
    fn chain<'a>(
        &'a self,
        first: &'a Agency,
        link: fn(&Agency) -> Option<&AgencyId>,
    ) -> impl Iterator<Item = &'a Agency> {
        std::iter::successors(Some(first), move |agency| self.find(link(agency)?))
    }
}

impl Agency {
    fn parent_link(&self) -> Option<&AgencyId> {
        self.parent.as_ref()
    }

    fn successor_link(&self) -> Option<&AgencyId> {
        self.successor.as_ref()
    }
}

fn parse_agency(file: &PackFile, line: usize, raw: Raw) -> Option<Agency> {
    let id = file.parse(line, "id", &raw.id);
    let kind = file.parse(line, "kind", &raw.kind);
    let parent = file.parse_optional(line, "parent_id", &raw.parent_id);
    let commune = file.parse_optional(line, "commune_code", &raw.commune_code);
    let validity = file.validity(line, &raw.valid_from, &raw.valid_to);
    let successor = file.parse_optional(line, "successor_id", &raw.successor_id);
    let mark = file.parse(line, "mark", &raw.mark);
    for (column, text) in
        [("name_vi", &raw.name_vi), ("name_en", &raw.name_en), ("short_name_vi", &raw.short_name_vi)]
    {
        file.not_empty(line, column, text);
    }
    let agency = Agency {
        id: id?,
        kind: kind?,
        name: LocalText { vi: raw.name_vi, en: raw.name_en },
        short_name_vi: raw.short_name_vi,
        parent: parent?,
        commune: commune?,
        validity: validity?,
        successor: successor?,
        mark: mark?,
        note: raw.note,
    };
    match (&agency.commune, agency.kind.is_of_commune()) {
        (None, true) => {
            file.mistake(line, format!("a {} without commune_code", agency.kind), "the code of its commune")
        }
        (Some(_), false) => {
            file.mistake(line, format!("a {} with a commune_code", agency.kind), "nothing in that column")
        }
        _ => {}
    }
    if agency.successor.is_some() && agency.validity.to.is_none() {
        file.mistake(
            line,
            "a successor of an agency that never ends",
            "the last day in valid_to, or no successor_id",
        );
    }
    Some(agency)
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    fn file(rows: &str) -> PackFile {
        PackFile::of("agencies.csv", &format!("{}\n{rows}", COLUMNS.join(",")))
    }

    const ROWS: &str = "\
top,office,Trên,Top,T,,,2025-07-01,,,S,
old,department,Cũ,Old,C,top,,2022-07-01,2025-06-30,middle,S,
middle,department,Giữa,Middle,G,top,,2025-07-01,2025-12-31,new,S,
new,department,Mới,New,M,top,,2026-01-01,,,S,
ubnd-32002,commune_committee,UBND,Committee,U,top,32002,2025-07-01,,,S,
";

    #[test]
    fn successors_stand_in_for_agencies_that_ended() {
        let agencies = Agencies::parse(&file(ROWS)).expect("good");
        let on =
            |day| agencies.in_force(&"old".parse().expect("id"), day).map(|agency| agency.id.to_string());
        assert_eq!(on(date!(2025 - 06 - 30)).as_deref(), Some("old"));
        assert_eq!(on(date!(2025 - 07 - 01)).as_deref(), Some("middle"));
        assert_eq!(on(date!(2026 - 01 - 01)).as_deref(), Some("new"));
        assert_eq!(on(date!(2022 - 06 - 30)), None);
        let id = "ubnd-32002".parse().expect("id");
        assert_eq!(agencies.supervisors(&id).len(), 1);
        assert_eq!(agencies.children(&"top".parse().expect("id")).count(), 4);
        let commune = "32002".parse().expect("code");
        assert!(agencies.of_commune(AgencyKind::CommuneCommittee, &commune, date!(2025 - 07 - 01)).is_some());
        assert!(agencies.of_commune(AgencyKind::CommunePolice, &commune, date!(2025 - 07 - 01)).is_none());
    }

    #[test]
    fn broken_links_circles_and_doubles_are_found() {
        for (from, to, line, instead) in [
            ("middle,S", "midle,S", 3, "`middle`"),
            ("new,department", "old,department", 5, "an id of its own"),
            ("Trên,Top,T,,", "Trên,Top,T,top,", 2, "links without a circle"),
            ("office", "offices", 2, "`office`"),
            ("U,top,32002", "U,top,", 6, "the code of its commune"),
            ("2025-12-31,new", ",new", 4, "the last day in valid_to, or no successor_id"),
        ] {
            let file = file(&ROWS.replace(from, to));
            assert!(Agencies::parse(&file).is_none());
            let mistakes = file.into_mistakes();
            assert!(
                mistakes.iter().any(|mistake| mistake.line == Some(line) && mistake.instead == instead),
                "{to}: {mistakes:?}"
            );
        }
    }
}
