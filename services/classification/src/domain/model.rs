//! The linear model: one row of small weights per known n-gram, a column per leaf and one for urgency.

use serde::Serialize;
use vocabulary::{FieldCode, LeafCode};

use super::features::{Group, visit_grams};
use super::grams::Grams;
use super::lexicon::Lexicon;
use super::text::{Span, Text};

/// Columns of the weight matrix. Leaves come first; the last one tells urgent from normal.
pub const COLUMNS: usize = 32;
/// The column of the urgency score.
pub const URGENCY: usize = COLUMNS - 1;
/// How many leaves a model can tell apart.
pub const MAXIMUM_LEAVES: usize = COLUMNS - 1;

/// One float per column.
pub type Row = [f32; COLUMNS];

/// What a known n-gram says about each column, in units of the column's scale.
pub(super) type Weights = [i8; COLUMNS];

/// How scores become probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Calibration {
    /// Leaf scores are multiplied by it before the softmax: the inverse of the temperature.
    pub sharpness: f32,
    /// The urgency score is multiplied by it …
    pub urgency_slope: f32,
    /// … and this is added, before the logistic function.
    pub urgency_offset: f32,
}

/// A trained model. Immutable; share it.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub(super) leaves: Vec<LeafCode>,
    pub(super) grams: Grams,
    /// By row of the n-grams.
    pub(super) weights: Vec<Weights>,
    pub(super) scales: Row,
    pub(super) bias: Row,
    pub(super) calibration: Calibration,
    pub(super) lexicon: Lexicon,
    /// The fields of its leaves, each once.
    fields: Vec<FieldCode>,
    /// For every leaf the place of its field among them.
    field_of: Vec<usize>,
}

/// What a model says of one text.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Probability of each leaf, in the order of [`Model::leaves`]; sums to 1.
    pub leaves: Vec<f32>,
    /// Probability that the matter is at least urgent.
    pub urgent: f32,
}

impl Prediction {
    /// The index and probability of the likeliest leaf.
    pub fn best(&self) -> (usize, f32) {
        let best = self.leaves.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
        best.unwrap_or((0, 0.0))
    }
}

/// A stretch of a text and how much it spoke for a leaf (positive) or against it (negative).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contribution {
    /// One word of the original.
    pub span: Span,
    /// In units of the score before calibration.
    pub weight: f32,
}

impl Model {
    pub(super) fn new(
        leaves: Vec<LeafCode>,
        (grams, weights): (Grams, Vec<Weights>),
        scales: Row,
        bias: Row,
        calibration: Calibration,
        lexicon: Lexicon,
    ) -> Self {
        let mut fields: Vec<FieldCode> = Vec::new();
        let mut place = |field: FieldCode| {
            fields.iter().position(|known| *known == field).unwrap_or_else(|| {
                fields.push(field);
                fields.len() - 1
            })
        };
        let field_of = leaves.iter().map(|leaf| place(leaf.field())).collect();
        Self { leaves, grams, weights, scales, bias, calibration, lexicon, fields, field_of }
    }

    /// The leaves it tells apart, in the order of its probabilities.
    pub fn leaves(&self) -> &[LeafCode] {
        &self.leaves
    }

    /// How its scores become probabilities.
    pub fn calibration(&self) -> Calibration {
        self.calibration
    }

    /// The concepts it was trained with.
    pub fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    /// How many n-grams it knows.
    pub fn feature_count(&self) -> usize {
        self.grams.len()
    }

    /// Looks a text up in the model: the costly step, done once for everything that is asked of the text.
    pub fn look_up(&self, text: &Text<'_>) -> Reading {
        vectorise(text, &self.lexicon, &self.grams)
    }

    /// Classifies a text.
    pub fn predict(&self, reading: &Reading) -> Prediction {
        let scores = self.scores(reading);
        let leaves = softmax(&scores[..self.leaves.len()], self.calibration.sharpness);
        let urgent = self.calibration.urgency_slope * scores[URGENCY] + self.calibration.urgency_offset;
        Prediction { leaves, urgent: 1.0 / (1.0 + (-urgent).exp()) }
    }

    /// The field of the leaf at `leaf`.
    pub fn field_of(&self, leaf: usize) -> &FieldCode {
        &self.fields[self.field_of[leaf]]
    }

    /// The field probabilities of a prediction, likeliest first.
    pub fn fields(&self, prediction: &Prediction) -> Vec<(FieldCode, f32)> {
        let mut fields: Vec<(FieldCode, f32)> =
            self.fields.iter().map(|field| (field.clone(), 0.0)).collect();
        for (field, p) in self.field_of.iter().zip(&prediction.leaves) {
            fields[*field].1 += p;
        }
        fields.sort_by(|a, b| b.1.total_cmp(&a.1));
        fields
    }

    /// The words that spoke loudest for the leaf at `leaf`, at most `count`, loudest first.
    pub fn contributions(
        &self,
        text: &Text<'_>,
        reading: &Reading,
        leaf: usize,
        count: usize,
    ) -> Vec<Contribution> {
        let tokens = text.tokens();
        // An n-gram seen several times shares its weight among its places, and each among its words.
        let share = |value: &Value| {
            value.value * f32::from(self.weights[value.row as usize][leaf]) / value.count as f32
        };
        let shares: Vec<f32> = reading.values.iter().map(share).collect();
        let mut weights = vec![0.0_f32; tokens.len()];
        for place in &reading.places {
            let words = &mut weights[place.first as usize..place.last as usize + 1];
            let share = shares[place.value as usize] / words.len() as f32;
            words.iter_mut().for_each(|sum| *sum += share);
        }
        let mut all: Vec<_> = tokens
            .iter()
            .zip(weights)
            .map(|(token, weight)| Contribution { span: token.span, weight: weight * self.scales[leaf] })
            .filter(|contribution| contribution.weight > 0.0)
            .collect();
        let louder =
            |a: &Contribution, b: &Contribution| b.weight.total_cmp(&a.weight).then(a.span.cmp(&b.span));
        if count < all.len() {
            all.select_nth_unstable_by(count, louder);
            all.truncate(count);
        }
        all.sort_unstable_by(louder);
        all
    }

    pub(super) fn scores(&self, reading: &Reading) -> Row {
        let mut scores = [0.0; COLUMNS];
        for value in &reading.values {
            for (score, weight) in scores.iter_mut().zip(&self.weights[value.row as usize]) {
                *score += value.value * f32::from(*weight);
            }
        }
        for ((score, scale), bias) in scores.iter_mut().zip(&self.scales).zip(&self.bias) {
            *score = *score * scale + bias;
        }
        scores
    }
}

/// A text as a model sees it: which known n-grams stand where, and what each is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Group by group, in the order of their first places.
    pub(super) values: Vec<Value>,
    places: Vec<Place>,
    words: u32,
    known_words: u32,
}

impl Reading {
    /// The share of the text's words that the model knows; 0 for a text without words.
    pub fn known_share(&self) -> f32 {
        if self.words == 0 { 0.0 } else { self.known_words as f32 / self.words as f32 }
    }
}

/// One occurrence of a known n-gram: which value it is of, and the tokens it touches.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Place {
    value: u32,
    first: u32,
    last: u32,
}

/// One entry of a text's feature vector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Value {
    pub(super) row: u32,
    count: u32,
    pub(super) value: f32,
}

/// The feature vector of a text over known n-grams: (1 + ln count) × rarity, each group scaled to its weight.
pub(super) fn vectorise(text: &Text<'_>, lexicon: &Lexicon, known: &Grams) -> Reading {
    let (mut words, mut known_words) = (0, 0);
    let mut places = Vec::with_capacity(2 * text.folded_line().len());
    // Where the places of each group end.
    let mut ends = [0; Group::ALL.len()];
    visit_grams(text, lexicon, |gram| {
        let row = known.find(gram.hash);
        if gram.group == Group::FoldedWords && gram.first == gram.last {
            words += 1;
            known_words += u32::from(row.is_some());
        }
        if let Some(row) = row {
            places.push(Place { value: row, first: gram.first, last: gram.last });
            ends[gram.group as usize] = places.len();
        }
    });
    let mut values = Vec::with_capacity(places.len());
    let mut slots = Slots::new(places.len());
    let mut start = 0;
    for (group, end) in Group::ALL.into_iter().zip(ends) {
        let first = values.len();
        for place in places.get_mut(start..end).unwrap_or_default() {
            place.value = slots.count(place.value, &mut values);
        }
        weigh(&mut values[first..], group, known);
        start = start.max(end);
    }
    Reading { values, places, words, known_words }
}

fn weigh(values: &mut [Value], group: Group, known: &Grams) {
    for value in values.iter_mut() {
        // Nearly all occur once.
        let often = if value.count == 1 { 1.0 } else { 1.0 + (value.count as f32).ln() };
        value.value = often * known.rarity(value.row);
    }
    let square: f32 = values.iter().map(|value| value.value * value.value).sum();
    let factor = group.weight() / square.sqrt().max(f32::MIN_POSITIVE);
    values.iter_mut().for_each(|value| value.value *= factor);
}

/// Which value each row of a text has: 1 + its place, by open addressing. Sorting the rows took an eighth of a text's time.
struct Slots(Vec<u32>);

impl Slots {
    /// For at most `rows`.
    fn new(rows: usize) -> Self {
        Self(vec![0; (2 * rows).next_power_of_two()])
    }

    /// Counts one more occurrence of a row, and answers the place of its value.
    fn count(&mut self, row: u32, values: &mut Vec<Value>) -> u32 {
        let mask = self.0.len() - 1;
        let mut at = row as usize & mask;
        loop {
            let slot = &mut self.0[at];
            match slot.checked_sub(1) {
                None => {
                    values.push(Value { row, count: 1, value: 0.0 });
                    *slot = values.len() as u32;
                    return *slot - 1;
                }
                Some(place) if values[place as usize].row == row => {
                    values[place as usize].count += 1;
                    return place;
                }
                Some(_) => at = (at + 1) & mask,
            }
        }
    }
}

/// Probabilities of scores sharpened by `sharpness`.
pub(super) fn softmax(scores: &[f32], sharpness: f32) -> Vec<f32> {
    let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut shares: Vec<f32> = scores.iter().map(|score| ((score - top) * sharpness).exp()).collect();
    let sum: f32 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= sum);
    shares
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_row_has_one_value_that_counts_it(rows in proptest::collection::vec(0..40_u32, 0..60)) {
            let (mut slots, mut values) = (Slots::new(rows.len()), Vec::new());
            let mut expected = BTreeMap::new();
            for row in rows {
                let place = slots.count(row, &mut values);
                prop_assert_eq!(values[place as usize].row, row);
                *expected.entry(row).or_insert(0) += 1;
            }
            let counted: BTreeMap<u32, u32> = values.iter().map(|value| (value.row, value.count)).collect();
            prop_assert_eq!((counted, values.len()), (expected.clone(), expected.len()));
        }
    }
}
