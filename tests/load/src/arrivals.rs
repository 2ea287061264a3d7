//! When the actions of an open loop are due: evenly spaced or as a Poisson process, after a ramp from nothing.

use std::time::Duration;

use rand::RngExt as _;
use rand::rngs::StdRng;
use vocabulary::words;

words!(
    /// How arrivals are spaced.
    Spacing {
        /// All the same.
        Even = "even",
        /// At random, independent of each other, as people come.
        Poisson = "poisson",
    }
);

/// The moments from the start at which actions are due, in order, without end.
pub struct Arrivals {
    rate: f64,
    ramp: f64,
    spacing: Spacing,
    rng: StdRng,
    /// How many are due so far, were they to come one by one.
    expected: f64,
}

impl Arrivals {
    /// `rate` a second, reached at the end of `ramp`.
    pub fn new(rate: f64, ramp: Duration, spacing: Spacing, rng: StdRng) -> Self {
        Self { rate, ramp: ramp.as_secs_f64(), spacing, rng, expected: 0.0 }
    }

    /// The moment by which so many are expected: the inverse of `rate·t²/2ramp` in the ramp and of
    /// `rate·(t − ramp/2)` after it.
    fn moment(&self, expected: f64) -> Duration {
        let in_ramp = self.rate * self.ramp / 2.0;
        let seconds = if expected < in_ramp {
            (2.0 * self.ramp * expected / self.rate).sqrt()
        } else {
            self.ramp / 2.0 + expected / self.rate
        };
        Duration::from_secs_f64(seconds)
    }
}

impl Iterator for Arrivals {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let due = self.moment(self.expected);
        self.expected += match self.spacing {
            Spacing::Even => 1.0,
            // An exponential time between two arrivals; 1 − u is never 0.
            Spacing::Poisson => -(1.0 - self.rng.random::<f64>()).ln(),
        };
        Some(due)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    fn within(spacing: Spacing, seed: u64, from: u64, to: u64) -> Vec<Duration> {
        let ramp = Duration::from_secs(2);
        let arrivals = Arrivals::new(1_000.0, ramp, spacing, StdRng::seed_from_u64(seed));
        let (from, to) = (Duration::from_secs(from), Duration::from_secs(to));
        arrivals.take_while(|due| *due < to).filter(|due| from <= *due).collect()
    }

    #[test]
    fn the_ramp_brings_half_and_the_rate_holds_after_it() {
        for spacing in Spacing::ALL {
            let (ramp, after) = (within(*spacing, 1, 0, 2).len(), within(*spacing, 1, 2, 12).len());
            assert!(ramp.abs_diff(1_000) < 120 && after.abs_diff(10_000) < 350, "{spacing}: {ramp}, {after}");
        }
    }

    #[test]
    fn poisson_arrivals_vary_as_they_should_and_repeat_with_the_seed() {
        let arrivals = within(Spacing::Poisson, 1, 2, 22);
        assert_eq!(arrivals, within(Spacing::Poisson, 1, 2, 22));
        assert_ne!(arrivals, within(Spacing::Poisson, 2, 2, 22));
        let gaps: Vec<f64> = arrivals.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        // The standard deviation of exponential times is their mean.
        assert!((variance.sqrt() / mean - 1.0).abs() < 0.05, "{mean} ± {}", variance.sqrt());
    }
}
