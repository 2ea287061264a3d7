//! How good a classifier is, on texts whose labels are known.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use vocabulary::{Access, FieldCode, LeafCode, Scope, Urgency};

use super::bands::{Zone, zone};
use super::decide::{Classifier, Route, Suggestion};
use super::style::Style;
use super::train::Example;

/// The measures of one run over labelled texts. Shares lie in 0..=1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Texts measured.
    pub texts: usize,
    /// In or out told rightly.
    pub scope_accuracy: f64,
    /// Of the texts proposed as out of scope, those that are.
    pub out_of_scope_precision: f64,
    /// Of the texts out of scope, those proposed as such.
    pub out_of_scope_recall: f64,
    /// Field told rightly.
    pub field_accuracy: f64,
    /// F1 of the fields that occur, each field counting the same.
    pub field_macro_f1: f64,
    /// Leaf told rightly.
    pub leaf_accuracy: f64,
    /// F1 of the leaves that occur, each leaf counting the same.
    pub leaf_macro_f1: f64,
    /// Field accuracy on the surest 80 % of the texts.
    pub field_accuracy_at_80: f64,
    /// Field accuracy on the surest 90 % of the texts.
    pub field_accuracy_at_90: f64,
    /// Expected calibration error of the field probability, ten bins.
    pub calibration_error: f64,
    /// Texts whose scope the band policy gives to a person: the human band.
    pub human_band_share: f64,
    /// Texts that go to a person for any reason.
    pub review_share: f64,
    /// … by reason; a text may have several.
    pub review_reasons: BTreeMap<&'static str, f64>,
    /// Texts in scope that the band policy would propose for return: must be 0.
    pub wrong_refusals: usize,
    /// Texts out of scope that would go straight to an agency.
    pub wrong_acceptances: usize,
    /// Denunciations that would not be sealed from the first moment.
    pub unsealed_denunciations: usize,
    /// Of the texts told urgent or emergency, those that are at least urgent.
    pub urgent_precision: f64,
    /// Of the texts at least urgent, those told so.
    pub urgent_recall: f64,
    /// Emergencies told as normal: must be 0.
    pub missed_emergencies: usize,
    /// The same texts in other styles.
    pub styles: BTreeMap<&'static str, StyleFigures>,
    /// How sure the field was and how often it was right, ten bins.
    pub reliability: Vec<Bin>,
    /// Field accuracy on the surest texts, for every twentieth of them.
    pub coverage: Vec<Covered>,
    /// True leaf, told leaf, how often; most frequent first.
    pub leaf_confusion: Vec<(LeafCode, LeafCode, usize)>,
    /// True field, told field, how often; most frequent first.
    pub field_confusion: Vec<(FieldCode, FieldCode, usize)>,
}

/// What is measured of texts written in another style.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StyleFigures {
    /// Field told rightly.
    pub field_accuracy: f64,
    /// How much lower that is than for the texts as they came.
    pub field_drop: f64,
    /// In or out told rightly.
    pub scope_accuracy: f64,
    /// Emergencies told as normal.
    pub missed_emergencies: usize,
}

/// The texts whose field probability lies in `from..=to`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bin {
    /// Lower end.
    pub from: f64,
    /// Upper end.
    pub to: f64,
    /// How many.
    pub texts: usize,
    /// Their mean probability.
    pub confidence: f64,
    /// The share of them told rightly.
    pub accuracy: f64,
}

/// A point of the coverage curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Covered {
    /// Share of the texts, the surest first.
    pub share: f64,
    /// Field accuracy among them.
    pub field_accuracy: f64,
}

/// What a classifier says of one labelled text, as it came and in every style.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    plain: Suggestion,
    styled: Vec<Suggestion>,
    zone: Zone,
}

/// Asks a classifier about a text.
pub fn ask(classifier: &Classifier, text: &str) -> Told {
    let plain = classifier.suggest(text);
    let styled = Style::ALL.iter().map(|style| classifier.suggest(&style.rewrite(text))).collect();
    let zone = zone(&classifier.policy().bands, plain.writing, f64::from(plain.p_out_of_scope));
    Told { plain, styled, zone }
}

/// Measures a classifier on labelled texts. Texts of leaves that the model does not know count as wrong.
pub fn evaluate(classifier: &Classifier, gold: &[Example]) -> Evaluation {
    let told: Vec<Told> = gold.iter().map(|example| ask(classifier, &example.text)).collect();
    judge(gold, &told, classifier)
}

/// Measures what was told of labelled texts; `rules` knows scope and access of their leaves.
pub fn judge(gold: &[Example], told: &[Told], rules: &Classifier) -> Evaluation {
    let pairs: Vec<(&Example, &Suggestion)> = gold.iter().zip(told.iter().map(|told| &told.plain)).collect();
    let share = |test: &dyn Fn(&Example, &Suggestion) -> bool| ratio(count(&pairs, test), pairs.len());
    let is_out = |example: &Example| rules.scope_of(&example.leaf) == Scope::Out;
    let out_hits = count(&pairs, &|e, s| is_out(e) && s.scope == Scope::Out);
    let urgent_hits = count(&pairs, &|e, s| is_urgent(e.urgency) && is_urgent(s.urgency));
    let fields: Vec<(FieldCode, FieldCode)> =
        pairs.iter().map(|(e, s)| (e.leaf.field(), s.field.clone())).collect();
    let leaves: Vec<(LeafCode, LeafCode)> =
        pairs.iter().map(|(e, s)| (e.leaf.clone(), s.leaf.clone())).collect();
    let in_zone = |wanted: Zone, out: bool| {
        gold.iter().zip(told).filter(|(e, told)| told.zone == wanted && is_out(e) == out).count()
    };
    let sure = by_confidence(&pairs);
    Evaluation {
        texts: pairs.len(),
        scope_accuracy: share(&|e, s| is_out(e) == (s.scope == Scope::Out)),
        out_of_scope_precision: ratio(out_hits, count(&pairs, &|_, s| s.scope == Scope::Out)),
        out_of_scope_recall: ratio(out_hits, count(&pairs, &|e, _| is_out(e))),
        field_accuracy: share(&|e, s| e.leaf.field() == s.field),
        field_macro_f1: macro_f1(&fields),
        leaf_accuracy: share(&|e, s| e.leaf == s.leaf),
        leaf_macro_f1: macro_f1(&leaves),
        field_accuracy_at_80: accuracy_of_surest(&sure, 0.8),
        field_accuracy_at_90: accuracy_of_surest(&sure, 0.9),
        calibration_error: reliability(&sure).iter().map(|bin| bin.error(pairs.len())).sum(),
        human_band_share: ratio(in_zone(Zone::Person, true) + in_zone(Zone::Person, false), pairs.len()),
        review_share: share(&|_, s| s.route == Route::Review),
        review_reasons: review_reasons(&pairs),
        wrong_refusals: in_zone(Zone::Return, false),
        wrong_acceptances: count(&pairs, &|e, s| {
            is_out(e) && s.scope == Scope::In && s.route == Route::Automatic
        }),
        unsealed_denunciations: count(&pairs, &|e, s| {
            rules.access_of(&e.leaf) > s.access.max(Access::Restricted)
        }),
        urgent_precision: ratio(urgent_hits, count(&pairs, &|_, s| is_urgent(s.urgency))),
        urgent_recall: ratio(urgent_hits, count(&pairs, &|e, _| is_urgent(e.urgency))),
        missed_emergencies: count(&pairs, &|e, s| e.urgency == Urgency::Emergency && !is_urgent(s.urgency)),
        styles: styles(gold, told, rules),
        reliability: reliability(&sure),
        coverage: (1..=20)
            .map(|twentieth| f64::from(twentieth) / 20.0)
            .map(|share| Covered { share, field_accuracy: accuracy_of_surest(&sure, share) })
            .collect(),
        leaf_confusion: confusion(&leaves),
        field_confusion: confusion(&fields),
    }
}

fn is_urgent(urgency: Urgency) -> bool {
    urgency != Urgency::Normal
}

fn count(pairs: &[(&Example, &Suggestion)], test: &dyn Fn(&Example, &Suggestion) -> bool) -> usize {
    pairs.iter().filter(|(example, suggestion)| test(example, suggestion)).count()
}

/// `part` of `all`; 1 if there is nothing to get wrong.
fn ratio(part: usize, all: usize) -> f64 {
    if all == 0 { 1.0 } else { part as f64 / all as f64 }
}

fn macro_f1<T: Ord>(pairs: &[(T, T)]) -> f64 {
    let mut classes: BTreeMap<&T, (usize, usize, usize)> = BTreeMap::new();
    for (gold, told) in pairs {
        classes.entry(gold).or_default().1 += 1;
        classes.entry(told).or_default().2 += 1;
        classes.entry(gold).or_default().0 += usize::from(gold == told);
    }
    let occurring: Vec<_> = classes.values().filter(|(_, gold, _)| *gold > 0).collect();
    let sum: f64 = occurring.iter().map(|(hits, gold, told)| ratio(2 * hits, gold + told)).sum();
    if occurring.is_empty() { 1.0 } else { sum / occurring.len() as f64 }
}

/// Probability of the likeliest field and whether it is the true one, surest first.
fn by_confidence(pairs: &[(&Example, &Suggestion)]) -> Vec<(f64, bool)> {
    let mut all: Vec<(f64, bool)> = pairs
        .iter()
        .filter_map(|(e, s)| s.p_fields.first().map(|(field, p)| (f64::from(*p), *field == e.leaf.field())))
        .collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    all
}

fn accuracy_of_surest(sure: &[(f64, bool)], share: f64) -> f64 {
    let taken = ((sure.len() as f64 * share).round() as usize).min(sure.len());
    ratio(sure[..taken].iter().filter(|(_, hit)| *hit).count(), taken)
}

fn reliability(sure: &[(f64, bool)]) -> Vec<Bin> {
    let bin = |number: usize| {
        let (from, to) = (number as f64 / 10.0, (number + 1) as f64 / 10.0);
        let inside = sure.iter().filter(|(p, _)| ((p * 10.0) as usize).min(9) == number);
        let (texts, sum, hits) =
            inside.fold((0, 0.0, 0), |(n, sum, hits), (p, hit)| (n + 1, sum + p, hits + usize::from(*hit)));
        let confidence = if texts == 0 { 0.0 } else { sum / texts as f64 };
        Bin { from, to, texts, confidence, accuracy: if texts == 0 { 0.0 } else { ratio(hits, texts) } }
    };
    (0..10).map(bin).collect()
}

impl Bin {
    /// Its part of the expected calibration error over `all` texts.
    fn error(&self, all: usize) -> f64 {
        (self.confidence - self.accuracy).abs() * self.texts as f64 / all.max(1) as f64
    }
}

fn review_reasons(pairs: &[(&Example, &Suggestion)]) -> BTreeMap<&'static str, f64> {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    for (_, suggestion) in pairs {
        let mut codes: Vec<_> = suggestion.reasons.iter().map(|reason| reason.code).collect();
        codes.sort_by_key(|code| *code as u8);
        codes.dedup();
        for code in codes.into_iter().filter(|code| code.asks_for_person()) {
            *counts.entry(code.as_str()).or_default() += 1;
        }
    }
    counts.into_iter().map(|(code, times)| (code, ratio(times, pairs.len()))).collect()
}

fn styles(gold: &[Example], told: &[Told], rules: &Classifier) -> BTreeMap<&'static str, StyleFigures> {
    let share = |said: &dyn Fn(&Told) -> &Suggestion, test: &dyn Fn(&Example, &Suggestion) -> bool| {
        ratio(gold.iter().zip(told).filter(|(e, told)| test(e, said(told))).count(), gold.len())
    };
    let right_field = |e: &Example, s: &Suggestion| e.leaf.field() == s.field;
    let plain = share(&|told| &told.plain, &right_field);
    let figures = |at: usize| {
        let field_accuracy = share(&|told| &told.styled[at], &right_field);
        StyleFigures {
            field_accuracy,
            field_drop: plain - field_accuracy,
            scope_accuracy: share(&|told| &told.styled[at], &|e, s| rules.scope_of(&e.leaf) == s.scope),
            missed_emergencies: gold
                .iter()
                .zip(told)
                .filter(|(e, told)| e.urgency == Urgency::Emergency && !is_urgent(told.styled[at].urgency))
                .count(),
        }
    };
    Style::ALL.iter().enumerate().map(|(at, style)| (style.as_str(), figures(at))).collect()
}

fn confusion<T: Ord + Clone>(pairs: &[(T, T)]) -> Vec<(T, T, usize)> {
    let mut counts: BTreeMap<&(T, T), usize> = BTreeMap::new();
    for pair in pairs {
        *counts.entry(pair).or_default() += 1;
    }
    let mut all: Vec<_> =
        counts.into_iter().map(|((gold, told), n)| (gold.clone(), told.clone(), n)).collect();
    all.sort_by_key(|confusion| std::cmp::Reverse(confusion.2));
    all
}

impl Evaluation {
    /// The style in which the field is told worst.
    pub fn worst_style(&self) -> Option<(&'static str, StyleFigures)> {
        let worst = self.styles.iter().min_by(|a, b| a.1.field_accuracy.total_cmp(&b.1.field_accuracy));
        worst.map(|(name, figures)| (*name, *figures))
    }

    /// Every figure with its name, in the order of reports.
    pub fn figures(&self) -> Vec<(String, f64)> {
        let mut all: Vec<(String, f64)> = [
            ("texts", self.texts as f64),
            ("scope accuracy", self.scope_accuracy),
            ("out-of-scope precision", self.out_of_scope_precision),
            ("out-of-scope recall", self.out_of_scope_recall),
            ("field accuracy", self.field_accuracy),
            ("field macro F1", self.field_macro_f1),
            ("leaf accuracy", self.leaf_accuracy),
            ("leaf macro F1", self.leaf_macro_f1),
            ("field accuracy, surest 80 %", self.field_accuracy_at_80),
            ("field accuracy, surest 90 %", self.field_accuracy_at_90),
            ("calibration error", self.calibration_error),
            ("human band", self.human_band_share),
            ("to a person for any reason", self.review_share),
            ("wrong refusals", self.wrong_refusals as f64),
            ("wrong acceptances", self.wrong_acceptances as f64),
            ("unsealed denunciations", self.unsealed_denunciations as f64),
            ("urgent precision", self.urgent_precision),
            ("urgent recall", self.urgent_recall),
            ("missed emergencies", self.missed_emergencies as f64),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        let reasons = self.review_reasons.iter();
        all.extend(reasons.map(|(reason, share)| (format!("to a person: {reason}"), *share)));
        let styles = self.styles.iter();
        all.extend(
            styles.map(|(style, figures)| (format!("field accuracy, {style}"), figures.field_accuracy)),
        );
        all
    }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in self.figures() {
            writeln!(f, "{name:<40}{value:>7.3}")?;
        }
        let wrong = self.leaf_confusion.iter().filter(|(gold, told, _)| gold != told);
        for (gold, told, times) in wrong.take(12) {
            writeln!(f, "{times:>3} × {gold} told as {told}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_and_f1_match_hand_counts() {
        assert!((ratio(1, 4) - 0.25).abs() < 1e-12 && (ratio(0, 0) - 1.0).abs() < 1e-12);
        // a: 1 hit of 2, told once → F1 2/3; b: 1 hit of 1, told twice → 2/3; c is told but never true.
        let pairs = [("a", "a"), ("a", "b"), ("b", "b")];
        assert!((macro_f1(&pairs) - 2.0 / 3.0).abs() < 1e-12);
        let with_foreign = [("a", "a"), ("a", "c")];
        assert!((macro_f1(&with_foreign) - 2.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn coverage_and_calibration_match_hand_counts() {
        let sure = [(0.95, true), (0.91, true), (0.55, false), (0.51, true)];
        assert!((accuracy_of_surest(&sure, 0.5) - 1.0).abs() < 1e-12);
        assert!((accuracy_of_surest(&sure, 1.0) - 0.75).abs() < 1e-12);
        let bins = reliability(&sure);
        assert_eq!((bins[9].texts, bins[5].texts, bins[0].texts), (2, 2, 0));
        // |0.93 − 1| · 2/4 + |0.53 − 0.5| · 2/4
        let error: f64 = bins.iter().map(|bin| bin.error(4)).sum();
        assert!((error - 0.05).abs() < 1e-12, "{error}");
    }

    #[test]
    fn confusions_are_counted_most_frequent_first() {
        let pairs = [("a", "b"), ("c", "a"), ("a", "b"), ("a", "a"), ("a", "a"), ("a", "a")];
        assert_eq!(confusion(&pairs), [("a", "a", 3), ("a", "b", 2), ("c", "a", 1)]);
    }
}
