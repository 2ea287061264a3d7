//! When the reporter was asked something before the report went anywhere: the first clock stands still meanwhile.

use std::collections::BTreeMap;

use province::Pause;
use serde::{Deserialize, Serialize};
use vocabulary::Timestamp;

/// What the classification service told about a report, by the number of its event: when, and whether it was a question.
/// Whatever it tells next ends the waiting: a review that is open again, or a classification.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Questions(BTreeMap<i64, (i64, bool)>);

impl Questions {
    /// Takes note of one event, in whatever order they come.
    pub(super) fn note(&mut self, sequence: i64, time: Timestamp, asks: bool) {
        // The first event can end nothing, and most reports have no other.
        if asks || sequence > 1 {
            self.0.insert(sequence, (time.micros(), asks));
        }
    }

    /// Whether there is nothing to remember.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// When an answer was waited for.
    pub(super) fn pauses(&self) -> Vec<Pause> {
        let mut pauses: Vec<Pause> = Vec::new();
        for (time, asks) in self.0.values() {
            let at = Timestamp::from_micros(*time);
            if let Some(open) = pauses.last_mut().filter(|pause| pause.to.is_none()) {
                open.to = Some(at);
            }
            if *asks {
                pauses.push(Pause { from: at, to: None });
            }
        }
        pauses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    #[test]
    fn a_question_is_waited_for_until_the_next_word_whatever_the_order() {
        let told = [(1, 10, false), (2, 20, true), (3, 30, false), (4, 40, true), (5, 50, true)];
        let expected = [(20, Some(30)), (40, Some(50)), (50, None)];
        let expected: Vec<Pause> =
            expected.map(|(from, to)| Pause { from: at(from), to: to.map(at) }).into_iter().collect();
        for turn in 0..told.len() {
            let mut questions = Questions::default();
            for at_index in 0..told.len() * 2 {
                let (sequence, second, asks) = told[(turn + at_index) % told.len()];
                questions.note(sequence, at(second), asks);
            }
            assert_eq!(questions.pauses(), expected);
        }
        let mut questions = Questions::default();
        questions.note(1, at(10), false);
        assert!(questions.is_empty(), "nothing is kept of most reports");
    }
}
