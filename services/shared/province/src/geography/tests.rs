//! The grid against a brute-force search with the `geo` crate.

use std::path::Path;
use std::sync::LazyLock;

use geo::{Distance, Euclidean, Intersects, LineString, MapCoords, MultiPolygon, Polygon};
use proptest::prelude::*;
use vocabulary::Point;

use super::geojson::Ring;
use super::scale::Scale;
use super::{Commune, Communes, Match, geojson};
use crate::file::PackFile;
use crate::profile::Tolerances;

const TOLERANCES: Tolerances = Tolerances { nearest_tolerance_metres: 2_000.0, border_metres: 60.0 };

/// The same communes twice: as the product holds them, and as `geo` does.
struct Map {
    communes: Communes,
    shapes: Vec<MultiPolygon>,
}

impl Map {
    /// Each commune is a list of polygons, each polygon a list of rings, the outer one first.
    fn new(communes: Vec<Vec<Vec<Ring>>>) -> Self {
        let line = |ring: &Ring| LineString::from(ring.clone());
        let shape = |polygons: &Vec<Vec<Ring>>| {
            polygons
                .iter()
                .map(|rings| Polygon::new(line(&rings[0]), rings[1..].iter().map(line).collect()))
                .collect()
        };
        let shapes = communes.iter().map(shape).collect();
        let heads = (0..communes.len()).map(|index| Commune {
            code: format!("{index:05}").parse().expect("code"),
            name: format!("commune {index}"),
            kind: "xã".into(),
            province_code: "96".into(),
        });
        let heads = heads.collect();
        let rings: Vec<Vec<Ring>> =
            communes.into_iter().map(|polygons| polygons.into_iter().flatten().collect()).collect();
        Self { communes: Communes::new(heads, &rings, TOLERANCES), shapes }
    }

    /// Distances in metres to the border of every commune.
    fn distances(&self, at: geo::Point) -> Vec<f64> {
        let scale = Scale::at(at.y());
        let plane = |shape: &MultiPolygon| {
            shape.map_coords(
                |end| geo::coord! { x: (end.x - at.x()) * scale.x, y: (end.y - at.y()) * scale.y },
            )
        };
        let lines = |shape: MultiPolygon| {
            let rings = shape.into_iter().flat_map(|polygon| {
                let (outer, inner) = polygon.into_inner();
                std::iter::once(outer).chain(inner)
            });
            geo::MultiLineString::new(rings.collect())
        };
        let origin = geo::Point::new(0.0, 0.0);
        self.shapes.iter().map(|shape| Euclidean.distance(&lines(plane(shape)), &origin)).collect()
    }

    fn check(&self, longitude: f64, latitude: f64) -> Result<(), TestCaseError> {
        let at = geo::Point::new(longitude, latitude);
        let located = self.communes.locate(Point::parse(latitude, longitude).expect("point"));
        let index = |commune: &Commune| commune.code.as_str().parse::<usize>().expect("index");
        let distances = self.distances(at);
        let least = distances.iter().copied().fold(f64::INFINITY, f64::min);
        let container = self.shapes.iter().position(|shape| shape.intersects(&at));
        let own = match (&located.place, container) {
            (Match::Inside(commune), Some(expected)) => {
                prop_assert_eq!(index(commune), expected);
                expected
            }
            (Match::Nearest { commune, metres } | Match::Outside { nearest: commune, metres }, None) => {
                prop_assert!((metres - least).abs() < 1e-6 * (1.0 + least), "{} {}", metres, least);
                prop_assert!((distances[index(commune)] - least).abs() < 1e-6 * (1.0 + least));
                let near = matches!(located.place, Match::Nearest { .. });
                prop_assert!(near == (*metres <= TOLERANCES.nearest_tolerance_metres));
                index(commune)
            }
            (place, expected) => {
                return Err(TestCaseError::fail(format!("{place:?}, expected {expected:?}")));
            }
        };
        let found: Vec<_> = located.candidates.iter().map(|candidate| index(candidate.commune)).collect();
        for (commune, metres) in distances.iter().enumerate() {
            if (metres - TOLERANCES.border_metres).abs() > 1e-6 {
                prop_assert_eq!(
                    found.contains(&commune),
                    *metres < TOLERANCES.border_metres,
                    "{} {}",
                    commune,
                    metres
                );
            }
        }
        prop_assert!(!found.contains(&own) || found[0] == own);
        for candidate in &located.candidates {
            prop_assert!((candidate.metres - distances[index(candidate.commune)]).abs() < 1e-6);
        }
        let others = &located.candidates[usize::from(found.first() == Some(&own))..];
        prop_assert!(others.is_sorted_by(|a, b| a.metres <= b.metres));
        Ok(())
    }
}

/// The map of Cà Mau; codes are replaced by the communes' places in the list.
static CA_MAU: LazyLock<(Map, Vec<[f64; 2]>)> = LazyLock::new(|| {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../deploy/camau");
    let file = PackFile::read(&dir, "communes.geojson");
    let communes: Vec<Vec<Ring>> = geojson::parse(&file).into_iter().map(|(_, rings)| rings).collect();
    assert_eq!(communes.len(), 64);
    let positions = communes.iter().flatten().flatten().copied().collect();
    let polygons = |rings: Vec<Ring>| rings.into_iter().map(|ring| vec![ring]).collect();
    (Map::new(communes.into_iter().map(polygons).collect()), positions)
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn anywhere_in_ca_mau(longitude in 104.3..106.1_f64, latitude in 8.3..9.8_f64) {
        CA_MAU.0.check(longitude, latitude)?;
    }

    /// Exactly on corners, on middles of edges, and up to 200 m beside them.
    #[test]
    fn on_and_beside_the_borders_of_ca_mau(
        corner in any::<proptest::sample::Index>(),
        halfway in any::<bool>(),
        reach in prop_oneof![Just(0.0), Just(1e-7), Just(0.0005), Just(0.002)],
        (x, y) in (-1.0..1.0_f64, -1.0..1.0_f64),
    ) {
        let (map, positions) = &*CA_MAU;
        let index = corner.index(positions.len() - 1);
        let [[ax, ay], [bx, by]] = [positions[index], positions[index + usize::from(halfway)]];
        map.check((ax + bx) / 2.0 + reach * x, (ay + by) / 2.0 + reach * y)?;
    }
}

/// A closed ring around a middle, with as many corners as radii (in degrees).
fn star((x, y): (f64, f64), radii: &[f64]) -> Ring {
    let corner = |(index, radius): (usize, &f64)| {
        let angle = std::f64::consts::TAU * index as f64 / radii.len() as f64;
        [x + radius * angle.cos(), y + radius * angle.sin()]
    };
    let mut ring: Ring = radii.iter().enumerate().map(corner).collect();
    ring.push(ring[0]);
    ring
}

/// A closed rectangle on a lattice of about 110 m, so that sides and corners coincide often.
fn rectangle((x, y): (u32, u32), (width, height): (u32, u32)) -> Ring {
    let at = |x: u32, y: u32| [105.0 + f64::from(x) * 0.001, 9.0 + f64::from(y) * 0.001];
    vec![at(x, y), at(x + width, y), at(x + width, y + height), at(x, y + height), at(x, y)]
}

fn any_commune() -> impl Strategy<Value = Vec<Vec<Ring>>> {
    let middle = (105.0..105.04_f64, 9.0..9.04_f64);
    let corner = (0_u32..40, 0_u32..40);
    let size = (1_u32..12, 1_u32..12);
    prop_oneof![
        // An island or a piece of land of any shape.
        (middle.clone(), prop::collection::vec(0.0001..0.01_f64, 3..24))
            .prop_map(|(at, radii)| vec![vec![star(at, &radii)]]),
        // A sliver of 47 corners: a chain of needles.
        (middle, prop::collection::vec(prop_oneof![Just(1e-6), 0.001..0.02_f64], 47))
            .prop_map(|(at, radii)| vec![vec![star(at, &radii)]]),
        // Lattice rectangles, two parts that do not overlap, and one with a hole.
        (corner.clone(), size.clone()).prop_map(|(at, size)| vec![vec![rectangle(at, size)]]),
        (corner.clone(), size.clone(), 1_u32..5).prop_map(|((x, y), size, gap)| {
            vec![vec![rectangle((x, y), size)], vec![rectangle((x + size.0 + gap, y), size)]]
        }),
        (corner, size).prop_map(|((x, y), (width, height))| {
            let outer = rectangle((x, y), (width + 2, height + 2));
            vec![vec![outer, rectangle((x + 1, y + 1), (width, height))]]
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any communes, overlapping ones, too: the lowest code wins.
    #[test]
    fn any_map_is_searched_exactly(
        communes in prop::collection::vec(any_commune(), 1..8),
        free in prop::collection::vec((104.95..105.1_f64, 8.95..9.1_f64), 12),
        lattice in prop::collection::vec((0_u32..55, 0_u32..55), 12),
        corners in prop::collection::vec(any::<(proptest::sample::Index, bool)>(), 12),
    ) {
        let positions: Vec<[f64; 2]> = communes.iter().flatten().flatten().flatten().copied().collect();
        let map = Map::new(communes);
        for (x, y) in free {
            map.check(x, y)?;
        }
        for (x, y) in lattice {
            let [x, y] = rectangle((x, y), (1, 1))[0];
            map.check(x, y)?;
        }
        for (corner, halfway) in corners {
            let index = corner.index(positions.len() - 1);
            let [[ax, ay], [bx, by]] = [positions[index], positions[index + usize::from(halfway)]];
            map.check((ax + bx) / 2.0, (ay + by) / 2.0)?;
        }
    }
}

#[test]
fn a_common_border_belongs_to_the_lowest_code_and_carries_both() {
    let map =
        Map::new(vec![vec![vec![rectangle((10, 0), (10, 10))]], vec![vec![rectangle((0, 0), (10, 10))]]]);
    let located = map.communes.locate(Point::parse(9.005, 105.01).expect("point"));
    assert!(matches!(located.place, Match::Inside(commune) if commune.code.as_str() == "00000"));
    assert_eq!(located.candidates.iter().map(|candidate| candidate.metres).collect::<Vec<_>>(), [0.0, 0.0]);
}

#[test]
fn far_away_is_outside_and_never_a_panic() {
    let (map, _) = &*CA_MAU;
    for (latitude, longitude) in
        [(90.0, 180.0), (-90.0, -180.0), (21.0, 105.8), (0.0, -1e-300), (9.1, 1e-300)]
    {
        let located = map.communes.locate(Point::parse(latitude, longitude).expect("point"));
        assert!(matches!(located.place, Match::Outside { metres, .. } if metres > 100_000.0));
    }
}

#[test]
fn broken_maps_are_refused_with_a_line() {
    let feature = |code: &str, ring: &str| {
        format!(
            "{{\"type\":\"Feature\",\"properties\":{{\"code\":\"{code}\",\"name\":\"A\",\"kind\":\"xã\",\"province_code\":\"96\"}},\
             \"geometry\":{{\"type\":\"MultiPolygon\",\"coordinates\":[[{ring}]]}}}}"
        )
    };
    let good = "[[105,9],[105.1,9],[105,9.1],[105,9]]";
    for second in [
        feature("32001", good),
        feature("x", good),
        feature("32002", "[[105,9],[105.1,9],[105,9.1],[105,9.01]]"),
        feature("32002", "[[105,9],[105.1,9],[105,9]]"),
        feature("32002", "[[9,105],[9,105.1],[9.1,105],[9,105]]"),
        feature("32002", good).replace("MultiPolygon", "Polygon"),
    ] {
        let text = format!(
            "{{\"type\":\"FeatureCollection\",\"features\":[\n{},\n{second}]}}",
            feature("32001", good)
        );
        let file = PackFile::of("communes.geojson", &text);
        assert!(Communes::parse(&file, None).is_none(), "{second}");
        let mistakes = file.into_mistakes();
        assert!(mistakes.iter().all(|mistake| mistake.line == Some(3)), "{mistakes:?}");
    }
}
