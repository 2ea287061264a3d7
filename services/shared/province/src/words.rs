//! Enums whose values are stable lower-case words of the pack's files, and what to write instead of a wrong word.

use std::str::FromStr;

use vocabulary::{Access, AgencyId, CommuneCode, FieldCode, LeafCode, ReportState, Scope};

/// A value of a file that can be parsed, and the sentence that says what would have been right.
pub(crate) trait Expected: FromStr {
    /// What to write instead of `value`.
    fn instead(value: &str) -> String;
}

/// As [`vocabulary::words`], and a file's wrong word is answered with the nearest right one.
macro_rules! words {
    ($(#[$attribute:meta])* $name:ident { $($values:tt)+ }) => {
        vocabulary::words!($(#[$attribute])* $name { $($values)+ });

        impl $crate::words::Expected for $name {
            fn instead(value: &str) -> String {
                $crate::words::one_of(value, Self::ALL.iter().map(|known| known.as_str()))
            }
        }
    };
}
pub(crate) use words;

macro_rules! expected_word {
    ($($name:ident),+) => { $(
        impl Expected for $name {
            fn instead(value: &str) -> String { one_of(value, Self::ALL.iter().map(|known| known.as_str())) }
        }
    )+ };
}
expected_word!(Access, Scope, ReportState);

macro_rules! expected_id {
    ($($name:ident: $sentence:literal),+) => { $(
        impl Expected for $name {
            fn instead(_: &str) -> String { $sentence.to_owned() }
        }
    )+ };
}
expected_id!(
    AgencyId: "an agency id: lower-case letters, digits and hyphens, e.g. `ubnd-32002`",
    CommuneCode: "a commune code of digits, e.g. `32002`",
    FieldCode: "a field code, e.g. `infrastructure`",
    LeafCode: "a leaf code, e.g. `infrastructure.road`"
);

/// The known word that is nearest to `value`, or the list of all when none is near.
pub(crate) fn one_of<'w>(value: &str, known: impl Iterator<Item = &'w str> + Clone) -> String {
    match nearest(value, known.clone()) {
        Some(word) => format!("`{word}`"),
        None => format!(
            "one of {}",
            known.take(20).map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
        ),
    }
}

/// The known word with the fewest edits to `value`, if they are few enough to be a slip of the pen, or if one of the
/// two is the beginning of the other.
fn nearest<'w>(value: &str, known: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let slip = 2.max(value.chars().count() / 3);
    let begins = |word: &str| value.len() > 2 && (word.starts_with(value) || value.starts_with(word));
    known
        .map(|word| (edits(value, word), word))
        .filter(|(edits, word)| *edits <= slip || begins(word))
        .min()
        .map(|(_, word)| word)
}

/// Levenshtein distance in characters.
fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, r) in right.iter().enumerate() {
            let changed = diagonal + usize::from(l != *r);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}

words!(
    /// A language of the system's sentences.
    Language {
        /// Vietnamese.
        Vi = "vi",
        /// English.
        En = "en",
    }
);

words!(
    /// How sure a rule is.
    Mark {
        /// Published by an official or press source.
        Published = "S",
        /// Inferred; the province should confirm it.
        Inferred = "I",
        /// Common knowledge of Vietnamese administration, to be confirmed.
        Common = "K",
    }
);

/// A name or sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalText {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

impl LocalText {
    /// The text in one language.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::Vi => &self.vi,
            Language::En => &self.en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_answered_with_the_word_meant() {
        let known = ["ubnd-32002", "so-xay-dung", "so-y-te"];
        assert_eq!(one_of("so-xay-dungg", known.into_iter()), "`so-xay-dung`");
        assert_eq!(one_of("so-xay", known.into_iter()), "`so-xay-dung`");
        assert_eq!(one_of("police", known.into_iter()), "one of `ubnd-32002`, `so-xay-dung`, `so-y-te`");
    }

    #[test]
    fn edits_are_counted() {
        assert_eq!((edits("", "abc"), edits("kitten", "sitting"), edits("đường", "duong")), (3, 3, 3));
    }
}
