//! The linear model: one row of small weights per known n-gram, a column per leaf and one for urgency.

use serde::Serialize;
use vocabulary::{FieldCode, LeafCode};

use super::features::{Gram, Group, visit_grams};
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

/// A known n-gram: how rare it is and what it says about each leaf.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Feature {
    pub(super) hash: u32,
    /// Inverse document frequency in steps of 1/32.
    pub(super) rarity: u8,
    pub(super) weights: [i8; COLUMNS],
}

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
    pub(super) features: Vec<Feature>,
    pub(super) scales: Row,
    pub(super) bias: Row,
    pub(super) calibration: Calibration,
    pub(super) lexicon: Lexicon,
    index: HashIndex,
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
        features: Vec<Feature>,
        scales: Row,
        bias: Row,
        calibration: Calibration,
        lexicon: Lexicon,
    ) -> Self {
        let index = HashIndex::new(features.iter().map(|feature| feature.hash));
        let mut fields: Vec<FieldCode> = Vec::new();
        let mut place = |field: FieldCode| {
            fields.iter().position(|known| *known == field).unwrap_or_else(|| {
                fields.push(field);
                fields.len() - 1
            })
        };
        let field_of = leaves.iter().map(|leaf| place(leaf.field())).collect();
        Self { leaves, features, scales, bias, calibration, lexicon, index, fields, field_of }
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
        self.features.len()
    }

    /// Looks a text up in the model: the costly step, done once for everything that is asked of the text.
    pub fn look_up(&self, text: &Text<'_>) -> Reading {
        let find = |gram: Gram| self.index.find(gram.hash);
        vectorise(text, &self.lexicon, find, |row| rarity(self.features[row as usize].rarity))
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
        let mut weights = vec![0.0_f32; tokens.len()];
        for (value, places) in reading.values.iter().zip(reading.places_by_value()) {
            let weight = value.value * f32::from(self.features[value.row as usize].weights[leaf]);
            // An n-gram seen several times shares its weight among its places, and each among its words.
            for place in places {
                let (first, last) = place.tokens();
                let share = weight / places.len() as f32 / (last - first + 1) as f32;
                weights[first..=last].iter_mut().for_each(|sum| *sum += share);
            }
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
}

/// A text as a model sees it: which known n-grams stand where, and what each is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    pub(super) values: Vec<Value>,
    /// In the order of `values`, a run for each.
    places: Vec<Place>,
    words: u32,
    known_words: u32,
}

impl Reading {
    /// The share of the text's words that the model knows; 0 for a text without words.
    pub fn known_share(&self) -> f32 {
        if self.words == 0 { 0.0 } else { self.known_words as f32 / self.words as f32 }
    }

    fn places_by_value(&self) -> impl Iterator<Item = &[Place]> {
        self.places.chunk_by(|a, b| a.row() == b.row())
    }
}

/// One occurrence of a known n-gram, packed so that sorting groups by row: row, first token, tokens after the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place(u64);

impl Place {
    fn new(row: u32, gram: Gram) -> Self {
        Self(u64::from(row) << 32 | u64::from(gram.first) << 4 | u64::from((gram.last - gram.first).min(15)))
    }

    const fn row(self) -> u32 {
        (self.0 >> 32) as u32
    }

    const fn tokens(self) -> (usize, usize) {
        let first = (self.0 as u32 >> 4) as usize;
        (first, first + (self.0 & 15) as usize)
    }
}

/// One entry of a text's feature vector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Value {
    pub(super) row: u32,
    pub(super) value: f32,
}

/// The inverse document frequency that a stored step stands for.
pub(super) fn rarity(step: u8) -> f32 {
    f32::from(step) / 32.0
}

/// The feature vector of a text over known n-grams, by row: (1 + ln count) × rarity, each group scaled to its weight.
pub(super) fn vectorise(
    text: &Text<'_>,
    lexicon: &Lexicon,
    find: impl Fn(Gram) -> Option<u32>,
    rarity_of: impl Fn(u32) -> f32,
) -> Reading {
    let mut reading = Reading { values: Vec::new(), places: Vec::new(), words: 0, known_words: 0 };
    let mut values: [Vec<Value>; Group::ALL.len()] = Default::default();
    let mut grams = Group::ALL.map(|_| Vec::with_capacity(2 * text.folded_line().len()));
    visit_grams(text, lexicon, |gram| {
        let row = find(gram);
        if gram.group == Group::FoldedWords && gram.first == gram.last {
            reading.words += 1;
            reading.known_words += u32::from(row.is_some());
        }
        if let Some(row) = row {
            grams[gram.group as usize].push(Place::new(row, gram));
        }
    });
    for ((group, places), values) in Group::ALL.into_iter().zip(&mut grams).zip(&mut values) {
        places.sort_unstable();
        let tally = |run: &[Place]| {
            // Nearly all occur once.
            let often = if run.len() == 1 { 1.0 } else { 1.0 + (run.len() as f32).ln() };
            Value { row: run[0].row(), value: often * rarity_of(run[0].row()) }
        };
        values.extend(places.chunk_by(|a, b| a.row() == b.row()).map(tally));
        let square: f32 = values.iter().map(|value| value.value * value.value).sum();
        let factor = group.weight() / square.sqrt().max(f32::MIN_POSITIVE);
        values.iter_mut().for_each(|value| value.value *= factor);
    }
    reading.values = values.concat();
    reading.places = grams.concat();
    reading
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
