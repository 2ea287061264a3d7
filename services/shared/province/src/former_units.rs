//! The units of before the reform, whose names citizens still use, and the communes they are in today.

use serde::Deserialize;
use time::Date;
use vocabulary::CommuneCode;

use crate::file::PackFile;
use crate::fold::fold;
use crate::geography::Communes;
use crate::words::{one_of, words};

words!(
    /// How much of a former unit went to a commune.
    Extent {
        /// All of it.
        Whole = "whole",
        /// A part.
        Part = "part",
        /// All of it, and nothing else came to it.
        Unchanged = "unchanged",
    }
);

/// A former commune, ward or township.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerUnit {
    /// Its code then; the same code may mean another commune today.
    pub code: String,
    /// Name without its kind; wards often have a number.
    pub name: String,
    /// `xã`, `phường` or `thị trấn`.
    pub kind: String,
    /// District with its kind, e.g. `Huyện Năm Căn`.
    pub district: String,
    /// Province.
    pub province: String,
    /// Its last day.
    pub valid_to: Date,
    /// Where it is today; at least one.
    pub successors: Vec<Successor>,
}

/// A commune of today that holds a former unit or a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Successor {
    /// The commune.
    pub commune: CommuneCode,
    /// How much of the former unit.
    pub extent: Extent,
}

/// All former units, with search keys.
#[derive(Debug)]
pub struct FormerUnits {
    units: Vec<FormerUnit>,
    keys: Vec<Key>,
}

/// The folded names that one unit answers to.
#[derive(Debug)]
struct Key {
    name: String,
    full_name: String,
    district: String,
}

const COLUMNS: &[&str] = &[
    "old_code",
    "old_name",
    "old_kind",
    "old_district_code",
    "old_district",
    "old_province_code",
    "old_province",
    "new_code",
    "new_name",
    "new_kind",
    "extent",
    "old_code_valid_from",
    "old_code_valid_to",
    "note",
];

/// Words before the name of a district, folded, the longer first.
const DISTRICT_KINDS: &[&str] = &["thanh pho", "thi xa", "huyen", "tp", "tx", "h"];
/// Ways to write the kind of a unit, folded.
const SHORT_KINDS: &[(&str, &str)] = &[("p", "phuong"), ("x", "xa"), ("tt", "thi tran"), ("f", "phuong")];

#[derive(Deserialize)]
struct Raw {
    old_code: String,
    old_name: String,
    old_kind: String,
    old_district: String,
    old_province: String,
    new_code: String,
    new_name: String,
    extent: String,
    old_code_valid_to: String,
}

impl FormerUnits {
    pub(crate) fn parse(file: &PackFile, communes: Option<&Communes>) -> Option<Self> {
        let mut units: Vec<FormerUnit> = Vec::new();
        for (line, raw) in file.csv::<Raw>(COLUMNS) {
            let Some((unit, successor)) = parse_row(file, line, raw, communes) else { continue };
            let same = |known: &&mut FormerUnit| known.code == unit.code && known.valid_to == unit.valid_to;
            let known = match units.iter_mut().find(same) {
                Some(known) => known,
                None => units.push_mut(unit),
            };
            if known.successors.iter().any(|other| other.commune == successor.commune) {
                let problem = format!("unit {} and commune {} stand twice", known.code, successor.commune);
                file.mistake(line, problem, "one row for each pair");
            }
            known.successors.push(successor);
        }
        let keys = units.iter().map(Key::of).collect();
        file.is_clean().then_some(Self { units, keys })
    }

    /// All former units, in the order of the file.
    pub fn all(&self) -> &[FormerUnit] {
        &self.units
    }

    /// The former units that a name may mean: with or without kind (`phường 5`, `P5`, `Năm Căn`), accents and case.
    pub fn find(&self, name: &str) -> Vec<&FormerUnit> {
        let wanted = unit_key(name);
        let matches = |key: &Key| key.name == wanted || key.full_name == wanted;
        self.units.iter().zip(&self.keys).filter(|(_, key)| matches(key)).map(|(unit, _)| unit).collect()
    }

    /// The communes of today that hold parts of a former district (`TP Cà Mau`, `huyện Năm Căn`), by code.
    pub fn find_district(&self, name: &str) -> Vec<&CommuneCode> {
        let wanted = district_key(name);
        let of_district = self.units.iter().zip(&self.keys).filter(|(_, key)| key.district == wanted);
        let mut codes: Vec<_> = of_district
            .flat_map(|(unit, _)| unit.successors.iter().map(|successor| &successor.commune))
            .collect();
        codes.sort();
        codes.dedup();
        codes
    }
}

impl Key {
    fn of(unit: &FormerUnit) -> Self {
        Self {
            name: fold(&unit.name),
            full_name: fold(&format!("{} {}", unit.kind, unit.name)),
            district: district_key(&unit.district),
        }
    }
}

/// `P5`, `P.5`, `phường 5` → `phuong 5`.
fn unit_key(name: &str) -> String {
    let folded = fold(name);
    for (short, long) in SHORT_KINDS {
        let rest = folded.strip_prefix(short).map(|rest| (rest.starts_with(' '), rest.trim_start()));
        if let Some((spaced, rest)) = rest
            && (spaced || rest.bytes().all(|byte| byte.is_ascii_digit()))
            && !rest.is_empty()
        {
            return format!("{long} {rest}");
        }
    }
    folded
}

/// The folded name of a district without its kind.
fn district_key(name: &str) -> String {
    let folded = fold(name);
    let bare = DISTRICT_KINDS.iter().find_map(|kind| folded.strip_prefix(kind)?.strip_prefix(' '));
    bare.unwrap_or(&folded).to_owned()
}

fn parse_row(
    file: &PackFile,
    line: usize,
    raw: Raw,
    communes: Option<&Communes>,
) -> Option<(FormerUnit, Successor)> {
    let valid_to = file.date(line, "old_code_valid_to", &raw.old_code_valid_to);
    let extent = file.parse(line, "extent", &raw.extent);
    let commune: Option<CommuneCode> = file.parse(line, "new_code", &raw.new_code);
    for (column, text) in
        [("old_name", &raw.old_name), ("old_kind", &raw.old_kind), ("old_district", &raw.old_district)]
    {
        file.not_empty(line, column, text);
    }
    if let (Some(code), Some(communes)) = (&commune, communes) {
        match communes.find(code) {
            None => {
                let known = communes.all().iter().map(|commune| commune.code.as_str());
                file.mistake(line, format!("new_code: no commune {code}"), one_of(code.as_str(), known));
            }
            Some(known) if fold(&known.name) != fold(&raw.new_name) => {
                file.mistake(
                    line,
                    format!("commune {code} is not {:?}", raw.new_name),
                    format!("`{}`", known.name),
                );
            }
            Some(_) => {}
        }
    }
    let unit = FormerUnit {
        code: raw.old_code,
        name: raw.old_name,
        kind: raw.old_kind,
        district: raw.old_district,
        province: raw.old_province,
        valid_to: valid_to?,
        successors: Vec::new(),
    };
    Some((unit, Successor { commune: commune?, extent: extent? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units() -> FormerUnits {
        let rows = "\
32010,5,phường,964,Thành phố Cà Mau,96,Cà Mau,32014,Lý Văn Lâm,phường,whole,,2025-06-30,
31819,5,phường,954,Thành phố Bạc Liêu,95,Bạc Liêu,31834,Vĩnh Trạch,phường,part,,2025-06-30,
31819,5,phường,954,Thành phố Bạc Liêu,95,Bạc Liêu,31825,Bạc Liêu,phường,part,,2025-06-30,
32191,Năm Căn,thị trấn,971,Huyện Năm Căn,96,Cà Mau,32191,Năm Căn,xã,whole,,2025-06-30,
";
        let file = PackFile::of("former-units.csv", &format!("{}\n{rows}", COLUMNS.join(",")));
        FormerUnits::parse(&file, None).expect("good")
    }

    #[test]
    fn old_names_are_found_however_they_are_written() {
        let units = units();
        for name in ["phường 5", "Phuong 5", "P5", "P.5", "p. 5", "5", "F5"] {
            assert_eq!(units.find(name).len(), 2, "{name}");
        }
        assert_eq!(units.find("31819").len(), 0);
        assert_eq!(units.find("thi tran nam can")[0].successors[0].extent, Extent::Whole);
        assert_eq!(units.find("phường 5")[1].successors.len(), 2);
        for name in ["TP Bạc Liêu", "tp. bac lieu", "Bạc Liêu", "Thành phố Bạc Liêu"] {
            let codes: Vec<_> = units.find_district(name).into_iter().map(CommuneCode::as_str).collect();
            assert_eq!(codes, ["31825", "31834"], "{name}");
        }
        assert!(units.find_district("huyện Hồng Dân").is_empty());
    }
}
