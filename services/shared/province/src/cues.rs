//! The words that speak of danger, denunciation, complaint and crime. Matching them belongs to classification.

use std::collections::HashSet;

use serde::Deserialize;
use toml::Spanned;

use crate::file::PackFile;
use crate::fold::fold;
use crate::words::{Mark, words};

words!(
    /// What a cue speaks of.
    CueKind {
        /// Danger to life now.
        Emergency = "emergency",
        /// Could injure someone or cut off people within hours to days.
        Urgent = "urgent",
        /// Accuses a named official or body of breaking the law.
        Denunciation = "denunciation",
        /// Asks to review a decision that harms one's own rights.
        Complaint = "complaint",
        /// A crime under way or known.
        Crime = "crime",
        /// The writer may harm themselves.
        SelfHarm = "self_harm",
    }
);

/// A cue. All phrases are accent-folded, lower-case, single-spaced, and match whole words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cue {
    /// Stable id.
    pub id: String,
    /// What it speaks of.
    pub kind: CueKind,
    /// Free word for statistics.
    pub group: String,
    /// At least one must occur.
    pub any: Vec<String>,
    /// If given, one of these must stand within `window` words of it.
    pub with: Vec<String>,
    /// Reach in words; 0 for a cue that has neither `with` nor `unless`.
    pub window: usize,
    /// False friends: an occurrence that overlaps one, or has one within `window` words, does not count.
    pub unless: Vec<String>,
    /// How sure the rule is.
    pub mark: Mark,
    /// A word to the reader.
    pub note: String,
}

/// Phrases that change the meaning of a cue near by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nearby {
    /// Reach in words.
    pub window: usize,
    /// The phrases.
    pub any: Vec<String>,
}

/// `cues.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cues {
    /// Version of the file.
    pub version: String,
    /// All cues, in the order of the file.
    pub cues: Vec<Cue>,
    /// Lower an emergency or urgent cue to nothing.
    pub lowering: Nearby,
    /// Lift an urgent cue to an emergency.
    pub raising: Nearby,
    /// Names of other provinces.
    pub out_of_province: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    version: String,
    cue: Vec<RawCue>,
    lowering: RawNearby,
    raising: RawNearby,
    out_of_province: RawPhrases,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCue {
    id: Spanned<String>,
    kind: Spanned<String>,
    group: String,
    any: Phrases,
    #[serde(default)]
    with: Phrases,
    window: Option<Spanned<usize>>,
    #[serde(default)]
    unless: Phrases,
    mark: Spanned<String>,
    #[serde(default)]
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNearby {
    window: Spanned<usize>,
    any: Phrases,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPhrases {
    any: Phrases,
}

type Phrases = Vec<Spanned<String>>;

/// No meaning reaches further.
const MAXIMUM_WINDOW: usize = 50;

impl Cues {
    pub(crate) fn parse(file: &PackFile) -> Option<Self> {
        let raw: Raw = file.toml()?;
        let mut ids = HashSet::new();
        let cues: Vec<_> = raw
            .cue
            .into_iter()
            .filter_map(|cue| {
                if !ids.insert(cue.id.get_ref().clone()) {
                    let problem = format!("cue `{}` stands twice", cue.id.get_ref());
                    file.mistake(file.line_of(&cue.id), problem, "an id of its own");
                }
                parse_cue(file, cue)
            })
            .collect();
        let cues = Self {
            version: raw.version,
            cues,
            lowering: parse_nearby(file, raw.lowering),
            raising: parse_nearby(file, raw.raising),
            out_of_province: parse_phrases(file, raw.out_of_province.any),
        };
        file.is_clean().then_some(cues)
    }
}

fn parse_cue(file: &PackFile, raw: RawCue) -> Option<Cue> {
    let line = file.line_of(&raw.id);
    let kind = file.word("kind", &raw.kind);
    let mark = file.word("mark", &raw.mark);
    file.not_empty(line, "id", raw.id.get_ref());
    file.not_empty(line, "group", &raw.group);
    if raw.any.is_empty() {
        file.mistake(line, "a cue without phrases", "at least one phrase in `any`");
    }
    let (any, with, unless) =
        (parse_phrases(file, raw.any), parse_phrases(file, raw.with), parse_phrases(file, raw.unless));
    let window = match raw.window {
        Some(window) => parse_window(file, &window),
        None if with.is_empty() && unless.is_empty() => 0,
        None => {
            file.mistake(
                line,
                "`with` or `unless` without a window",
                "`window = 6` or another number of words",
            );
            0
        }
    };
    let (id, group, note) = (raw.id.into_inner(), raw.group, raw.note);
    Some(Cue { id, kind: kind?, group, any, with, window, unless, mark: mark?, note })
}

fn parse_nearby(file: &PackFile, raw: RawNearby) -> Nearby {
    Nearby { window: parse_window(file, &raw.window), any: parse_phrases(file, raw.any) }
}

fn parse_window(file: &PackFile, window: &Spanned<usize>) -> usize {
    let words = *window.get_ref();
    if !(1..=MAXIMUM_WINDOW).contains(&words) {
        file.mistake(
            file.line_of(window),
            format!("window = {words}"),
            format!("1 to {MAXIMUM_WINDOW} words"),
        );
    }
    words
}

fn parse_phrases(file: &PackFile, phrases: Phrases) -> Vec<String> {
    let mut seen = HashSet::new();
    for phrase in &phrases {
        let text = phrase.get_ref();
        let folded = fold(text);
        if folded.is_empty() || !folded.is_ascii() {
            file.mistake(
                file.line_of(phrase),
                format!("{text:?} is no phrase"),
                "words of Latin letters and digits",
            );
        } else if folded != *text {
            file.mistake(file.line_of(phrase), format!("{text:?} is not folded"), format!("\"{folded}\""));
        } else if !seen.insert(text) {
            file.mistake(file.line_of(phrase), format!("{text:?} stands twice"), "each phrase once");
        }
    }
    phrases.into_iter().map(Spanned::into_inner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"version = "1"
[[cue]]
id = "fire"
kind = "emergency"
group = "fire"
any = [
  "dang chay",
  "boc chay",
]
with = ["nha"]
window = 8
mark = "K"
[lowering]
window = 6
any = ["nam ngoai"]
[raising]
window = 4
any = ["dang"]
[out_of_province]
any = ["da nang"]
"#;

    #[test]
    fn phrases_must_be_folded_and_windows_sensible() {
        let cues = Cues::parse(&PackFile::of("cues.toml", GOOD)).expect("good");
        assert_eq!(cues.cues[0].any, ["dang chay", "boc chay"]);
        for (from, to, line, instead) in [
            ("\"boc chay\"", "\"Bốc cháy\"", 8, "\"boc chay\""),
            ("\"boc chay\"", "\"dang chay\"", 8, "each phrase once"),
            ("window = 8\n", "", 3, "`window = 6` or another number of words"),
            ("window = 8", "window = 0", 11, "1 to 50 words"),
            ("emergency", "emergancy", 4, "`emergency`"),
        ] {
            let file = PackFile::of("cues.toml", &GOOD.replacen(from, to, 1));
            assert!(Cues::parse(&file).is_none(), "{to}");
            let mistake = file.into_mistakes().remove(0);
            assert_eq!((mistake.line, mistake.instead.as_str()), (Some(line), instead), "{to}");
        }
    }
}
