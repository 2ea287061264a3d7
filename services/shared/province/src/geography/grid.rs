//! A grid over the province that answers most points at once and leaves few edges to look at for the others.

use robust::Coord;

use super::borders::{Borders, Side};
use super::scale::Scale;

/// Wanted side of a cell. Smaller cells answer more points at once and cost more memory and load time.
const CELL_METRES: f64 = 200.0;
/// A province with far islands gets larger cells instead of more than this many.
const MAXIMUM_CELLS: f64 = 1_000_000.0;
/// Widens the reach of an edge against rounding.
const ALLOWANCE: f64 = 1.01;

/// Which communes cover a cell without a border in it or within reach of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cover {
    None,
    One(usize),
    /// Only where polygons overlap.
    Several,
}

/// Equal cells in degrees, row by row from the south-west.
#[derive(Debug)]
pub(crate) struct Grid {
    origin: Coord<f64>,
    cell: Coord<f64>,
    columns: usize,
    rows: usize,
    /// For every cell: the edges that come within reach of it, in order.
    near: Lists,
    /// For every cell: 0 none, otherwise 1 + index of the commune, `SEVERAL` for more than one.
    cover: Vec<u16>,
    lanes: Vec<Lanes>,
}

const SEVERAL: u16 = u16::MAX;

/// The edges of one commune by grid row: all that a ray along the row could meet.
#[derive(Debug)]
struct Lanes {
    first_row: usize,
    edges: Lists,
}

/// Many short lists in one allocation.
#[derive(Debug, Default)]
struct Lists {
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    /// Sorts (list, item) pairs into their lists; the order inside a list is kept.
    fn new(lists: usize, pairs: &[(u32, u32)]) -> Self {
        let mut starts = vec![0_u32; lists + 1];
        for (list, _) in pairs {
            starts[*list as usize + 1] += 1;
        }
        for list in 0..lists {
            starts[list + 1] += starts[list];
        }
        let mut next = starts.clone();
        let mut items = vec![0; pairs.len()];
        for (list, item) in pairs {
            let place = &mut next[*list as usize];
            items[*place as usize] = *item;
            *place += 1;
        }
        Self { starts, items }
    }

    fn get(&self, list: usize) -> &[u32] {
        match (self.starts.get(list), self.starts.get(list + 1)) {
            (Some(start), Some(end)) => &self.items[*start as usize..*end as usize],
            _ => &[],
        }
    }

    fn memory_bytes(&self) -> usize {
        size_of_val(&*self.starts) + size_of_val(&*self.items)
    }
}

impl Grid {
    /// Lays the grid; an edge is near a cell when it comes within `reach_metres` of it.
    pub fn new(borders: &Borders, reach_metres: f64) -> Self {
        let reach_metres = reach_metres.max(1.0);
        let extent = borders.extent();
        let narrowest = Scale::at(extent.low.y.abs().max(extent.high.y.abs()));
        let reach = Coord {
            x: reach_metres * ALLOWANCE / narrowest.x,
            y: reach_metres * ALLOWANCE / Scale::at(0.0).y,
        };
        let width = extent.high.x - extent.low.x + 2.0 * reach.x;
        let height = extent.high.y - extent.low.y + 2.0 * reach.y;
        let area = width * narrowest.x * height * narrowest.y;
        let side = CELL_METRES.max((area / MAXIMUM_CELLS).sqrt());
        let cell = Coord { x: side / narrowest.x, y: side / narrowest.y };
        let mut grid = Self {
            origin: Coord { x: extent.low.x - reach.x, y: extent.low.y - reach.y },
            cell,
            columns: whole(width / cell.x) + 1,
            rows: whole(height / cell.y) + 1,
            near: Lists::default(),
            cover: Vec::new(),
            lanes: Vec::new(),
        };
        grid.cover = vec![0; grid.columns * grid.rows];
        let mut pairs = Vec::new();
        for commune in 0..borders.communes() {
            grid.lanes.push(grid.lanes_of(borders, commune));
            let start = pairs.len();
            for edge in borders.edges_of(commune) {
                grid.trace(borders, edge, reach, &mut pairs);
            }
            grid.fill(borders, commune, &pairs[start..]);
        }
        grid.near = Lists::new(grid.columns * grid.rows, &pairs);
        grid
    }

    /// The cell that holds the point.
    pub fn cell(&self, point: Coord<f64>) -> Option<usize> {
        let (x, y) = ((point.x - self.origin.x) / self.cell.x, (point.y - self.origin.y) / self.cell.y);
        let (column, row) = (whole(x), whole(y));
        (x >= 0.0 && y >= 0.0 && column < self.columns && row < self.rows)
            .then(|| row * self.columns + column)
    }

    /// The edges within reach of a cell, those of one commune together, communes in order.
    pub fn near(&self, cell: usize) -> &[u32] {
        self.near.get(cell)
    }

    /// The communes that cover a cell wholly, with no border of theirs within reach.
    pub fn cover(&self, cell: usize) -> Cover {
        match self.cover[cell] {
            0 => Cover::None,
            SEVERAL => Cover::Several,
            commune => Cover::One(usize::from(commune) - 1),
        }
    }

    /// Where the point lies in relation to one commune.
    pub fn side(&self, borders: &Borders, commune: usize, point: Coord<f64>) -> Side {
        let lanes = &self.lanes[commune];
        match self.row(point.y).checked_sub(lanes.first_row) {
            Some(lane) => borders.side(lanes.edges.get(lane).iter().copied(), point),
            None => Side::Outside,
        }
    }

    fn row(&self, y: f64) -> usize {
        whole((y - self.origin.y) / self.cell.y).min(self.rows - 1)
    }

    fn column(&self, x: f64) -> usize {
        whole((x - self.origin.x) / self.cell.x).min(self.columns - 1)
    }

    fn lanes_of(&self, borders: &Borders, commune: usize) -> Lanes {
        let bounds = borders.bounds(commune);
        let (first_row, last_row) = (self.row(bounds.low.y), self.row(bounds.high.y));
        let mut pairs = Vec::new();
        for index in borders.edges_of(commune) {
            let edge = borders.edge(index);
            pairs.extend(
                (self.row(edge.low.y)..=self.row(edge.high.y)).map(|row| (small(row - first_row), index)),
            );
        }
        Lanes { first_row, edges: Lists::new(last_row - first_row + 1, &pairs) }
    }

    /// Notes every cell that the edge comes within reach of, row by row.
    fn trace(&self, borders: &Borders, index: u32, reach: Coord<f64>, pairs: &mut Vec<(u32, u32)>) {
        let edge = borders.edge(index);
        let slope = (edge.high.x - edge.low.x) / (edge.high.y - edge.low.y);
        let x_at = |y: f64| edge.low.x + slope * (y - edge.low.y);
        for row in self.row(edge.low.y - reach.y)..=self.row(edge.high.y + reach.y) {
            let south = self.origin.y + row as f64 * self.cell.y - reach.y;
            let north = south + self.cell.y + 2.0 * reach.y;
            // A flat edge has no slope: it lies in the row with its whole length.
            let from = if south > edge.low.y && slope.is_finite() { x_at(south) } else { edge.low.x };
            let to = if north < edge.high.y && slope.is_finite() { x_at(north) } else { edge.high.x };
            let columns = self.column(from.min(to) - reach.x)..=self.column(from.max(to) + reach.x);
            pairs.extend(columns.map(|column| (small(row * self.columns + column), index)));
        }
    }

    /// Marks the cells that one commune covers: between the cells near its border nothing changes along a row, so
    /// one exact test decides for a whole run of cells.
    fn fill(&mut self, borders: &Borders, commune: usize, near: &[(u32, u32)]) {
        let bounds = borders.bounds(commune);
        let (first_column, last_column) = (self.column(bounds.low.x), self.column(bounds.high.x));
        let (first_row, last_row) = (self.row(bounds.low.y), self.row(bounds.high.y));
        let width = last_column - first_column + 1;
        let mut bordered = vec![false; width * (last_row - first_row + 1)];
        for (cell, _) in near {
            let (row, column) = (*cell as usize / self.columns, *cell as usize % self.columns);
            if (first_row..=last_row).contains(&row) && (first_column..=last_column).contains(&column) {
                bordered[(row - first_row) * width + column - first_column] = true;
            }
        }
        for row in first_row..=last_row {
            let mut covered = None;
            for column in first_column..=last_column {
                if bordered[(row - first_row) * width + column - first_column] {
                    covered = None;
                    continue;
                }
                let covered = *covered.get_or_insert_with(|| {
                    self.side(borders, commune, self.centre(column, row)) == Side::Inside
                });
                if covered {
                    let cover = &mut self.cover[row * self.columns + column];
                    *cover = if *cover == 0 { small_index(commune) + 1 } else { SEVERAL };
                }
            }
        }
    }

    fn centre(&self, column: usize, row: usize) -> Coord<f64> {
        Coord {
            x: self.origin.x + (column as f64 + 0.5) * self.cell.x,
            y: self.origin.y + (row as f64 + 0.5) * self.cell.y,
        }
    }

    /// Bytes held.
    pub fn memory_bytes(&self) -> usize {
        let lanes: usize = self.lanes.iter().map(|lanes| lanes.edges.memory_bytes()).sum();
        self.near.memory_bytes() + size_of_val(&*self.cover) + lanes
    }
}

/// The whole part of a number of cells; negative numbers and NaN give 0.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
fn whole(cells: f64) -> usize {
    cells as usize
}

fn small(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

fn small_index(commune: usize) -> u16 {
    u16::try_from(commune).unwrap_or(SEVERAL - 1)
}
