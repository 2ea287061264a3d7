//! The linear model: one row of small weights per known n-gram, a column per leaf and one for urgency.

use vocabulary::{FieldCode, LeafCode};

use super::features::{Gram, Group, visit_grams};
use super::text::{Span, Text};

/// Columns of the weight matrix. Leaves come first; the last one tells urgent from normal.
pub const COLUMNS: usize = 32;
/// The column of the urgency score.
pub const URGENCY: usize = COLUMNS - 1;
/// How many leaves a model can tell apart.
pub const MAXIMUM_LEAVES: usize = COLUMNS - 1;

/// One float per column.
pub type Row = [f32; COLUMNS];

/// A known n-gram: how rare it is and what it says about each leaf.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Feature {
    pub(super) hash: u32,
    /// Inverse document frequency in steps of 1/32.
    pub(super) rarity: u8,
    pub(super) weights: [i8; COLUMNS],
}

/// How scores become probabilities.
#[derive(Debug, Clone, Copy, PartialEq)]
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
    pub(super) features: Vec<Feature>,
    pub(super) scales: Row,
    pub(super) bias: Row,
    pub(super) calibration: Calibration,
    index: HashIndex,
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
        features: Vec<Feature>,
        scales: Row,
        bias: Row,
        calibration: Calibration,
    ) -> Self {
        let index = HashIndex::new(features.iter().map(|feature| feature.hash));
        Self { leaves, features, scales, bias, calibration, index }
    }

    /// The leaves it tells apart, in the order of its probabilities.
    pub fn leaves(&self) -> &[LeafCode] {
        &self.leaves
    }

    /// How its scores become probabilities.
    pub fn calibration(&self) -> Calibration {
        self.calibration
    }

    /// How many n-grams it knows.
    pub fn feature_count(&self) -> usize {
        self.features.len()
    }

    /// Classifies a text.
    pub fn predict(&self, text: &Text<'_>) -> Prediction {
        let scores = self.scores(text);
        let leaves = softmax(&scores[..self.leaves.len()], self.calibration.sharpness);
        let urgent = self.calibration.urgency_slope * scores[URGENCY] + self.calibration.urgency_offset;
        Prediction { leaves, urgent: 1.0 / (1.0 + (-urgent).exp()) }
    }

    /// The field probabilities of a prediction, likeliest first.
    pub fn fields(&self, prediction: &Prediction) -> Vec<(FieldCode, f32)> {
        let mut fields: Vec<(FieldCode, f32)> = Vec::new();
        for (leaf, p) in self.leaves.iter().zip(&prediction.leaves) {
            let field = leaf.field();
            match fields.iter_mut().find(|(known, _)| *known == field) {
                Some((_, sum)) => *sum += p,
                None => fields.push((field, *p)),
            }
        }
        fields.sort_by(|a, b| b.1.total_cmp(&a.1));
        fields
    }

    /// The words that spoke loudest for the leaf at `leaf`, at most `count`, loudest first.
    pub fn contributions(&self, text: &Text<'_>, leaf: usize, count: usize) -> Vec<Contribution> {
        let tokens = text.tokens();
        let mut weights = vec![0.0_f32; tokens.len()];
        let values = self.values(text);
        visit_grams(text, |gram| {
            let Some(row) = self.index.find(gram.hash) else { return };
            let Ok(at) = values.binary_search_by_key(&row, |value| value.row) else { return };
            let value = &values[at];
            let weight = f32::from(self.features[row as usize].weights[leaf]) * self.scales[leaf];
            // An n-gram seen several times shares its weight among its places, and each among its words.
            let share = value.value * weight / f32::from(value.count) / (gram.last - gram.first + 1) as f32;
            weights[gram.first as usize..=gram.last as usize].iter_mut().for_each(|sum| *sum += share);
        });
        let mut all: Vec<_> = tokens
            .iter()
            .zip(weights)
            .map(|(token, weight)| Contribution { span: token.span, weight })
            .filter(|contribution| contribution.weight > 0.0)
            .collect();
        all.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.span.cmp(&b.span)));
        all.truncate(count);
        all
    }

    /// The share of a text's words that occurred in training; 0 for a text without words.
    pub fn known_share(&self, text: &Text<'_>) -> f32 {
        let (mut all, mut known) = (0_u16, 0_u16);
        visit_grams(text, |gram| {
            if gram.group == Group::FoldedWords && gram.first == gram.last {
                all = all.saturating_add(1);
                known = known.saturating_add(u16::from(self.index.find(gram.hash).is_some()));
            }
        });
        if all == 0 { 0.0 } else { f32::from(known) / f32::from(all) }
    }

    fn scores(&self, text: &Text<'_>) -> Row {
        let mut scores = [0.0; COLUMNS];
        for value in self.values(text) {
            let weights = &self.features[value.row as usize].weights;
            for (score, weight) in scores.iter_mut().zip(weights) {
                *score += value.value * f32::from(*weight);
            }
        }
        for ((score, scale), bias) in scores.iter_mut().zip(&self.scales).zip(&self.bias) {
            *score = *score * scale + bias;
        }
        scores
    }

    fn values(&self, text: &Text<'_>) -> Vec<Value> {
        vectorise(text, |gram| self.index.find(gram.hash), |row| rarity(self.features[row as usize].rarity))
    }
}

/// One entry of a text's feature vector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Value {
    pub(super) row: u32,
    pub(super) count: u16,
    pub(super) value: f32,
}

/// The inverse document frequency that a stored step stands for.
pub(super) fn rarity(step: u8) -> f32 {
    f32::from(step) / 32.0
}

/// The feature vector of a text over known n-grams, by row: (1 + ln count) × rarity, each group scaled to its weight.
pub(super) fn vectorise(
    text: &Text<'_>,
    mut find: impl FnMut(Gram) -> Option<u32>,
    rarity_of: impl Fn(u32) -> f32,
) -> Vec<Value> {
    let mut rows: Vec<(u32, Group)> = Vec::with_capacity(1024);
    visit_grams(text, |gram| {
        if let Some(row) = find(gram) {
            rows.push((row, gram.group));
        }
    });
    rows.sort_unstable();
    let mut values: Vec<Value> = Vec::with_capacity(rows.len());
    let mut groups: Vec<Group> = Vec::with_capacity(rows.len());
    for (row, group) in rows {
        match values.last_mut() {
            Some(last) if last.row == row => last.count = last.count.saturating_add(1),
            Some(_) | None => {
                values.push(Value { row, count: 1, value: 0.0 });
                groups.push(group);
            }
        }
    }
    let mut squares = [0.0_f32; Group::ALL.len()];
    for (value, group) in values.iter_mut().zip(&groups) {
        value.value = (1.0 + f32::from(value.count).ln()) * rarity_of(value.row);
        squares[*group as usize] += value.value * value.value;
    }
    let factors =
        Group::ALL.map(|group| group.weight() / squares[group as usize].sqrt().max(f32::MIN_POSITIVE));
    for (value, group) in values.iter_mut().zip(&groups) {
        value.value *= factors[*group as usize];
    }
    values
}

/// Probabilities of scores sharpened by `sharpness`.
pub(super) fn softmax(scores: &[f32], sharpness: f32) -> Vec<f32> {
    let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut shares: Vec<f32> = scores.iter().map(|score| ((score - top) * sharpness).exp()).collect();
    let sum: f32 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= sum);
    shares
}

/// Hash → row, by open addressing; a hash that is not known is not found, so foreign words say nothing.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct HashIndex {
    slots: Vec<(u32, u32)>,
}

impl HashIndex {
    const EMPTY: u32 = u32::MAX;

    pub(super) fn new(hashes: impl ExactSizeIterator<Item = u32>) -> Self {
        let mut slots = vec![(0, Self::EMPTY); (hashes.len() * 2).next_power_of_two().max(2)];
        let mask = slots.len() - 1;
        for (row, hash) in (0..).zip(hashes) {
            let mut at = hash as usize & mask;
            while slots[at].1 != Self::EMPTY {
                at = (at + 1) & mask;
            }
            slots[at] = (hash, row);
        }
        Self { slots }
    }

    pub(super) fn find(&self, hash: u32) -> Option<u32> {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            match self.slots[at] {
                (_, Self::EMPTY) => return None,
                (known, row) if known == hash => return Some(row),
                _ => at = (at + 1) & mask,
            }
        }
    }
}
