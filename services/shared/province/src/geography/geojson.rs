//! Reading `communes.geojson`: a feature for each commune, its border as a WGS 84 MultiPolygon.

use std::collections::HashSet;

use serde::Deserialize;
use vocabulary::Point;

use super::Commune;
use crate::file::PackFile;

#[derive(Deserialize)]
struct Collection {
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    properties: Properties,
    geometry: Geometry,
}

#[derive(Deserialize)]
struct Properties {
    code: String,
    name: String,
    kind: String,
    province_code: String,
}

#[derive(Deserialize)]
struct Geometry {
    r#type: GeometryType,
    coordinates: Vec<Vec<Ring>>,
}

#[derive(Deserialize)]
enum GeometryType {
    MultiPolygon,
}

/// Positions (longitude, latitude) of a closed line.
pub(crate) type Ring = Vec<[f64; 2]>;

/// Reads the communes with all their rings, by code.
pub(crate) fn parse(file: &PackFile) -> Vec<(Commune, Vec<Ring>)> {
    if !file.is_clean() {
        return Vec::new();
    }
    let features = match serde_json::from_str::<Collection>(file.text()) {
        Ok(collection) => collection.features,
        Err(error) => {
            file.mistake(
                error.line(),
                error.to_string(),
                "a FeatureCollection of MultiPolygons with the properties code, name, kind and province_code",
            );
            return Vec::new();
        }
    };
    if features.is_empty() || features.len() >= usize::from(u16::MAX) - 1 {
        file.mistake(None, format!("{} communes", features.len()), "between 1 and 65,000 features");
    }
    let mut codes = HashSet::new();
    let mut communes: Vec<_> = features
        .into_iter()
        .enumerate()
        .filter_map(|(index, feature)| parse_feature(file, index, feature, &mut codes))
        .collect();
    communes.sort_by(|(a, _), (b, _)| a.code.cmp(&b.code));
    communes
}

fn parse_feature(
    file: &PackFile,
    index: usize,
    feature: Feature,
    codes: &mut HashSet<String>,
) -> Option<(Commune, Vec<Ring>)> {
    let Feature { properties, geometry: Geometry { r#type: GeometryType::MultiPolygon, coordinates } } =
        feature;
    let rings: Vec<Ring> = coordinates.into_iter().flatten().collect();
    for ring in &rings {
        if let Some((problem, instead)) = ring_mistake(ring) {
            file.mistake(line(file, index), format!("commune {}: {problem}", properties.code), instead);
        }
    }
    if rings.is_empty() {
        file.mistake(
            line(file, index),
            format!("commune {} has no polygon", properties.code),
            "a MultiPolygon",
        );
    }
    let code = properties.code.parse().map_err(|_| {
        file.mistake(
            line(file, index),
            format!("code {:?} is no commune code", properties.code),
            "digits, e.g. `32002`",
        );
    });
    if properties.name.trim().is_empty() || properties.kind.trim().is_empty() {
        file.mistake(line(file, index), "a commune without a name or kind", "its name and `xã` or `phường`");
    }
    if !codes.insert(properties.code.clone()) {
        file.mistake(
            line(file, index),
            format!("commune {} stands twice", properties.code),
            "one feature for each code",
        );
    }
    let Properties { name, kind, province_code, .. } = properties;
    Some((Commune { code: code.ok()?, name, kind, province_code }, rings))
}

/// What is wrong with a ring, and what would be right.
fn ring_mistake(ring: &Ring) -> Option<(String, &'static str)> {
    let outside = ring.iter().find(|[longitude, latitude]| Point::parse(*latitude, *longitude).is_err());
    if let Some([x, y]) = outside {
        return Some((format!("[{x}, {y}] is no place on earth"), "[longitude, latitude] in degrees"));
    }
    if ring.len() < 4 {
        return Some((
            format!("a ring of {} positions", ring.len()),
            "at least 4 positions, the last as the first",
        ));
    }
    if ring.first() != ring.last() {
        return Some(("a ring that is not closed".into(), "the first position again at the end"));
    }
    None
}

/// The line where a feature begins.
fn line(file: &PackFile, index: usize) -> Option<usize> {
    file.text().match_indices("\"Feature\"").nth(index).map(|(offset, _)| file.line_at(offset))
}
