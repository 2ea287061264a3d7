//! All scores of one dimension over one period, in the order of the list.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use province::ScorePolicy;

use super::disclosure::{Count, hidden};
use super::tally::Tally;
use super::wilson::{Confidence, Share};

/// The subject that stands for the whole province.
pub const PROVINCE: &str = "province";

/// Everything that may be said about a subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// The counts.
    pub tally: Tally,
    /// answered / asked.
    pub response_rate: f64,
    /// Share satisfied.
    pub satisfied: Share,
    /// Share satisfied or acceptable.
    pub at_least_acceptable: Share,
    /// Share satisfied, shrunken towards the province's share.
    pub shrunken_satisfied: f64,
    /// Share of the closings with a due time that were answered by then.
    pub on_time: f64,
    /// Median hours the agency held a report.
    pub median_hours: f64,
    /// Share of closings that were sent back.
    pub reopened: f64,
}

/// How much of a score may be shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Disclosed {
    /// Enough answers for a rank, from 1; equal lower ends have equal ranks.
    Ranked(u32, Figures),
    /// Few answers: shown, not ranked.
    Unranked(Figures),
    /// Too few answers, or hidden so that others cannot be derived.
    Hidden,
}

/// The score of one subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// Which one.
    pub subject: String,
    /// What may be said.
    pub disclosed: Disclosed,
}

/// Where a score stands in the list: ranked ones first, by the lower end of their interval, then unranked and hidden
/// ones by subject, so that their order tells nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place<'a>(u8, Reverse<u64>, &'a str);

impl<'a> Place<'a> {
    /// A place from its parts, as [`Place::parts`] gave them.
    pub const fn new(class: u8, lower_bits: u64, subject: &'a str) -> Self {
        Self(class, Reverse(lower_bits), subject)
    }

    /// Class, lower end of a ranked score as bits (which order as the numbers do, none being negative), subject.
    pub const fn parts(self) -> (u8, u64, &'a str) {
        (self.0, self.1.0, self.2)
    }
}

impl Score {
    /// A subject about which nothing may be said, or nothing is known: the two look alike.
    pub const fn hidden(subject: String) -> Self {
        Self { subject, disclosed: Disclosed::Hidden }
    }

    /// Its place in the list.
    pub fn place(&self) -> Place<'_> {
        match &self.disclosed {
            Disclosed::Ranked(_, figures) => Place::new(0, figures.satisfied.lower.to_bits(), &self.subject),
            Disclosed::Unranked(_) => Place::new(1, 0, &self.subject),
            Disclosed::Hidden => Place::new(2, 0, &self.subject),
        }
    }
}

/// The scores of every subject that has closings, in the order of the list. A subject without a name (what lies outside
/// the province) counts in the total and protects others, but has no score.
pub fn board(cells: &BTreeMap<String, Tally>, policy: &ScorePolicy) -> Vec<Score> {
    let total = total(cells);
    let counts: Vec<Count<'_>> = cells
        .iter()
        .map(|(subject, tally)| Count { subject, answered: tally.answered(), listed: !subject.is_empty() })
        .collect();
    let withheld = hidden(&counts, policy.hide_below);
    let score = |(subject, tally): (&String, &Tally)| {
        if withheld.contains(subject.as_str()) {
            return Score::hidden(subject.clone());
        }
        let figures = figures(tally, &total, policy);
        let ranked = tally.answered() >= i64::from(policy.rank_from);
        let disclosed = if ranked { Disclosed::Ranked(0, figures) } else { Disclosed::Unranked(figures) };
        Score { subject: subject.clone(), disclosed }
    };
    let mut scores: Vec<Score> = cells.iter().filter(|(subject, _)| !subject.is_empty()).map(score).collect();
    scores.sort_by(|one, other| one.place().cmp(&other.place()));
    rank(&mut scores);
    scores
}

/// The province's own score, from the cells of any dimension.
pub fn province(cells: &BTreeMap<String, Tally>, policy: &ScorePolicy) -> Score {
    let only = BTreeMap::from([(PROVINCE.to_owned(), total(cells))]);
    board(&only, policy).pop().unwrap_or_else(|| Score::hidden(PROVINCE.to_owned()))
}

fn total(cells: &BTreeMap<String, Tally>) -> Tally {
    cells.values().fold(Tally::default(), |mut sum, tally| {
        sum += tally;
        sum
    })
}

fn rank(scores: &mut [Score]) {
    let mut last = (0_u32, f64::NAN);
    for (position, score) in (1_u32..).zip(scores) {
        if let Disclosed::Ranked(rank, figures) = &mut score.disclosed {
            let lower = figures.satisfied.lower;
            if lower.to_bits() != last.1.to_bits() {
                last = (position, lower);
            }
            *rank = last.0;
        }
    }
}

fn figures(tally: &Tally, total: &Tally, policy: &ScorePolicy) -> Figures {
    let answered = tally.answered();
    let confidence = Confidence::two_sided(policy.confidence);
    let prior = share_of(total.satisfied, total.answered());
    let weight = policy.prior_weight + answered as f64;
    let shrunken = (policy.prior_weight * prior + tally.satisfied as f64) / weight;
    Figures {
        response_rate: share_of(answered, tally.asked),
        satisfied: confidence.share(tally.satisfied, answered),
        at_least_acceptable: confidence.share(tally.satisfied + tally.acceptable, answered),
        shrunken_satisfied: if weight > 0.0 { shrunken } else { 0.0 },
        on_time: share_of(tally.on_time, tally.timed),
        median_hours: tally.held.median_hours(),
        reopened: share_of(tally.reopened, tally.closed),
        tally: tally.clone(),
    }
}

fn share_of(part: i64, whole: i64) -> f64 {
    if whole > 0 { part as f64 / whole as f64 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> ScorePolicy {
        ScorePolicy {
            confidence: 0.95,
            hide_below: 5,
            rank_from: 30,
            prior_weight: 25.0,
            method_version: "1".to_owned(),
        }
    }

    fn tally(satisfied: i64, acceptable: i64, unsatisfied: i64) -> Tally {
        let asked = (satisfied + acceptable + unsatisfied) * 2;
        Tally { closed: asked, asked, satisfied, acceptable, unsatisfied, ..Tally::default() }
    }

    fn cells(of: &[(&str, Tally)]) -> BTreeMap<String, Tally> {
        of.iter().map(|(subject, tally)| ((*subject).to_owned(), tally.clone())).collect()
    }

    fn outline(scores: &[Score]) -> Vec<(&str, char, u32)> {
        let letter = |score: &Score| match &score.disclosed {
            Disclosed::Ranked(rank, _) => ('r', *rank),
            Disclosed::Unranked(_) => ('u', 0),
            Disclosed::Hidden => ('h', 0),
        };
        scores.iter().map(|score| (score.subject.as_str(), letter(score).0, letter(score).1)).collect()
    }

    #[test]
    fn the_surely_good_come_first_and_the_small_last() {
        let scores = board(
            &cells(&[
                ("big-good", tally(480, 0, 120)),
                ("small-perfect", tally(29, 0, 0)),
                ("thirty", tally(27, 0, 3)),
                ("tiny", tally(1, 0, 0)),
                ("tiny-too", tally(4, 0, 0)),
                ("twin", tally(480, 60, 60)),
            ]),
            &policy(),
        );
        assert_eq!(
            outline(&scores),
            [
                ("big-good", 'r', 1),
                ("twin", 'r', 1),
                ("thirty", 'r', 3),
                ("small-perfect", 'u', 0),
                ("tiny", 'h', 0),
                ("tiny-too", 'h', 0),
            ]
        );
    }

    #[test]
    fn figures_follow_their_formulas() {
        let all = cells(&[("a", tally(20, 5, 5)), ("b", tally(40, 15, 15))]);
        let scores = board(&all, &policy());
        let Some(Disclosed::Ranked(_, figures)) =
            scores.iter().find(|score| score.subject == "a").map(|score| score.disclosed.clone())
        else {
            panic!("a is ranked")
        };
        // prior = 60/100; (25 · 0.6 + 20) / (25 + 30)
        assert!((figures.shrunken_satisfied - 35.0 / 55.0).abs() < 1e-12);
        assert!((figures.satisfied.value - 20.0 / 30.0).abs() < 1e-12);
        assert!((figures.at_least_acceptable.value - 25.0 / 30.0).abs() < 1e-12);
        assert!((figures.response_rate - 0.5).abs() < 1e-12);
        let Disclosed::Ranked(1, whole) = province(&all, &policy()).disclosed else {
            panic!("the province is ranked")
        };
        assert_eq!(whole.tally.answered(), 100);
        assert!((whole.shrunken_satisfied - 0.6).abs() < 1e-12);
    }

    #[test]
    fn a_province_without_answers_is_hidden() {
        assert_eq!(province(&BTreeMap::new(), &policy()), Score::hidden(PROVINCE.to_owned()));
    }

    #[test]
    fn what_lies_outside_has_no_score_and_cannot_be_derived() {
        let scores = board(
            &cells(&[("", tally(3, 0, 0)), ("32002", tally(40, 0, 0)), ("32005", tally(9, 0, 0))]),
            &policy(),
        );
        assert_eq!(outline(&scores), [("32002", 'r', 1), ("32005", 'h', 0)]);
    }

    #[test]
    fn places_order_as_the_list_does() {
        let scores = board(
            &cells(&[("a", tally(30, 0, 9)), ("b", tally(30, 0, 0)), ("c", tally(9, 0, 0))]),
            &policy(),
        );
        assert_eq!(outline(&scores), [("b", 'r', 1), ("a", 'r', 2), ("c", 'u', 0)]);
        assert!(scores.windows(2).all(|pair| pair[0].place() < pair[1].place()));
        let (class, bits, subject) = scores[0].place().parts();
        assert_eq!(Place::new(class, bits, subject), scores[0].place());
    }
}
