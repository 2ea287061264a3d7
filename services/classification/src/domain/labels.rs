//! Which of people's decisions count as lessons, and which of those are taken.
//!
//! A label counts once it is confirmed: an agency has accepted the report, or a supervisor has said that it is right. Who
//! reported is not known here, and reports of one person cannot be linked (their proofs differ). So nobody's influence is
//! bounded by name: it is bounded by what one person could multiply. Reports about one leaf from one square of the map count
//! a few times, texts that say nearly the same count once, and all decisions together are a share of the pack's text.
#![deny(clippy::wildcard_enum_match_arm)]

use std::collections::BTreeMap;

use province::LearningPolicy;
use uuid::Uuid;
use vocabulary::{LeafCode, Timestamp};

use super::similar::WordSet;
use super::text::Text;
use super::train::Example;

vocabulary::words!(
    /// What was said of a label.
    Mark {
        /// The agency has accepted the report.
        AgencyAccepted = "agency_accepted",
        /// The agency says that it is not competent.
        HandedBack = "handed_back",
        /// A supervisor says that it is right.
        Confirmed = "confirmed",
        /// A supervisor says that it is wrong.
        Refuted = "refuted",
        /// May be learned from although its report is sealed.
        TrainingApproved = "training_approved",
        /// May not be learned from any more.
        TrainingRevoked = "training_revoked",
    }
);

/// What was said of a label, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marked {
    /// What.
    pub mark: Mark,
    /// When.
    pub time: Timestamp,
}

/// Whether a label may be learned from: confirmed, and allowed. A supervisor's word outranks an agency's; of two words of
/// one kind the later one counts.
pub fn counts(marks: &[Marked], kept_out: bool) -> bool {
    let last = |among: &[Mark]| {
        let said = marks.iter().filter(|marked| among.contains(&marked.mark));
        said.max_by_key(|marked| marked.time).map(|marked| marked.mark)
    };
    let by_supervisor = last(&[Mark::Confirmed, Mark::Refuted]);
    let by_agency = last(&[Mark::AgencyAccepted, Mark::HandedBack]);
    let confirmed = match by_supervisor.or(by_agency) {
        Some(Mark::Confirmed | Mark::AgencyAccepted) => true,
        Some(Mark::Refuted | Mark::HandedBack | Mark::TrainingApproved | Mark::TrainingRevoked) | None => {
            false
        }
    };
    let approved = last(&[Mark::TrainingApproved, Mark::TrainingRevoked]) == Some(Mark::TrainingApproved);
    confirmed && (!kept_out || approved)
}

/// A label that counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// The label.
    pub label: Uuid,
    /// Text, leaf and urgency.
    pub example: Example,
    /// The square of the map from which the report came.
    pub square: Option<i64>,
}

/// From this share of common words two texts are one lesson.
const SAME_LESSON: f64 = 0.8;

/// How many lessons may be taken beside `base` texts.
pub fn most_lessons(base: usize, policy: &LearningPolicy) -> usize {
    (base as f64 * policy.maximum_share) as usize
}

/// The lessons that are taken of those that count, which come newest first.
pub fn choose(
    lessons: impl IntoIterator<Item = Lesson>,
    base: usize,
    policy: &LearningPolicy,
) -> Vec<Lesson> {
    let most = most_lessons(base, policy);
    let mut places: BTreeMap<(Option<i64>, LeafCode), u32> = BTreeMap::new();
    let mut taken: Vec<(WordSet, Lesson)> = Vec::new();
    for lesson in lessons {
        if taken.len() >= most {
            break;
        }
        let words = WordSet::of(&Text::parse(&lesson.example.text));
        let of_place = places.entry((lesson.square, lesson.example.leaf.clone())).or_default();
        let known = taken.iter().any(|(other, _)| words.likeness(other) >= SAME_LESSON);
        if *of_place < policy.per_place && !known {
            *of_place += 1;
            taken.push((words, lesson));
        }
    }
    taken.into_iter().map(|(_, lesson)| lesson).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vocabulary::Urgency;

    use super::*;

    const POLICY: LearningPolicy = LearningPolicy {
        double_label_share: 0.05,
        retrain_hour: 2,
        maximum_share: 0.2,
        per_place: 3,
        tolerance: 0.0,
    };

    fn marked(marks: &[Mark]) -> Vec<Marked> {
        (0..).zip(marks).map(|(at, mark)| Marked { mark: *mark, time: Timestamp::from_micros(at) }).collect()
    }

    #[test]
    fn a_label_counts_once_it_is_confirmed_and_nothing_secret_does_unasked() {
        use Mark::*;
        let cases: [(&[Mark], bool, bool); 12] = [
            (&[], false, false),
            (&[AgencyAccepted], false, true),
            (&[AgencyAccepted, HandedBack], false, false),
            (&[HandedBack, AgencyAccepted], false, true),
            (&[Confirmed], false, true),
            (&[Refuted, AgencyAccepted], false, false),
            (&[HandedBack, Confirmed], false, true),
            (&[Confirmed, Refuted], false, false),
            (&[Confirmed], true, false),
            (&[TrainingApproved], true, false),
            (&[Confirmed, TrainingApproved], true, true),
            (&[TrainingApproved, Confirmed, TrainingRevoked], true, false),
        ];
        for (marks, kept_out, expected) in cases {
            assert_eq!(counts(&marked(marks), kept_out), expected, "{marks:?} {kept_out}");
        }
    }

    fn lesson(text: &str, leaf: &str, square: i64) -> Lesson {
        let example =
            Example { text: text.to_owned(), leaf: leaf.parse().unwrap(), urgency: Urgency::Normal };
        Lesson { label: Uuid::nil(), example, square: Some(square) }
    }

    #[test]
    fn one_place_and_one_text_count_for_little() {
        let road = "infrastructure.road";
        let words = ["cống nghẹt", "đèn tắt", "cây ngã", "rác đầy", "nước yếu"];
        let of_one_place = words.iter().map(|text| lesson(text, road, 7));
        assert_eq!(choose(of_one_place, 1_000, &POLICY).len(), 3);
        let copies = (0..9).map(|square| lesson("Đường trước chợ nhiều ổ gà", road, square));
        assert_eq!(choose(copies, 1_000, &POLICY).len(), 1);
        let elsewhere = (0..).zip(words).map(|(square, text)| lesson(text, road, square));
        assert_eq!(choose(elsewhere.clone(), 1_000, &POLICY).len(), 5);
        let taken = choose(elsewhere, 10, &POLICY);
        assert_eq!(taken.len(), 2, "a fifth of ten");
        assert_eq!(taken[0].example.text, "cống nghẹt", "the newest first");
    }

    proptest! {
        #[test]
        fn no_flood_gets_beyond_the_caps(
            texts in prop::collection::vec(("[a-e]{2,3} [a-e]{2,3} [a-e]{2,3}", 0_i64..3, any::<bool>()), 0..60),
            base in 0_usize..400,
        ) {
            let leaf = |other: bool| if other { "security.noise" } else { "infrastructure.road" };
            let flood = texts.iter().map(|(text, square, other)| lesson(text, leaf(*other), *square));
            let taken = choose(flood, base, &POLICY);
            prop_assert!(taken.len() <= base / 5);
            prop_assert!(taken.len() <= 3 * 2 * 3, "squares × leaves × per place");
        }
    }
}
