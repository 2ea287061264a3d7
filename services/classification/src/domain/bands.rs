//! The bands of the probability of being out of scope: where a field is proposed, where a return, and where a person looks;
//! and how recorded decisions would set them.

use province::{Band, Bands, Bounds};
use serde::{Deserialize, Serialize};
use statrs::function::beta::inv_beta_reg;

use super::text::Text;

/// How a text is written, as far as it changes how much a probability can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Writing {
    /// With accents, and long enough.
    Ordinary,
    /// Without accents.
    Unaccented,
    /// Of a few words.
    Short,
}

impl Writing {
    /// Every way, in the order of reports.
    pub const ALL: [Self; 3] = [Self::Ordinary, Self::Unaccented, Self::Short];

    /// The way of a text; below `short_text_words` words it is short.
    pub fn of(text: &Text<'_>, short_text_words: usize) -> Self {
        if text.word_count() < short_text_words {
            Self::Short
        } else if text.accented_share() < ACCENTED_SHARE {
            Self::Unaccented
        } else {
            Self::Ordinary
        }
    }

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::Unaccented => "unaccented",
            Self::Short => "short",
        }
    }
}

/// Two of three Vietnamese words carry a mark; where fewer than this share do, the keyboard gave none.
const ACCENTED_SHARE: f32 = 0.1;

/// What a probability of being out of scope leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Zone {
    /// A field is proposed.
    Field,
    /// A person looks at the scope.
    Person,
    /// A return is proposed.
    Return,
}

/// The band of a way of writing; the one of short texts has no upper end.
pub fn band(bands: &Bands, writing: Writing) -> Band {
    match writing {
        Writing::Ordinary => bands.ordinary,
        Writing::Unaccented => bands.unaccented,
        Writing::Short => Band { low: bands.short, high: f64::INFINITY },
    }
}

/// Where a probability lies.
pub fn zone(bands: &Bands, writing: Writing, p_out_of_scope: f64) -> Zone {
    let band = band(bands, writing);
    if p_out_of_scope <= band.low {
        Zone::Field
    } else if p_out_of_scope >= band.high {
        Zone::Return
    } else {
        Zone::Person
    }
}

/// What a person decided on the scope of a text, beside what the machine had said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScopeDecision {
    /// How the text is written.
    pub writing: Writing,
    /// What the machine said.
    pub p_out_of_scope: f64,
    /// What the person said.
    pub out_of_scope: bool,
}

/// Thresholds that decisions allow; `None` where too few decisions, or too many errors, stand behind any.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Allowed {
    /// A field may be proposed up to here.
    pub low: Option<f64>,
    /// A return may be proposed from here.
    pub high: Option<f64>,
}

/// The widest thresholds that `decisions` of one way of writing allow under `bounds`. They are tried from the safest on, and
/// the first that breaks its bound ends the search, so that all tries together keep the confidence of one.
pub fn allowed(decisions: &[ScopeDecision], bounds: &Bounds) -> Allowed {
    let holds = |errors: usize, all: usize, limit: f64| {
        upper_bound(errors, all, bounds.confidence).is_some_and(|bound| bound <= limit)
    };
    let high = widest(100, |step| {
        let beyond = decisions.iter().filter(|d| d.p_out_of_scope >= percent(100 - step));
        let (all, wrong) =
            beyond.fold((0, 0), |(all, wrong), d| (all + 1, wrong + usize::from(!d.out_of_scope)));
        (all >= fewest(bounds.wrong_return, bounds.confidence))
            .then(|| holds(wrong, all, bounds.wrong_return))
    });
    let low = widest(100, |step| {
        let beyond = decisions.iter().filter(|d| d.p_out_of_scope <= percent(step));
        let (all, wrong) =
            beyond.fold((0, 0), |(all, wrong), d| (all + 1, wrong + usize::from(d.out_of_scope)));
        (all >= fewest(bounds.wrong_field, bounds.confidence)).then(|| holds(wrong, all, bounds.wrong_field))
    });
    let (low, high) = (low.map(percent), high.map(|step| percent(100 - step)));
    // Thresholds that would cross meet half-way: nobody would look, and both bounds hold on either side.
    match (low, high) {
        (Some(l), Some(h)) if l > h => Allowed { low: Some(0.5), high: Some(0.5) },
        _ => Allowed { low, high },
    }
}

fn percent(step: usize) -> f64 {
    step as f64 / 100.0
}

/// The last step before the first that fails; steps with too few decisions to say anything are passed over at the safe end.
fn widest(steps: usize, holds: impl Fn(usize) -> Option<bool>) -> Option<usize> {
    let mut last = None;
    for step in 0..=steps {
        match holds(step) {
            None => {}
            Some(true) => last = Some(step),
            Some(false) => break,
        }
    }
    last
}

/// How many decisions without an error it takes to say that the share of errors is at most `limit`.
pub fn fewest(limit: f64, confidence: f64) -> usize {
    if limit >= 1.0 || limit <= 0.0 {
        return 1;
    }
    ((1.0 - confidence).ln() / (1.0 - limit).ln()).ceil() as usize
}

/// What the share of errors is at most, with `confidence`, when `errors` of `all` were seen (Clopper and Pearson, 1934); `None`
/// if nothing was seen.
pub fn upper_bound(errors: usize, all: usize, confidence: f64) -> Option<f64> {
    if all == 0 {
        return None;
    }
    if errors >= all {
        return Some(1.0);
    }
    Some(inv_beta_reg((errors + 1) as f64, (all - errors) as f64, confidence))
}

/// What bands would have done to decided reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Effect {
    /// Fields proposed.
    pub fields: usize,
    /// … of reports that are out of scope.
    pub wrong_fields: usize,
    /// Scopes that a person looks at.
    pub persons: usize,
    /// Returns proposed.
    pub returns: usize,
    /// … of reports that are in scope.
    pub wrong_returns: usize,
}

/// Applies bands to decided reports.
pub fn effect(decisions: &[ScopeDecision], bands: &Bands) -> Effect {
    let mut effect = Effect::default();
    for decision in decisions {
        match zone(bands, decision.writing, decision.p_out_of_scope) {
            Zone::Field => {
                effect.fields += 1;
                effect.wrong_fields += usize::from(decision.out_of_scope);
            }
            Zone::Person => effect.persons += 1,
            Zone::Return => {
                effect.returns += 1;
                effect.wrong_returns += usize::from(!decision.out_of_scope);
            }
        }
    }
    effect
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BOUNDS: Bounds = Bounds { confidence: 0.95, wrong_return: 0.05, wrong_field: 0.05 };

    fn decisions(p: f64, out: usize, within: usize) -> impl Iterator<Item = ScopeDecision> {
        (0..out + within).map(move |at| ScopeDecision {
            writing: Writing::Ordinary,
            p_out_of_scope: p,
            out_of_scope: at < out,
        })
    }

    #[test]
    fn the_bound_meets_published_values() {
        // No error among n: 1 − 0.05^(1/n), the "rule of three".
        for n in [10, 59, 300] {
            let expected = 1.0 - 0.05_f64.powf(1.0 / n as f64);
            assert!((upper_bound(0, n, 0.95).unwrap() - expected).abs() < 1e-9, "{n}");
        }
        // Two-sided 90 % interval of 1 of 10 is 0.0051–0.3942 (Fleiss, Levin and Paik, 2003).
        assert!((upper_bound(1, 10, 0.95).unwrap() - 0.3942).abs() < 1e-4);
        assert_eq!(upper_bound(3, 3, 0.95), Some(1.0));
        assert_eq!(upper_bound(0, 0, 0.95), None);
        assert_eq!(fewest(0.05, 0.95), 59);
    }

    #[test]
    fn thresholds_go_as_far_as_the_decisions_carry_them() {
        let all: Vec<_> = decisions(0.95, 80, 0)
            .chain(decisions(0.80, 20, 0))
            .chain(decisions(0.60, 1, 9))
            .chain(decisions(0.03, 0, 100))
            .chain(decisions(0.30, 10, 2))
            .collect();
        assert_eq!(allowed(&all, &BOUNDS), Allowed { low: Some(0.29), high: Some(0.61) });
        let few: Vec<_> = decisions(0.95, 58, 0).collect();
        assert_eq!(allowed(&few, &BOUNDS), Allowed { low: None, high: None });
    }

    #[test]
    fn short_texts_are_never_returned() {
        let bands = Bands {
            ordinary: Band { low: 0.15, high: 0.85 },
            unaccented: Band { low: 0.1, high: 0.9 },
            short: 0.2,
        };
        assert_eq!(zone(&bands, Writing::Short, 1.0), Zone::Person);
        assert_eq!(zone(&bands, Writing::Short, 0.2), Zone::Field);
        assert_eq!(zone(&bands, Writing::Ordinary, 0.85), Zone::Return);
        assert_eq!(zone(&bands, Writing::Unaccented, 0.85), Zone::Person);
    }

    #[test]
    fn the_way_of_writing_is_told() {
        let of = |text: &str| Writing::of(&Text::parse(text), 10);
        assert_eq!(of("đèn đường hư"), Writing::Short);
        assert_eq!(of("Đèn đường trước nhà tôi hư đã hai tuần nay rồi"), Writing::Ordinary);
        assert_eq!(of("Den duong truoc nha toi hu da hai tuan nay roi"), Writing::Unaccented);
    }

    proptest! {
        #[test]
        fn what_is_allowed_keeps_its_bounds(
            ps in proptest::collection::vec((0_u8..=100, proptest::bool::ANY), 0..300)
        ) {
            let all: Vec<_> = ps.iter().map(|(p, noise)| {
                let p = f64::from(*p) / 100.0;
                let out_of_scope = if *noise && p > 0.3 && p < 0.7 { p < 0.5 } else { p > 0.5 };
                ScopeDecision { writing: Writing::Ordinary, p_out_of_scope: p, out_of_scope }
            }).collect();
            if let Allowed { low: Some(low), high: Some(high) } = allowed(&all, &BOUNDS) {
                let band = Band { low, high };
                let done = effect(&all, &Bands { ordinary: band, unaccented: band, short: low });
                prop_assert!(done.wrong_returns * 20 <= done.returns && done.wrong_fields * 20 <= done.fields);
            }
        }
    }
}
