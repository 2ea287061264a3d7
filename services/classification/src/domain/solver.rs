//! The learner: for every column an L2-regularised squared-hinge separator, solved in its dual one example at a time
//! (Hsieh et al., "A Dual Coordinate Descent Method for Large-scale Linear SVM", ICML 2008), all columns abreast.

use super::model::{COLUMNS, Row, URGENCY};

/// One training vector with its labels.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    /// Row and value, each row once.
    pub(super) values: Vec<(u32, f32)>,
    pub(super) leaf: usize,
    pub(super) urgent: bool,
    /// What an error on it costs.
    pub(super) cost: f32,
}

pub(super) struct Problem<'a> {
    pub(super) samples: &'a [Sample],
    pub(super) rows: usize,
    pub(super) leaves: usize,
}

/// Weights per row and the bias. Unused columns stay zero.
pub(super) fn solve(problem: &Problem<'_>, epochs: usize, seed: u64) -> (Vec<Row>, Row) {
    let mut weights = vec![[0.0_f32; COLUMNS]; problem.rows];
    let mut bias = [0.0_f32; COLUMNS];
    let mut alphas = vec![[0.0_f32; COLUMNS]; problem.samples.len()];
    let mut order: Vec<usize> = (0..problem.samples.len()).collect();
    let mut random = Random(seed);
    for _ in 0..epochs {
        random.shuffle(&mut order);
        for &at in &order {
            step(&problem.samples[at], problem.leaves, &mut weights, &mut bias, &mut alphas[at]);
        }
    }
    (weights, bias)
}

/// Moves one example's dual variables to their optimum, all columns at once.
fn step(sample: &Sample, leaves: usize, weights: &mut [Row], bias: &mut Row, alpha: &mut Row) {
    let mut scores = *bias;
    let mut square = 1.0_f32;
    for &(row, value) in &sample.values {
        square += value * value;
        for (score, weight) in scores.iter_mut().zip(&weights[row as usize]) {
            *score += value * weight;
        }
    }
    let softness = 1.0 / (2.0 * sample.cost);
    let mut moves = [0.0_f32; COLUMNS];
    for column in (0..leaves).chain([URGENCY]) {
        let own = if column == URGENCY { sample.urgent } else { column == sample.leaf };
        let sign = if own { 1.0 } else { -1.0 };
        let gradient = sign * scores[column] - 1.0 + softness * alpha[column];
        let moved = (alpha[column] - gradient / (square + softness)).max(0.0);
        moves[column] = (moved - alpha[column]) * sign;
        alpha[column] = moved;
    }
    for (sum, change) in bias.iter_mut().zip(&moves) {
        *sum += change;
    }
    for &(row, value) in &sample.values {
        for (weight, change) in weights[row as usize].iter_mut().zip(&moves) {
            *weight += value * change;
        }
    }
}

/// SplitMix64 (Steele et al., OOPSLA 2014): small, seeded, the same on every machine.
#[derive(Debug, Clone)]
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which must not be 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(value: f32, leaf: usize, cost: f32) -> Sample {
        Sample { values: vec![(0, value)], leaf, urgent: leaf == 0, cost }
    }

    /// The primal objective of column 0: ½(w² + b²) + Σ cost · max(0, 1 − y(wx + b))².
    fn objective(samples: &[Sample], w: f32, b: f32) -> f32 {
        let loss = |s: &Sample| {
            let sign = if s.leaf == 0 { 1.0 } else { -1.0 };
            s.cost * (1.0 - sign * (w * s.values[0].1 + b)).max(0.0).powi(2)
        };
        0.5 * (w * w + b * b) + samples.iter().map(loss).sum::<f32>()
    }

    #[test]
    fn two_mirrored_points_meet_the_closed_form() {
        // Points ±x, cost C, b = 0 by symmetry: minimise ½w² + 2C(1 − wx)², so w = 4Cx / (1 + 4Cx²).
        let (x, cost) = (0.8, 0.7);
        let samples = [sample(x, 0, cost), sample(-x, 1, cost)];
        let (weights, bias) = solve(&Problem { samples: &samples, rows: 1, leaves: 2 }, 200, 1);
        let expected = 4.0 * cost * x / (1.0 + 4.0 * cost * x * x);
        assert!((weights[0][0] - expected).abs() < 1e-4, "{} {expected}", weights[0][0]);
        assert!(bias[0].abs() < 1e-4);
        assert!((weights[0][1] + expected).abs() < 1e-4, "the other leaf is its mirror");
        assert!((weights[0][URGENCY] - expected).abs() < 1e-4);
    }

    #[test]
    fn no_neighbour_of_the_solution_is_better() {
        let samples = [sample(1.0, 0, 1.0), sample(0.4, 0, 0.3), sample(0.5, 1, 1.0), sample(-0.9, 1, 2.0)];
        let (weights, bias) = solve(&Problem { samples: &samples, rows: 1, leaves: 2 }, 500, 1);
        let (w, b) = (weights[0][0], bias[0]);
        let best = objective(&samples, w, b);
        for (dw, db) in [(0.01, 0.0), (-0.01, 0.0), (0.0, 0.01), (0.0, -0.01), (0.01, 0.01), (-0.01, 0.01)] {
            assert!(objective(&samples, w + dw, b + db) >= best - 1e-6);
        }
    }

    /// The reference: the primal objective of one column, minimised by steepest descent in double precision.
    fn descend(samples: &[Sample], rows: usize, is_own: impl Fn(&Sample) -> bool) -> Vec<f64> {
        let bias = rows;
        let mut weights = vec![0.0; rows + 1];
        for _ in 0..20_000 {
            let mut gradient = weights.clone();
            for sample in samples {
                let sign = if is_own(sample) { 1.0 } else { -1.0 };
                let terms = || {
                    let values = sample.values.iter().map(|(row, value)| (*row as usize, f64::from(*value)));
                    values.chain([(bias, 1.0)])
                };
                let score: f64 = terms().map(|(row, value)| weights[row] * value).sum();
                let missing = (1.0 - sign * score).max(0.0);
                for (row, value) in terms() {
                    gradient[row] -= 2.0 * f64::from(sample.cost) * missing * sign * value;
                }
            }
            for (weight, slope) in weights.iter_mut().zip(&gradient) {
                *weight -= 0.005 * slope;
            }
        }
        weights
    }

    #[test]
    fn every_column_is_what_steepest_descent_finds() {
        const ROWS: usize = 6;
        const LEAVES: usize = 3;
        let mut random = Random(11);
        let mut unit = || random.below(2_001) as f32 / 1_000.0 - 1.0;
        let samples: Vec<Sample> = (0..40)
            .map(|at| {
                let values = (0..ROWS as u32).filter(|row| !(at as u32 + row).is_multiple_of(3));
                let values: Vec<_> = values.map(|row| (row, unit())).collect();
                let cost = 0.2 + 0.3 * unit().abs();
                Sample { values, leaf: at % LEAVES, urgent: unit() > 0.4, cost }
            })
            .collect();
        let (weights, bias) = solve(&Problem { samples: &samples, rows: ROWS, leaves: LEAVES }, 500, 1);
        for column in (0..LEAVES).chain([URGENCY]) {
            let is_own = |s: &Sample| if column == URGENCY { s.urgent } else { s.leaf == column };
            let expected = descend(&samples, ROWS, is_own);
            let found = weights.iter().chain([&bias]).map(|row| f64::from(row[column]));
            for (found, expected) in found.zip(&expected) {
                assert!((found - expected).abs() < 1e-3, "column {column}: {found}, not {expected}");
            }
        }
    }

    #[test]
    fn shuffles_keep_every_item() {
        let mut items: Vec<u32> = (0..50).collect();
        Random(3).shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}
