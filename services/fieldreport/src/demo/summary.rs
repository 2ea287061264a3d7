//! The whole play in numbers.

use std::collections::BTreeMap;
use std::time::Duration;

use contract::common::v1::ReportState;
use contract::satisfaction::v1::Score;
use serde::Serialize;

use super::played::Played;

/// What a play comes down to; the last line of `--json`.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Always `summary`.
    pub kind: &'static str,
    /// Everything below is as it must be.
    pub ok: bool,
    /// Reports played.
    pub reports: usize,
    /// How many reports ended in which state.
    pub states: BTreeMap<String, usize>,
    /// Reports with neither an end nor an owner.
    pub lost: usize,
    /// Reports in whose play a step failed.
    pub faults: usize,
    /// The request that was sent twice made one report.
    pub duplicate_same: bool,
    /// Nobody saw what must stay hidden.
    pub quarantine_held: bool,
    /// How far the machine agreed with a careful registrar.
    pub agreed: Agreed,
    /// Where the time went.
    pub latencies: Latencies,
    /// Photos sent.
    pub photos: usize,
    /// Preparation (start of the system, painting of the photos), milliseconds.
    pub prepared_ms: f64,
    /// The play from the first report to the last score, milliseconds.
    pub wall_ms: f64,
    /// Version of the model.
    pub model_version: String,
    /// Version of the province pack.
    pub pack_version: String,
    /// Agencies that were rated or asked for, then the province.
    pub scores: Vec<ScoreLine>,
}

/// How far the machine agreed with a careful registrar, in reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Agreed {
    /// The same leaf.
    pub leaf: usize,
    /// The same field.
    pub field: usize,
    /// The same urgency.
    pub urgency: usize,
    /// The same way: straight to an agency, to a person, back to the citizen.
    pub way: usize,
}

/// Where the time went.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latencies {
    /// Request to acknowledgement, at the client.
    pub acknowledged: Spread,
    /// Submission to the machine's word, on the timeline.
    pub classified: Spread,
    /// Submission to the agency where no person had to look, on the timeline.
    pub assigned: Spread,
    /// One photo, at the client.
    pub upload: Spread,
}

/// How durations are spread, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// How many were measured.
    pub count: usize,
    /// Half of them were at most so long.
    pub p50_ms: f64,
    /// 95 % of them were at most so long.
    pub p95_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

/// One agency's score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScoreLine {
    /// `agencies/{id}`, or `province`.
    pub subject: String,
    /// Its short name.
    pub name: String,
    /// `hidden`, `unranked` or `ranked`.
    pub disclosure: String,
    /// Citizens asked; unset where hidden.
    pub asked: Option<i32>,
    /// Citizens who answered; unset where hidden.
    pub answered: Option<i32>,
    /// Share who answered; unset where hidden.
    pub response_rate: Option<f64>,
    /// Share satisfied and its Wilson interval; unset where hidden.
    pub satisfied: Option<Interval>,
}

/// A share with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Observed.
    pub value: f64,
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

impl Spread {
    /// Nearest-rank percentiles; all zero for nothing.
    pub fn new(durations: impl Iterator<Item = Duration>) -> Self {
        let mut sorted: Vec<Duration> = durations.collect();
        sorted.sort_unstable();
        let at = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100).max(1);
            sorted.get(rank - 1).copied().map_or(0.0, millis)
        };
        Self { count: sorted.len(), p50_ms: at(50), p95_ms: at(95), max_ms: at(100) }
    }
}

impl ScoreLine {
    /// As the API gives it: what is hidden stays hidden.
    pub fn new(score: &Score, name: String) -> Self {
        let disclosure = word(score.disclosure().as_str_name(), "DISCLOSURE_");
        let shown = score.disclosure() != contract::satisfaction::v1::Disclosure::Hidden;
        let satisfied = score.satisfied.as_ref();
        Self {
            subject: score.subject.clone(),
            name,
            disclosure,
            asked: shown.then_some(score.asked),
            answered: shown.then_some(score.answered),
            response_rate: shown.then_some(score.response_rate),
            satisfied: satisfied.filter(|_| shown).map(|share| Interval {
                value: share.value,
                lower: share.lower,
                upper: share.upper,
            }),
        }
    }
}

/// Everything but what only the stage knows: scores and times.
pub fn summarise(all: &[Played], scores: Vec<ScoreLine>, prepared: Duration, wall: Duration) -> Summary {
    let count = |holds: fn(&Played) -> bool| all.iter().filter(|played| holds(played)).count();
    let mut states = BTreeMap::new();
    for played in all {
        *states.entry(state(played.report.state())).or_default() += 1;
    }
    let lost = count(|played| !played.has_ended() && !played.has_owner());
    let faults = count(|played| played.fault.is_some());
    let duplicates: Vec<bool> = all.iter().filter_map(|played| played.duplicate_same).collect();
    let duplicate_same = !duplicates.is_empty() && duplicates.iter().all(|same| *same);
    let quarantine_held = count(|played| !played.kept_secret()) == 0;
    let versions = all.iter().find(|played| !played.suggestion.model_version.is_empty());
    Summary {
        kind: "summary",
        ok: lost == 0 && faults == 0 && duplicate_same && quarantine_held,
        reports: all.len(),
        states,
        lost,
        faults,
        duplicate_same,
        quarantine_held,
        agreed: Agreed {
            leaf: count(Played::leaf_agreed),
            field: count(Played::field_agreed),
            urgency: count(Played::urgency_agreed),
            way: count(Played::way_agreed),
        },
        latencies: latencies(all),
        photos: all.iter().map(|played| played.uploads.len()).sum(),
        prepared_ms: millis(prepared),
        wall_ms: millis(wall),
        model_version: versions.map(|played| played.suggestion.model_version.clone()).unwrap_or_default(),
        pack_version: versions.map(|played| played.suggestion.pack_version.clone()).unwrap_or_default(),
        scores,
    }
}

fn latencies(all: &[Played]) -> Latencies {
    Latencies {
        acknowledged: Spread::new(all.iter().filter_map(|played| played.acknowledged)),
        classified: Spread::new(all.iter().filter_map(Played::until_classified)),
        assigned: Spread::new(all.iter().filter_map(Played::until_assigned)),
        upload: Spread::new(all.iter().flat_map(|played| played.uploads.iter().copied())),
    }
}

/// A state as one lower-case word.
pub fn state(state: ReportState) -> String {
    word(state.as_str_name(), "REPORT_STATE_")
}

/// A value of the wire as one lower-case word.
pub fn word(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_lowercase()
}

/// Milliseconds, to the microsecond.
pub fn millis(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1_000.0
}

#[cfg(test)]
pub mod tests {
    use contract::common::v1::Access;
    use contract::satisfaction::v1::{Disclosure, Share};

    use super::super::cast::tests::part;
    use super::super::played::tests::assigned;
    use super::*;

    /// The summary of some reports.
    pub fn of(all: &[Played]) -> Summary {
        summarise(all, Vec::new(), Duration::from_millis(5), Duration::from_secs(1))
    }

    fn duplicate() -> Played {
        Played { duplicate_same: Some(true), ..assigned() }
    }

    #[test]
    fn percentiles_are_nearest_ranks() {
        let spread = Spread::new((1..=20).map(Duration::from_millis));
        assert_eq!((spread.count, spread.p50_ms, spread.p95_ms, spread.max_ms), (20, 10.0, 19.0, 20.0));
        assert_eq!(Spread::new(std::iter::empty()).max_ms, 0.0);
        assert_eq!(Spread::new(std::iter::once(Duration::from_micros(1_500))).p50_ms, 1.5);
    }

    #[test]
    fn it_is_well_only_if_nothing_is_lost_doubled_or_seen() {
        assert!(of(&[duplicate()]).ok);
        assert!(!of(&[assigned()]).ok, "without the repeated request nothing is proven");
        assert!(!of(&[duplicate(), Played { duplicate_same: Some(false), ..assigned() }]).ok);
        assert!(!of(&[duplicate(), Played { fault: Some("refused".to_owned()), ..assigned() }]).ok);
        let lost = Played::new(part(1));
        assert_eq!((of(&[duplicate(), lost.clone()]).lost, of(&[duplicate(), lost]).ok), (1, false));
    }

    #[test]
    fn a_denunciation_that_was_not_hidden_at_once_is_no_success() {
        let mut denunciation = Played { part: part(12), ..assigned() };
        denunciation.suggestion.set_access(Access::Ordinary);
        assert!(!of(&[duplicate(), denunciation.clone()]).quarantine_held);
        denunciation.suggestion.set_access(Access::Quarantine);
        assert!(of(&[duplicate(), denunciation]).quarantine_held);
    }

    #[test]
    fn hidden_scores_stay_hidden() {
        let mut score = Score { asked: 3, answered: 2, ..Score::default() };
        score.satisfied = Some(Share { value: 1.0, lower: 0.3, upper: 1.0 });
        score.set_disclosure(Disclosure::Hidden);
        let hidden = ScoreLine::new(&score, String::new());
        assert_eq!((hidden.asked, hidden.satisfied, hidden.disclosure.as_str()), (None, None, "hidden"));
        score.set_disclosure(Disclosure::Unranked);
        assert_eq!(ScoreLine::new(&score, String::new()).asked, Some(3));
    }
}
