//! How good a classifier is, on texts whose labels are known.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use vocabulary::{FieldCode, LeafCode, Scope, Urgency};

use super::decide::{Classifier, ReasonCode, Route, Suggestion};
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
    /// Expected calibration error of the field probability, ten bins.
    pub calibration_error: f64,
    /// Texts whose scope goes to a person because of its probability.
    pub scope_band_share: f64,
    /// Texts that go to a person for any reason.
    pub review_share: f64,
    /// Texts in scope that would be proposed for return without a person: must be 0.
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
    /// Field accuracy when the same texts are written in another style.
    pub field_accuracy_by_style: BTreeMap<&'static str, f64>,
    /// Wrong leaves: (true, told, how often), most frequent first.
    pub confusions: Vec<(LeafCode, LeafCode, usize)>,
}

/// Measures a classifier on labelled texts. Texts of leaves that the model does not know count as wrong.
pub fn evaluate(classifier: &Classifier, gold: &[Example]) -> Evaluation {
    let told: Vec<Suggestion> = gold.iter().map(|example| classifier.suggest(&example.text)).collect();
    let pairs: Vec<(&Example, &Suggestion)> = gold.iter().zip(&told).collect();
    let share = |test: &dyn Fn(&Example, &Suggestion) -> bool| ratio(count(&pairs, test), pairs.len());
    let is_out = |example: &Example| classifier.scope_of(&example.leaf) == Scope::Out;
    let out_hits = count(&pairs, &|e, s| is_out(e) && s.scope == Scope::Out);
    let is_urgent = |urgency: Urgency| urgency != Urgency::Normal;
    let urgent_hits = count(&pairs, &|e, s| is_urgent(e.urgency) && is_urgent(s.urgency));
    let fields: Vec<(FieldCode, FieldCode)> =
        pairs.iter().map(|(e, s)| (e.leaf.field(), s.field.clone())).collect();
    let leaves: Vec<(LeafCode, LeafCode)> =
        pairs.iter().map(|(e, s)| (e.leaf.clone(), s.leaf.clone())).collect();
    Evaluation {
        texts: pairs.len(),
        scope_accuracy: share(&|e, s| is_out(e) == (s.scope == Scope::Out)),
        out_of_scope_precision: ratio(out_hits, count(&pairs, &|_, s| s.scope == Scope::Out)),
        out_of_scope_recall: ratio(out_hits, count(&pairs, &|e, _| is_out(e))),
        field_accuracy: share(&|e, s| e.leaf.field() == s.field),
        field_macro_f1: macro_f1(&fields),
        leaf_accuracy: share(&|e, s| e.leaf == s.leaf),
        leaf_macro_f1: macro_f1(&leaves),
        calibration_error: calibration_error(&pairs),
        scope_band_share: share(&|_, s| {
            s.reasons.iter().any(|reason| reason.code == ReasonCode::ScopeUncertain)
        }),
        review_share: share(&|_, s| s.route == Route::Review),
        wrong_refusals: count(&pairs, &|e, s| {
            !is_out(e) && s.scope == Scope::Out && s.route == Route::Automatic
        }),
        wrong_acceptances: count(&pairs, &|e, s| {
            is_out(e) && s.scope == Scope::In && s.route == Route::Automatic
        }),
        unsealed_denunciations: count(&pairs, &|e, s| {
            classifier.access_of(&e.leaf) > s.access.max(vocabulary::Access::Restricted)
        }),
        urgent_precision: ratio(urgent_hits, count(&pairs, &|_, s| is_urgent(s.urgency))),
        urgent_recall: ratio(urgent_hits, count(&pairs, &|e, _| is_urgent(e.urgency))),
        missed_emergencies: count(&pairs, &|e, s| e.urgency == Urgency::Emergency && !is_urgent(s.urgency)),
        field_accuracy_by_style: by_style(classifier, gold),
        confusions: confusions(&leaves),
    }
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

fn calibration_error(pairs: &[(&Example, &Suggestion)]) -> f64 {
    let mut surplus = [0.0_f64; 10];
    for (example, suggestion) in pairs {
        let Some((field, p)) = suggestion.p_fields.first() else { continue };
        let bin = ((p * 10.0) as usize).min(9);
        surplus[bin] += f64::from(*p) - f64::from(u8::from(*field == example.leaf.field()));
    }
    surplus.iter().map(|s| s.abs()).sum::<f64>() / pairs.len().max(1) as f64
}

fn by_style(classifier: &Classifier, gold: &[Example]) -> BTreeMap<&'static str, f64> {
    let accuracy = |style: &Style| {
        let hit = |e: &&Example| classifier.suggest(&style.rewrite(&e.text)).field == e.leaf.field();
        (style.as_str(), ratio(gold.iter().filter(hit).count(), gold.len()))
    };
    Style::ALL.iter().map(accuracy).collect()
}

fn confusions(leaves: &[(LeafCode, LeafCode)]) -> Vec<(LeafCode, LeafCode, usize)> {
    let mut counts: BTreeMap<&(LeafCode, LeafCode), usize> = BTreeMap::new();
    for pair in leaves.iter().filter(|(gold, told)| gold != told) {
        *counts.entry(pair).or_default() += 1;
    }
    let mut all: Vec<_> =
        counts.into_iter().map(|((gold, told), n)| (gold.clone(), told.clone(), n)).collect();
    all.sort_by_key(|confusion| std::cmp::Reverse(confusion.2));
    all
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |name: &str, value: f64| writeln!(f, "{name:<34}{value:>7.3}");
        line("texts", self.texts as f64)?;
        line("scope accuracy", self.scope_accuracy)?;
        line("out-of-scope precision", self.out_of_scope_precision)?;
        line("out-of-scope recall", self.out_of_scope_recall)?;
        line("field accuracy", self.field_accuracy)?;
        line("field macro F1", self.field_macro_f1)?;
        line("leaf accuracy", self.leaf_accuracy)?;
        line("leaf macro F1", self.leaf_macro_f1)?;
        line("calibration error", self.calibration_error)?;
        line("scope goes to a person", self.scope_band_share)?;
        line("anything goes to a person", self.review_share)?;
        line("wrong refusals", self.wrong_refusals as f64)?;
        line("wrong acceptances", self.wrong_acceptances as f64)?;
        line("unsealed denunciations", self.unsealed_denunciations as f64)?;
        line("urgent precision", self.urgent_precision)?;
        line("urgent recall", self.urgent_recall)?;
        line("missed emergencies", self.missed_emergencies as f64)?;
        for (style, accuracy) in &self.field_accuracy_by_style {
            line(&format!("field accuracy, {style}"), *accuracy)?;
        }
        for (gold, told, times) in self.confusions.iter().take(12) {
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
    fn confusions_are_counted_most_frequent_first() {
        let leaf = |code: &str| code.parse::<LeafCode>().unwrap();
        let pairs = [("x.a", "x.b"), ("x.c", "x.a"), ("x.a", "x.b"), ("x.a", "x.a")]
            .map(|(gold, told)| (leaf(gold), leaf(told)));
        assert_eq!(confusions(&pairs), [(leaf("x.a"), leaf("x.b"), 2), (leaf("x.c"), leaf("x.a"), 1)]);
    }
}
