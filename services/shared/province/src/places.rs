//! Named places: localities, islands, communes.

use serde::Deserialize;
use vocabulary::{CommuneCode, Point};

use crate::file::PackFile;
use crate::fold::fold;
use crate::geography::Communes;
use crate::words::one_of;

/// A named place.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// Its name as a search key.
    pub name_folded: String,
    /// What it is, e.g. `ấp`, `island`, `commune_2025`.
    pub kind: String,
    /// Where it is.
    pub point: Point,
    /// The communes it lies in; several where a former commune was split, none where unknown.
    pub communes: Vec<CommuneCode>,
}

const COLUMNS: &[&str] = &[
    "name",
    "name_ascii",
    "alt_names",
    "kind",
    "lat",
    "lon",
    "commune_code",
    "commune_name",
    "old_commune_code",
    "border_m",
    "precision",
    "source",
    "source_id",
];

#[derive(Deserialize)]
struct Raw {
    name: String,
    kind: String,
    lat: String,
    lon: String,
    commune_code: String,
}

pub(crate) fn parse(file: &PackFile, communes: Option<&Communes>) -> Option<Vec<Place>> {
    let rows = file.csv::<Raw>(COLUMNS);
    let places = rows.into_iter().filter_map(|(line, raw)| parse_place(file, line, raw, communes)).collect();
    file.is_clean().then_some(places)
}

fn parse_place(file: &PackFile, line: usize, raw: Raw, known: Option<&Communes>) -> Option<Place> {
    let point = raw.lat.parse().ok().zip(raw.lon.parse().ok());
    let point = point.and_then(|(latitude, longitude)| Point::parse(latitude, longitude).ok());
    if point.is_none() {
        let problem = format!("lat {:?}, lon {:?} is no place on earth", raw.lat, raw.lon);
        file.mistake(line, problem, "degrees, e.g. `9.17690,105.15240`");
    }
    file.not_empty(line, "name", &raw.name);
    file.not_empty(line, "kind", &raw.kind);
    let codes = raw.commune_code.split(';').filter(|code| !code.is_empty());
    let communes: Option<Vec<CommuneCode>> =
        codes.map(|code| file.parse(line, "commune_code", code)).collect();
    for code in communes.iter().flatten() {
        if let Some(known) = known.filter(|known| known.find(code).is_none()) {
            let instead = one_of(code.as_str(), known.all().iter().map(|commune| commune.code.as_str()));
            file.mistake(line, format!("no commune {code}"), instead);
        }
    }
    Some(Place {
        name_folded: fold(&raw.name),
        name: raw.name,
        kind: raw.kind,
        point: point?,
        communes: communes?,
    })
}
