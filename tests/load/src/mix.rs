//! What the load consists of: actions by weight, under a name or put together.

use std::str::FromStr;

use rand::RngExt as _;
use rand::rngs::StdRng;
use vocabulary::words;

words!(
    /// One thing that somebody does.
    Action {
        /// A report.
        Create = "create",
        /// A report with one to three photos, uploaded one after the other.
        Media = "media",
        /// The next step on whatever waits in the queues of coordinators and agencies.
        Dispatch = "dispatch",
        /// A rating.
        Rate = "rate",
        /// A report with its timeline.
        GetReport = "get_report",
        /// A page of one's own reports.
        ListOwn = "list_own",
        /// A page of public reports.
        ListPublic = "list_public",
        /// A page of an agency's queue.
        Queue = "queue",
        /// A page of the coordinators' queue.
        Reviews = "reviews",
        /// One score.
        Score = "score",
        /// A page of scores.
        Scores = "scores",
    }
);

/// The mixes with names. A report takes about four steps of staff, hence the weights.
const NAMED: [(&str, &str); 6] = [
    ("create", "create=1"),
    ("media", "media=1"),
    ("dispatch", "create=1,dispatch=4"),
    ("rating", "create=4,dispatch=16,rate=3"),
    ("reads", "get_report=6,list_own=2,list_public=2,queue=4,reviews=1,score=3,scores=2"),
    (
        "mixed",
        "create=10,media=1,dispatch=40,rate=6,get_report=20,list_own=5,list_public=5,queue=8,reviews=2,score=2,scores=1",
    ),
];

/// Actions with their weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Mix(Vec<(Action, f64)>);

impl FromStr for Mix {
    type Err = String;

    /// A name, or `action=weight` separated by commas.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = NAMED.iter().find(|(name, _)| *name == text).map_or(text, |(_, actions)| actions);
        let weights = text.split(',').map(|part| {
            let (action, weight) = part.split_once('=').ok_or_else(|| {
                let names: Vec<&str> = NAMED.iter().map(|(name, _)| *name).collect();
                format!("{part:?} is neither a mix ({}) nor action=weight", names.join(", "))
            })?;
            let action = action.parse::<Action>().map_err(|error| error.to_string())?;
            let weight = weight.parse::<f64>().ok().filter(|weight| *weight > 0.0 && weight.is_finite());
            Ok((action, weight.ok_or_else(|| format!("{part:?}: a weight is a number above 0"))?))
        });
        weights.collect::<Result<_, String>>().map(Self)
    }
}

impl Mix {
    /// One of the actions, by weight.
    pub fn choose(&self, rng: &mut StdRng) -> Action {
        let total: f64 = self.0.iter().map(|(_, weight)| weight).sum();
        let mut left = rng.random_range(0.0..total);
        for (action, weight) in &self.0 {
            left -= weight;
            if left < 0.0 {
                return *action;
            }
        }
        // Rounding may leave a crumb of the last weight.
        self.0.last().map_or(Action::Create, |(action, _)| *action)
    }

    /// Whether reports are sent at all.
    pub fn sends(&self) -> bool {
        self.0.iter().any(|(action, _)| matches!(action, Action::Create | Action::Media))
    }

    /// Whether photos are needed.
    pub fn has_photos(&self) -> bool {
        self.0.iter().any(|(action, _)| *action == Action::Media)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn every_named_mix_is_one() {
        for (name, actions) in NAMED {
            assert_eq!(name.parse::<Mix>(), actions.parse(), "{name}");
        }
        assert!("reads".parse::<Mix>().unwrap().0.len() > 5);
    }

    #[test]
    fn a_wrong_mix_is_refused_with_what_would_be_right() {
        assert!("speed".parse::<Mix>().unwrap_err().contains("mixed"));
        assert!("fly=1".parse::<Mix>().unwrap_err().contains("get_report"));
        for bad in ["create=0", "create=-1", "create=x", "create=inf"] {
            assert!(bad.parse::<Mix>().is_err(), "{bad}");
        }
    }

    #[test]
    fn actions_come_by_weight() {
        let mix: Mix = "create=3,rate=1".parse().unwrap();
        let mut rng = StdRng::seed_from_u64(1);
        let creates = (0..4_000).filter(|_| mix.choose(&mut rng) == Action::Create).count();
        assert!((2_850..3_150).contains(&creates), "{creates}");
    }
}
