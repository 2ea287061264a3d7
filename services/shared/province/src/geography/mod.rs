//! The communes and the way from a point to its commune.
//!
//! Every line of the province lies in the grid: a point in a cell far from all borders costs one look-up, another one an
//! exact test (the same arithmetic as the `geo` crate uses) against the edges of its grid row.

mod borders;
mod geojson;
mod grid;
mod scale;
#[cfg(test)]
mod tests;

use borders::{Borders, Side};
use grid::{Cover, Grid};
use robust::Coord;
use scale::Scale;
use vocabulary::{CommuneCode, Point};

use crate::file::PackFile;
use crate::profile::{Profile, Tolerances};

/// A commune (xã, phường).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commune {
    /// Code of the National Statistics Office.
    pub code: CommuneCode,
    /// Name without its kind, e.g. `Đất Mũi`.
    pub name: String,
    /// `xã` or `phường`.
    pub kind: String,
    /// Code of the province.
    pub province_code: String,
}

impl Commune {
    /// Kind and name, e.g. `xã Đất Mũi`.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.kind, self.name)
    }
}

/// Where a point lies.
#[derive(Debug, Clone, PartialEq)]
pub enum Match<'p> {
    /// In a commune or on its border. On a common border it is the commune with the lowest code.
    Inside(&'p Commune),
    /// In none, but within the tolerance of this one, which takes it; to be flagged.
    Nearest {
        /// The nearest commune.
        commune: &'p Commune,
        /// Distance to its border in metres.
        metres: f64,
    },
    /// Outside the province.
    Outside {
        /// The nearest commune, which does not take it.
        nearest: &'p Commune,
        /// Distance to its border in metres.
        metres: f64,
    },
}

/// A commune whose border is near a point.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate<'p> {
    /// The commune.
    pub commune: &'p Commune,
    /// Distance of the point to its border in metres, from either side.
    pub metres: f64,
}

/// The answer for a point.
#[derive(Debug, Clone, PartialEq)]
pub struct Located<'p> {
    /// Where it lies.
    pub place: Match<'p>,
    /// The communes whose border lies within `border_metres`: the point's own first, then by distance, then by code.
    /// Empty for a point far from all borders.
    pub candidates: Vec<Candidate<'p>>,
}

impl<'p> Located<'p> {
    /// The commune that takes the point; none outside the province.
    pub fn commune(&self) -> Option<&'p Commune> {
        match self.place {
            Match::Inside(commune) | Match::Nearest { commune, .. } => Some(commune),
            Match::Outside { .. } => None,
        }
    }
}

/// The communes of the province with their borders; at least one.
#[derive(Debug)]
pub struct Communes {
    communes: Vec<Commune>,
    borders: Borders,
    grid: Grid,
    tolerances: Tolerances,
}

impl Communes {
    /// Reads the map; without a profile only to check it and to know the codes.
    pub(crate) fn parse(file: &PackFile, profile: Option<&Profile>) -> Option<Self> {
        let (communes, rings): (Vec<_>, Vec<_>) = geojson::parse(file).into_iter().unzip();
        if let Some(profile) = profile {
            for foreign in communes.iter().filter(|commune: &&Commune| commune.province_code != profile.code)
            {
                file.mistake(
                    None,
                    format!("commune {} belongs to province {:?}", foreign.code, foreign.province_code),
                    format!("province_code `{}`, or leave the commune out", profile.code),
                );
            }
        }
        let unknown = Tolerances { nearest_tolerance_metres: 0.0, border_metres: 0.0 };
        let tolerances = profile.map_or(unknown, |profile| profile.location);
        file.is_clean().then(|| Self::new(communes, &rings, tolerances))
    }

    /// Communes in the order of their codes, each with its rings; at least one, all rings closed.
    fn new(communes: Vec<Commune>, rings: &[Vec<geojson::Ring>], tolerances: Tolerances) -> Self {
        let mut borders = Borders::default();
        rings.iter().for_each(|rings| borders.push(rings));
        let grid = Grid::new(&borders, tolerances.border_metres);
        Self { communes, borders, grid, tolerances }
    }

    /// All communes, by code.
    pub fn all(&self) -> &[Commune] {
        &self.communes
    }

    /// The commune of a code.
    pub fn find(&self, code: &CommuneCode) -> Option<&Commune> {
        self.communes
            .binary_search_by(|commune| commune.code.cmp(code))
            .ok()
            .map(|index| &self.communes[index])
    }

    /// Where a point lies and which borders are near.
    pub fn locate(&self, point: Point) -> Located<'_> {
        let at = Coord { x: point.longitude(), y: point.latitude() };
        let Some(cell) = self.grid.cell(at) else { return self.locate_outside(at) };
        let cover = self.grid.cover(cell);
        let near = self.grid.near(cell);
        match cover {
            Cover::One(commune) if near.is_empty() => {
                Located { place: Match::Inside(&self.communes[commune]), candidates: Vec::new() }
            }
            Cover::None if near.is_empty() => self.locate_outside(at),
            Cover::One(_) | Cover::None | Cover::Several => self.locate_near_border(at, near, cover),
        }
    }

    fn locate_near_border(&self, at: Coord<f64>, near: &[u32], cover: Cover) -> Located<'_> {
        let scale = Scale::at(at.y);
        let reach = self.tolerances.border_metres;
        let mut own = match cover {
            Cover::None => None,
            Cover::One(commune) => Some(commune),
            Cover::Several => self.borders.find_container(at),
        };
        let mut candidates = Vec::new();
        for edges in near.chunk_by(|a, b| self.borders.owner(*a) == self.borders.owner(*b)) {
            let commune = self.borders.owner(edges[0]);
            if own.is_none_or(|own| commune < own)
                && self.grid.side(&self.borders, commune, at) != Side::Outside
            {
                own = Some(commune);
            }
            let squared = self.borders.squared_metres(edges.iter().copied(), at, scale);
            if squared <= reach * reach {
                candidates.push((commune, squared.sqrt()));
            }
        }
        let (place, own) = match own {
            Some(own) => (Match::Inside(&self.communes[own]), own),
            None => self.match_nearest(at, scale),
        };
        candidates.sort_by(|a, b| (a.0 != own).cmp(&(b.0 != own)).then(a.1.total_cmp(&b.1)));
        let candidates = candidates
            .into_iter()
            .map(|(commune, metres)| Candidate { commune: &self.communes[commune], metres })
            .collect();
        Located { place, candidates }
    }

    /// A point whose cell no border comes near.
    fn locate_outside(&self, at: Coord<f64>) -> Located<'_> {
        Located { place: self.match_nearest(at, Scale::at(at.y)).0, candidates: Vec::new() }
    }

    fn match_nearest(&self, at: Coord<f64>, scale: Scale) -> (Match<'_>, usize) {
        let (index, metres) = self.borders.nearest(at, scale).unwrap_or((0, f64::INFINITY));
        let commune = &self.communes[index];
        if metres <= self.tolerances.nearest_tolerance_metres {
            (Match::Nearest { commune, metres }, index)
        } else {
            (Match::Outside { nearest: commune, metres }, index)
        }
    }

    /// Bytes held by borders and grid.
    pub fn memory_bytes(&self) -> usize {
        self.borders.memory_bytes() + self.grid.memory_bytes()
    }
}
