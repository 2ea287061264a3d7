//! Honest probabilities: the temperature and the logistic curve that fit scores of texts the scorer never saw.

use vocabulary::Urgency;

use super::model::{Calibration, Model, Row, URGENCY, softmax};
use super::text::Text;
use super::train::Example;

/// The scores of one unseen text and its labels.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scored {
    pub(super) scores: Row,
    pub(super) leaf: usize,
    pub(super) urgent: bool,
}

/// The calibration that fits these scores best.
pub(super) fn calibration_for(scored: &[Scored], leaves: usize) -> Calibration {
    let (urgency_slope, urgency_offset) = logistic_fit(scored);
    Calibration { sharpness: best_sharpness(scored, leaves), urgency_slope, urgency_offset }
}

impl Model {
    /// The same model with the calibration that fits labelled texts best, which it must not have been trained on. Texts of
    /// leaves that it does not know are passed over.
    pub fn recalibrated(&self, on: &[Example]) -> Self {
        let score = |example: &Example| {
            let leaf = self.leaves().iter().position(|leaf| *leaf == example.leaf)?;
            let scores = self.scores(&self.look_up(&Text::parse(&example.text)));
            Some(Scored { scores, leaf, urgent: example.urgency != Urgency::Normal })
        };
        let scored: Vec<Scored> = on.iter().filter_map(score).collect();
        let mut model = self.clone();
        model.calibration = calibration_for(&scored, self.leaves().len());
        model
    }
}

/// Minimises the negative log-likelihood, which has one valley, by golden-section search on the logarithm.
pub(super) fn best_sharpness(scored: &[Scored], leaves: usize) -> f32 {
    let loss = |log_sharpness: f32| -> f64 {
        let of_one = |Scored { scores, leaf, .. }: &Scored| {
            let p = softmax(&scores[..leaves], log_sharpness.exp())[*leaf];
            -f64::from(p.max(1e-9)).ln()
        };
        scored.iter().map(of_one).sum()
    };
    let ratio = 0.618_034_f32;
    let (mut low, mut high) = (-1.0_f32, 4.0_f32);
    for _ in 0..30 {
        let (left, right) = (high - ratio * (high - low), low + ratio * (high - low));
        if loss(left) < loss(right) {
            high = right;
        } else {
            low = left;
        }
    }
    f32::midpoint(low, high).exp()
}

/// Slope and offset of the logistic function that best tells urgent scores from normal ones (Platt), by Newton steps
/// with a small ridge that keeps separable data finite.
pub(super) fn logistic_fit(scored: &[Scored]) -> (f32, f32) {
    let (mut slope, mut offset) = (1.0_f64, 0.0_f64);
    for _ in 0..25 {
        let (mut ga, mut gb, mut haa, mut hab, mut hbb) = (1e-3 * slope, 1e-3 * offset, 1e-3, 0.0, 1e-3);
        for Scored { scores, urgent, .. } in scored {
            let score = f64::from(scores[URGENCY]);
            let p = 1.0 / (1.0 + (-(slope * score + offset)).exp());
            let error = p - f64::from(u8::from(*urgent));
            let spread = p * (1.0 - p);
            ga += error * score;
            gb += error;
            haa += spread * score * score;
            hab += spread * score;
            hbb += spread;
        }
        let determinant = haa * hbb - hab * hab;
        slope -= ((ga * hbb - gb * hab) / determinant).clamp(-2.0, 2.0);
        offset -= ((gb * haa - ga * hab) / determinant).clamp(-2.0, 2.0);
    }
    (slope as f32, offset as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model::COLUMNS;

    fn scored(first: f32, leaf: usize, urgency: f32, urgent: bool) -> Scored {
        let mut scores = [0.0; COLUMNS];
        scores[0] = first;
        scores[URGENCY] = urgency;
        Scored { scores, leaf, urgent }
    }

    #[test]
    fn sharpness_matches_the_closed_form() {
        // Score 1 for a leaf that is right 3 times of 4: e^s / (e^s + 1) = 3/4, so s = ln 3.
        let texts = [0, 0, 0, 1].map(|leaf| scored(1.0, leaf, 0.0, false));
        assert!((best_sharpness(&texts, 2) - 3.0_f32.ln()).abs() < 1e-3);
    }

    #[test]
    fn the_logistic_curve_matches_the_observed_shares() {
        // At score 0, 1 of 4 is urgent; at score 1, 3 of 4: offset −ln 3, slope 2 ln 3.
        let at = |score, urgent| (0..100).map(move |n| scored(0.0, 0, score, n < urgent));
        let texts: Vec<_> = at(0.0, 25).chain(at(1.0, 75)).collect();
        let (slope, offset) = logistic_fit(&texts);
        assert!((slope - 2.0 * 3.0_f32.ln()).abs() < 0.02, "{slope}");
        assert!((offset + 3.0_f32.ln()).abs() < 0.02, "{offset}");
    }
}
