//! The Wilson score interval of a share (E. B. Wilson, "Probable inference, the law of succession, and statistical
//! inference", JASA 22, 1927, 209–212).

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// A confidence level as the normal quantile that belongs to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confidence {
    z: f64,
}

/// An observed share with its interval; all three lie in 0–1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// What was observed.
    pub value: f64,
    /// Lower end of the interval.
    pub lower: f64,
    /// Upper end of the interval.
    pub upper: f64,
}

impl Confidence {
    /// From a two-sided level between 0.5 and 0.999, e.g. 0.95; z solves `erfc(z/√2) = 1 − level`.
    pub fn two_sided(level: f64) -> Self {
        let outside = 1.0 - level.clamp(0.5, 0.999);
        let mut z = 0.0_f64;
        // erfc falls and is convex here, so Newton's steps from 0 rise to the root and never pass it.
        for _ in 0..64 {
            let error = libm::erfc(z * FRAC_1_SQRT_2) - outside;
            let step = error / ((2.0 / PI).sqrt() * (-z * z / 2.0).exp());
            z += step;
            if step.abs() < 1e-14 {
                break;
            }
        }
        Self { z }
    }

    /// The interval of `successes` among `of` answers. Without an answer nothing is known: 0–1.
    pub fn share(self, successes: i64, of: i64) -> Share {
        if of <= 0 {
            return Share { value: 0.0, lower: 0.0, upper: 1.0 };
        }
        let (s, n, zz) = (successes as f64, of as f64, self.z * self.z);
        let p = s / n;
        let centre = (p + zz / (2.0 * n)) / (1.0 + zz / n);
        let half = self.z / (1.0 + zz / n) * (p * (1.0 - p) / n + zz / (4.0 * n * n)).sqrt();
        // At 0 and 1 the formula is exact on paper but not in floating point.
        Share { value: p, lower: (centre - half).clamp(0.0, p), upper: (centre + half).clamp(p, 1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_quantile_is_the_published_one() {
        for (level, z) in
            [(0.5, 0.674_489_750_196_082), (0.9, 1.644_853_626_951_473), (0.95, 1.959_963_984_540_054)]
        {
            assert!((Confidence::two_sided(level).z - z).abs() < 1e-12, "{level}");
        }
        assert!((Confidence::two_sided(0.999).z - 3.290_526_731_491_926).abs() < 1e-10);
    }

    #[test]
    fn the_interval_equals_the_reference_values() {
        let wilson = Confidence::two_sided(0.95);
        let reference = [
            (5, 5, 0.57, 1.00),
            (9, 10, 0.60, 0.98),
            (27, 30, 0.74, 0.97),
            (90, 100, 0.83, 0.94),
            (480, 600, 0.77, 0.83),
            (0, 10, 0.00, 0.28),
        ];
        for (successes, of, lower, upper) in reference {
            let share = wilson.share(successes, of);
            let rounded = ((share.lower * 100.0).round() / 100.0, (share.upper * 100.0).round() / 100.0);
            assert_eq!(rounded, (lower, upper), "{successes}/{of}");
        }
    }

    #[test]
    fn nothing_asked_is_nothing_known() {
        assert_eq!(Confidence::two_sided(0.95).share(0, 0), Share { value: 0.0, lower: 0.0, upper: 1.0 });
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_share_and_narrows(of in 1_i64..100_000, part in 0.0..=1.0_f64) {
            let wilson = Confidence::two_sided(0.95);
            let successes = (part * of as f64) as i64;
            let share = wilson.share(successes, of);
            prop_assert!(0.0 <= share.lower && share.lower <= share.value);
            prop_assert!(share.value <= share.upper && share.upper <= 1.0);
            let wider = wilson.share(successes * 4, of * 4);
            prop_assert!(wider.upper - wider.lower < share.upper - share.lower);
            let mirror = wilson.share(of - successes, of);
            prop_assert!((mirror.lower - (1.0 - share.upper)).abs() < 1e-9);
        }
    }
}
