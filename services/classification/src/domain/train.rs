//! The deterministic trainer: the same examples and settings give the same model, bit for bit.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use vocabulary::{LeafCode, Urgency};

use super::augment::{Variant, variants};
use super::calibrate::{Scored, best_sharpness, calibration_for};
use super::features::visit_grams;
use super::grams::Grams;
use super::lexicon::Lexicon;
use super::model::{COLUMNS, Calibration, MAXIMUM_LEAVES, Model, Row, Weights, softmax, vectorise};
use super::solver::{Problem, Sample, solve};
use super::text::Text;

/// One labelled training text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Example {
    /// The text as a citizen would send it.
    pub text: String,
    /// Its leaf.
    pub leaf: LeafCode,
    /// Its urgency.
    pub urgency: Urgency,
}

/// What the trainer may be told; the defaults are what the measured model was made with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Settings {
    /// Seeds every shuffle and every random variant.
    pub seed: u64,
    /// In how many examples an n-gram must occur to be learned.
    pub minimum_examples: u16,
    /// Cost of a training error; larger fits the examples closer.
    pub cost: f32,
    /// How strongly rare leaves are weighted up: 0 not at all, 1 fully.
    pub balance: f32,
    /// How much a leaf's score owes to its field: the field is learned beside the leaves, from all of its leaves' examples.
    pub field_share: f32,
    /// Passes over the examples.
    pub epochs: usize,
    /// Parts of the cross-validation that calibrates the probabilities.
    pub folds: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { seed: 7, minimum_examples: 2, cost: 0.25, balance: 0.5, field_share: 0.5, epochs: 8, folds: 4 }
    }
}

/// Why nothing could be learned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrainError {
    /// No example, or only one leaf.
    #[error("training needs examples of at least two leaves, got {0}")]
    TooFewLeaves(usize),
    /// More leaves than columns.
    #[error("a model tells at most {MAXIMUM_LEAVES} leaves apart, got {0}")]
    TooManyLeaves(usize),
}

/// Trains a model: features from the examples, weights by the solver, calibration by cross-validation.
pub fn train(examples: &[Example], lexicon: &Lexicon, settings: &Settings) -> Result<Model, TrainError> {
    let leaves = leaves_of(examples)?;
    let calibration = calibrate(examples, &leaves, lexicon, settings);
    let all: Vec<&Example> = examples.iter().collect();
    Ok(fit(&all, &leaves, lexicon, settings).into_model(leaves, calibration))
}

fn leaves_of(examples: &[Example]) -> Result<Vec<LeafCode>, TrainError> {
    let mut leaves: Vec<LeafCode> = examples.iter().map(|example| example.leaf.clone()).collect();
    leaves.sort();
    leaves.dedup();
    match leaves.len() {
        0 | 1 => Err(TrainError::TooFewLeaves(leaves.len())),
        2..=MAXIMUM_LEAVES => Ok(leaves),
        more => Err(TrainError::TooManyLeaves(more)),
    }
}

/// A fitted but not yet quantised model.
struct Fitted<'a> {
    lexicon: &'a Lexicon,
    grams: Grams,
    weights: Vec<Row>,
    bias: Row,
}

fn fit<'a>(
    examples: &[&Example],
    leaves: &[LeafCode],
    lexicon: &'a Lexicon,
    settings: &Settings,
) -> Fitted<'a> {
    let grams = choose_grams(examples, lexicon, settings.minimum_examples);
    let class_weights = class_weights(examples, leaves, settings.balance);
    let mut samples = Vec::new();
    for (at, example) in examples.iter().enumerate() {
        let leaf = leaves.binary_search(&example.leaf).unwrap_or(0);
        let urgent = example.urgency != Urgency::Normal;
        for Variant { text, weight } in variants(&example.text, settings.seed.wrapping_add(at as u64)) {
            let reading = vectorise(&Text::parse(&text), lexicon, &grams);
            let values = reading.values.iter().map(|value| (value.row, value.value)).collect();
            samples.push(Sample { values, leaf, urgent, cost: settings.cost * weight * class_weights[leaf] });
        }
    }
    let solve = |samples: &[Sample], classes: usize| {
        solve(&Problem { samples, rows: grams.len(), leaves: classes }, settings.epochs, settings.seed)
    };
    let (mut weights, mut bias) = solve(&samples, leaves.len());
    let fields = fields_of(leaves);
    let count = fields.iter().max().map_or(0, |last| last + 1);
    samples.iter_mut().for_each(|sample| sample.leaf = fields[sample.leaf]);
    let (field_weights, field_bias) = solve(&samples, count);
    for (own, field) in weights.iter_mut().zip(&field_weights).chain([(&mut bias, &field_bias)]) {
        for (leaf, at) in fields.iter().enumerate() {
            own[leaf] += settings.field_share * field[*at];
        }
    }
    Fitted { lexicon, grams, weights, bias }
}

/// The number of each leaf's field, counted from 0; the leaves are sorted, so that those of a field stand together.
fn fields_of(leaves: &[LeafCode]) -> Vec<usize> {
    let mut fields: Vec<usize> = Vec::with_capacity(leaves.len());
    for (at, leaf) in leaves.iter().enumerate() {
        let number = match at.checked_sub(1) {
            None => 0,
            Some(before) => fields[before] + usize::from(leaves[before].field() != leaf.field()),
        };
        fields.push(number);
    }
    fields
}

/// The n-grams worth knowing, by hash, and how rare each is.
fn choose_grams(examples: &[&Example], lexicon: &Lexicon, minimum: u16) -> Grams {
    let mut seen: HashMap<u32, (u16, usize)> = HashMap::new();
    for (at, example) in examples.iter().enumerate() {
        visit_grams(&Text::parse(&example.text), lexicon, |gram| {
            let (count, last) = seen.entry(gram.hash).or_insert((0, usize::MAX));
            if *last != at {
                *count = count.saturating_add(1);
                *last = at;
            }
        });
    }
    let all = examples.len() as f32;
    let rarity_step =
        |count: u16| ((1.0 + (all / f32::from(count)).ln()) * 32.0).round().clamp(1.0, 255.0) as u8;
    let kept = seen.into_iter().filter(|(_, (count, _))| *count >= minimum);
    Grams::new(&kept.map(|(hash, (count, _))| (hash, rarity_step(count))).collect())
}

fn class_weights(examples: &[&Example], leaves: &[LeafCode], balance: f32) -> Vec<f32> {
    let even = examples.len() as f32 / leaves.len() as f32;
    leaves
        .iter()
        .map(|leaf| {
            let own = examples.iter().filter(|example| example.leaf == *leaf).count().max(1);
            (even / own as f32).powf(balance).clamp(0.3, 3.0)
        })
        .collect()
}

impl Fitted<'_> {
    fn scores(&self, text: &str) -> Row {
        let reading = vectorise(&Text::parse(text), self.lexicon, &self.grams);
        let mut scores = self.bias;
        for value in reading.values {
            for (score, weight) in scores.iter_mut().zip(&self.weights[value.row as usize]) {
                *score += value.value * weight;
            }
        }
        scores
    }

    fn into_model(self, leaves: Vec<LeafCode>, calibration: Calibration) -> Model {
        let mut scales: Row = [0.0; COLUMNS];
        for row in &self.weights {
            for (scale, weight) in scales.iter_mut().zip(row) {
                *scale = scale.max(weight.abs());
            }
        }
        scales.iter_mut().for_each(|scale| *scale /= 127.0);
        let quantise = |row: &Row| -> Weights {
            std::array::from_fn(|column| {
                if scales[column] == 0.0 { 0 } else { (row[column] / scales[column]).round() as i8 }
            })
        };
        let weights = self.weights.iter().map(quantise).collect();
        Model::new(leaves, (self.grams, weights), scales, self.bias, calibration, self.lexicon.clone())
    }
}

/// Which fold a text falls into: by its content, so that adding examples moves none of the others.
pub fn fold_of(text: &str, folds: u64) -> u64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash ^ (hash >> 32)) % folds.max(1)
}

/// Texts of fewer words are taught but do not calibrate: a bare keyword is no report.
const CALIBRATING_WORDS: usize = 4;

/// The scores of texts by models that did not see them.
fn unseen_scores(
    examples: &[Example],
    leaves: &[LeafCode],
    lexicon: &Lexicon,
    settings: &Settings,
) -> Vec<(usize, Scored)> {
    let mut scored = Vec::with_capacity(examples.len());
    for fold in 0..settings.folds {
        let is_unseen = |example: &Example| fold_of(&example.text, settings.folds) == fold;
        let seen: Vec<&Example> = examples.iter().filter(|example| !is_unseen(example)).collect();
        if seen.is_empty() || seen.len() == examples.len() {
            continue;
        }
        let fitted = fit(&seen, leaves, lexicon, settings);
        for (at, example) in examples.iter().enumerate().filter(|(_, example)| is_unseen(example)) {
            if example.text.split_whitespace().count() >= CALIBRATING_WORDS {
                let leaf = leaves.binary_search(&example.leaf).unwrap_or(0);
                let scores = fitted.scores(&example.text);
                scored.push((at, Scored { scores, leaf, urgent: example.urgency != Urgency::Normal }));
            }
        }
    }
    scored
}

/// Finds the calibration that makes the probabilities of unseen texts honest.
fn calibrate(
    examples: &[Example],
    leaves: &[LeafCode],
    lexicon: &Lexicon,
    settings: &Settings,
) -> Calibration {
    let scored = unseen_scores(examples, leaves, lexicon, settings);
    let only: Vec<Scored> = scored.into_iter().map(|(_, scored)| scored).collect();
    calibration_for(&only, leaves.len())
}

/// The probability of every leaf, in the order of the leaves, that a model gave to a text it did not see.
#[derive(Debug, Clone, PartialEq)]
pub struct Unseen {
    /// The position of the text.
    pub at: usize,
    /// Parallel to the sorted leaves.
    pub leaves: Vec<f32>,
}

/// Cross-validation: for each text that is long enough to be a report, what a model trained without it says. Also
/// returns the leaves, sorted.
pub fn cross_validate(
    examples: &[Example],
    lexicon: &Lexicon,
    settings: &Settings,
) -> Result<(Vec<LeafCode>, Vec<Unseen>), TrainError> {
    let leaves = leaves_of(examples)?;
    let scored = unseen_scores(examples, &leaves, lexicon, settings);
    let only: Vec<Scored> = scored.iter().map(|(_, scored)| scored.clone()).collect();
    let sharpness = best_sharpness(&only, leaves.len());
    let unseen = scored
        .into_iter()
        .map(|(at, s)| Unseen { at, leaves: softmax(&s.scores[..leaves.len()], sharpness) })
        .collect();
    Ok((leaves, unseen))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn example(text: &str, leaf: &str, urgency: Urgency) -> Example {
        Example { text: text.to_owned(), leaf: leaf.parse().unwrap(), urgency }
    }

    /// Lamps, floods, bribes and thanks: enough to tell four leaves apart.
    pub(crate) fn tiny_examples() -> Vec<Example> {
        let places =
            ["hẻm nhỏ", "đầu ấp", "gần chợ", "cạnh trường", "trước nhà", "ngã tư", "bến đò", "cổng chùa"];
        let mut all = Vec::new();
        for place in places {
            all.push(example(
                &format!("đèn đường {place} không sáng"),
                "electricity_lighting.street_light",
                Urgency::Normal,
            ));
            all.push(example(
                &format!("nước ngập {place} vì cống nghẹt"),
                "water_drainage.drainage",
                Urgency::Urgent,
            ));
            all.push(example(
                &format!("tố cáo cán bộ {place} nhận tiền đút lót"),
                "out_of_scope.denunciation",
                Urgency::Normal,
            ));
            all.push(example(
                &format!("cảm ơn đội sửa {place} rất nhiệt tình"),
                "out_of_scope.other",
                Urgency::Normal,
            ));
        }
        all
    }

    pub(crate) fn tiny_lexicon() -> Lexicon {
        let concepts = [("lamp", "đèn đường"), ("drain", "cống"), ("bribe", "đút lót"), ("thanks", "cảm ơn")];
        Lexicon::new(concepts.map(|(name, phrase)| (name.to_owned(), vec![phrase.to_owned()])).into())
            .unwrap()
    }

    fn teach(examples: &[Example], settings: &Settings) -> Result<Model, TrainError> {
        train(examples, &tiny_lexicon(), settings)
    }

    pub(crate) fn tiny_model() -> &'static Model {
        static MODEL: std::sync::OnceLock<Model> = std::sync::OnceLock::new();
        MODEL.get_or_init(|| teach(&tiny_examples(), &Settings::default()).unwrap())
    }

    #[test]
    fn what_was_taught_is_recognised_with_and_without_accents() {
        let model = tiny_model();
        for (text, leaf) in [
            ("đèn đường khóm 5 không sáng", "electricity_lighting.street_light"),
            ("DEN DUONG KHONG SANG", "electricity_lighting.street_light"),
            ("cống nghẹt làm nước ngập", "water_drainage.drainage"),
            ("cam on doi sua", "out_of_scope.other"),
        ] {
            let prediction = model.predict(&model.look_up(&Text::parse(text)));
            assert_eq!(model.leaves()[prediction.best().0].as_str(), leaf, "{text}");
            assert!((prediction.leaves.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        }
        let urgent = |text| model.predict(&model.look_up(&Text::parse(text))).urgent;
        assert!(urgent("nước ngập cống nghẹt") > urgent("cảm ơn đội sửa"));
    }

    #[test]
    fn the_words_that_weighed_are_the_telling_ones() {
        let model = tiny_model();
        let original = "hẻm nhỏ Đèn Đường không sáng";
        let text = Text::parse(original);
        let reading = model.look_up(&text);
        let leaf = model.predict(&reading).best().0;
        let words: Vec<_> =
            model.contributions(&text, &reading, leaf, 3).iter().map(|c| c.span.of(original)).collect();
        assert!(words.contains(&"Đèn") && words.contains(&"sáng"), "{words:?}");
        assert!(!words.contains(&"nhỏ"), "{words:?}");
    }

    #[test]
    fn training_repeats_itself_and_ignores_nothing() {
        let again = teach(&tiny_examples(), &Settings::default()).unwrap();
        assert_eq!(again.write(), tiny_model().write());
        let other = teach(&tiny_examples(), &Settings { seed: 8, ..Settings::default() }).unwrap();
        assert_ne!(other.write(), tiny_model().write());
        assert_eq!(teach(&[], &Settings::default()), Err(TrainError::TooFewLeaves(0)));
        assert_eq!(teach(&tiny_examples()[..1], &Settings::default()), Err(TrainError::TooFewLeaves(1)));
    }

    #[test]
    fn cross_validation_judges_every_report_once_with_a_model_that_did_not_see_it() {
        let examples = tiny_examples();
        let (leaves, unseen) = cross_validate(&examples, &tiny_lexicon(), &Settings::default()).unwrap();
        let mut places: Vec<usize> = unseen.iter().map(|unseen| unseen.at).collect();
        places.sort_unstable();
        assert_eq!(places, (0..examples.len()).collect::<Vec<_>>());
        assert!(unseen.iter().all(|unseen| unseen.leaves.len() == leaves.len()));
    }

    #[test]
    fn the_split_is_by_content_and_even() {
        let share = (0..1000).filter(|n| fold_of(&format!("phản ánh số {n}"), 5) == 0).count();
        assert!((150..250).contains(&share), "{share}");
        assert_eq!(fold_of("a", 5), fold_of("a", 5));
    }
}
