//! The border lines of the communes: exact point-in-polygon tests and distances.

use std::ops::Range;

use robust::{Coord, orient2d};

use super::scale::Scale;

/// A piece of border, its lower end first, so that both neighbours of a common line hold the same two ends and the
/// exact tests answer both alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Edge {
    pub low: Coord<f64>,
    pub high: Coord<f64>,
}

/// Where a point lies in relation to one polygon, or to one edge when a ray runs east from the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Outside,
    Border,
    Inside,
}

/// A rectangle in degrees.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub low: Coord<f64>,
    pub high: Coord<f64>,
}

/// All edges of all communes, those of one commune together.
#[derive(Debug, Default)]
pub(crate) struct Borders {
    edges: Vec<Edge>,
    owners: Vec<u16>,
    communes: Vec<Range<u32>>,
    bounds: Vec<Bounds>,
    /// For every commune: its edges in short runs, to pass over far ones at once.
    runs: Vec<Vec<Run>>,
}

/// Some edges that follow each other.
#[derive(Debug)]
struct Run {
    edges: Range<u32>,
    bounds: Bounds,
}

/// Edges in a run.
const RUN: usize = 32;

impl Edge {
    fn between(a: Coord<f64>, b: Coord<f64>) -> Option<Self> {
        if a == b {
            return None;
        }
        let ordered = (a.y, a.x) < (b.y, b.x);
        Some(if ordered { Self { low: a, high: b } } else { Self { low: b, high: a } })
    }

    /// How a ray that runs east from the point meets the edge. A ray through a common end of two edges meets only
    /// the one above it. `Inside` means "crosses".
    fn meets(&self, point: Coord<f64>) -> Side {
        if point.y < self.low.y || point.y > self.high.y {
            return Side::Outside;
        }
        let (west, east) = (self.low.x.min(self.high.x), self.low.x.max(self.high.x));
        if point.x > east {
            return Side::Outside;
        }
        let spans = point.y < self.high.y;
        if point.x < west {
            return if spans { Side::Inside } else { Side::Outside };
        }
        let turn = orient2d(self.low, self.high, point);
        if turn == 0.0 {
            Side::Border
        } else if turn > 0.0 && spans {
            Side::Inside
        } else {
            Side::Outside
        }
    }
}

impl Bounds {
    fn of(edges: &[Edge]) -> Self {
        let mut bounds = Self {
            low: Coord { x: f64::INFINITY, y: f64::INFINITY },
            high: Coord { x: f64::NEG_INFINITY, y: f64::NEG_INFINITY },
        };
        for end in edges.iter().flat_map(|edge| [edge.low, edge.high]) {
            bounds.low = Coord { x: bounds.low.x.min(end.x), y: bounds.low.y.min(end.y) };
            bounds.high = Coord { x: bounds.high.x.max(end.x), y: bounds.high.y.max(end.y) };
        }
        bounds
    }

    fn contains(&self, point: Coord<f64>) -> bool {
        (self.low.x..=self.high.x).contains(&point.x) && (self.low.y..=self.high.y).contains(&point.y)
    }

    fn squared_metres_to(&self, point: Coord<f64>, scale: Scale) -> f64 {
        let nearest =
            Coord { x: point.x.clamp(self.low.x, self.high.x), y: point.y.clamp(self.low.y, self.high.y) };
        scale.squared_to_segment(point, nearest, nearest)
    }
}

impl Borders {
    /// Adds the next commune's rings (closed, holes too).
    pub fn push(&mut self, rings: &[Vec<[f64; 2]>]) {
        let start = self.count();
        for ring in rings {
            let ends = ring.windows(2).map(|pair| pair.iter().map(|[x, y]| Coord { x: *x, y: *y }));
            self.edges.extend(ends.filter_map(|mut pair| Edge::between(pair.next()?, pair.next()?)));
        }
        let owner = u16::try_from(self.communes.len()).unwrap_or(u16::MAX);
        self.owners.resize(self.edges.len(), owner);
        self.communes.push(start..self.count());
        let added = &self.edges[start as usize..];
        self.bounds.push(Bounds::of(added));
        let firsts = (start..self.count()).step_by(RUN);
        let run = |(first, edges): (u32, &[Edge])| Run {
            edges: first..self.count().min(first + RUN as u32),
            bounds: Bounds::of(edges),
        };
        self.runs.push(firsts.zip(added.chunks(RUN)).map(run).collect());
    }

    fn count(&self) -> u32 {
        u32::try_from(self.edges.len()).unwrap_or(u32::MAX)
    }

    /// The number of communes.
    pub fn communes(&self) -> usize {
        self.communes.len()
    }

    /// The indices of one commune's edges.
    pub fn edges_of(&self, commune: usize) -> Range<u32> {
        self.communes[commune].clone()
    }

    /// One edge.
    pub fn edge(&self, edge: u32) -> Edge {
        self.edges[edge as usize]
    }

    /// The commune that an edge belongs to.
    pub fn owner(&self, edge: u32) -> usize {
        usize::from(self.owners[edge as usize])
    }

    /// The rectangle around one commune.
    pub fn bounds(&self, commune: usize) -> Bounds {
        self.bounds[commune]
    }

    /// The rectangle around all communes.
    pub fn extent(&self) -> Bounds {
        Bounds::of(&self.edges)
    }

    /// Where the point lies in relation to a polygon, given all of its edges that a ray east from the point could
    /// meet. Even-odd rule with exact arithmetic (adaptive-precision orientation test of Shewchuk).
    pub fn side(&self, edges: impl Iterator<Item = u32>, point: Coord<f64>) -> Side {
        let mut side = Side::Outside;
        for edge in edges {
            side = match (self.edge(edge).meets(point), side) {
                (Side::Border, _) => return Side::Border,
                (Side::Outside, side) => side,
                (Side::Inside, Side::Outside) => Side::Inside,
                (Side::Inside, _) => Side::Outside,
            };
        }
        side
    }

    /// The first commune that holds the point, by looking at all edges of all communes.
    pub fn find_container(&self, point: Coord<f64>) -> Option<usize> {
        (0..self.communes()).find(|commune| {
            self.bounds[*commune].contains(point)
                && self.side(self.edges_of(*commune), point) != Side::Outside
        })
    }

    /// Square of the distance from the point to the border of a commune, over the given edges, in square metres.
    pub fn squared_metres(&self, edges: impl Iterator<Item = u32>, point: Coord<f64>, scale: Scale) -> f64 {
        edges
            .map(|edge| self.edge(edge))
            .map(|edge| scale.squared_to_segment(point, edge.low, edge.high))
            .fold(f64::INFINITY, f64::min)
    }

    /// The commune whose border is nearest (the first of several), and the distance in metres.
    pub fn nearest(&self, point: Coord<f64>, scale: Scale) -> Option<(usize, f64)> {
        let bound = |commune: &usize| self.bounds[*commune].squared_metres_to(point, scale);
        let first = (0..self.communes()).min_by(|a, b| bound(a).total_cmp(&bound(b)))?;
        let mut best = (self.squared_metres_within(first, f64::INFINITY, point, scale), first);
        for commune in (0..self.communes()).filter(|commune| *commune != first) {
            if bound(&commune) <= best.0 {
                let found = (self.squared_metres_within(commune, best.0, point, scale), commune);
                best = if found < best { found } else { best };
            }
        }
        Some((best.1, best.0.sqrt()))
    }

    /// Square of the distance to the border of a commune if it is at most `limit`, otherwise infinity or any number
    /// above `limit`.
    fn squared_metres_within(&self, commune: usize, limit: f64, point: Coord<f64>, scale: Scale) -> f64 {
        self.runs[commune].iter().fold(f64::INFINITY, |best, run| {
            if run.bounds.squared_metres_to(point, scale) <= limit.min(best) {
                best.min(self.squared_metres(run.edges.clone(), point, scale))
            } else {
                best
            }
        })
    }

    /// Bytes held.
    pub fn memory_bytes(&self) -> usize {
        let runs: usize = self.runs.iter().map(|runs| size_of_val(&**runs)).sum();
        size_of_val(&*self.edges) + size_of_val(&*self.owners) + size_of_val(&*self.bounds) + runs
    }
}
