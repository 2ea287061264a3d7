//! Every sentence that the system says to people: names of states, notices, guidance with returns.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use toml::Spanned;
use vocabulary::ReportState;

use crate::file::PackFile;
use crate::notices::Notice;
use crate::template::{Placeholder, RawText, Template};
use crate::words::{Expected, LocalText, one_of};

/// The names of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateNames {
    /// What everybody sees.
    pub public: LocalText,
    /// What the consoles show.
    pub internal: LocalText,
}

/// The guidance that goes with a return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// The right channel.
    pub channel: LocalText,
    /// The sentence; it may speak of [`Returned::PLACEHOLDERS`].
    pub text: Template,
}

impl Returned {
    /// What a return may speak of.
    pub const PLACEHOLDERS: &'static [Placeholder] =
        &[Placeholder::Code, Placeholder::Commune, Placeholder::Agency, Placeholder::Reason, Placeholder::To];
}

/// The key of a return, e.g. `returned.administrative_procedure`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReturnKey(String);

/// A text that is no key of a return.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not `returned.` and a word")]
pub struct NoReturnKey(String);

impl ReturnKey {
    const PREFIX: &'static str = "returned.";

    /// The whole key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for ReturnKey {
    type Err = NoReturnKey;
    fn from_str(text: &str) -> Result<Self, NoReturnKey> {
        let word = text.strip_prefix(Self::PREFIX).unwrap_or_default();
        let allowed = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if allowed { Ok(Self(text.to_owned())) } else { Err(NoReturnKey(text.chars().take(64).collect())) }
    }
}

impl Expected for ReturnKey {
    fn instead(_: &str) -> String {
        "`returned.` and a word of lower-case letters, e.g. `returned.other`".into()
    }
}

impl fmt::Display for ReturnKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `templates.toml`. Every state and every notice has its text.
#[derive(Debug)]
pub struct Templates {
    version: String,
    states: Vec<StateNames>,
    notices: Vec<Template>,
    returned: BTreeMap<ReturnKey, Returned>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    version: String,
    state: BTreeMap<String, Spanned<RawState>>,
    notice: BTreeMap<String, Spanned<RawText>>,
    returned: BTreeMap<String, Spanned<RawReturned>>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct RawState {
    public: RawText,
    internal: RawText,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct RawReturned {
    channel: RawText,
    vi: Spanned<String>,
    en: Spanned<String>,
}

impl Templates {
    pub(crate) fn parse(file: &PackFile) -> Option<Self> {
        let raw: Raw = file.toml()?;
        let states = parse_group(file, "state", raw.state, ReportState::ALL, |_, state: RawState| {
            let public = parse_plain(file, &state.public);
            let internal = parse_plain(file, &state.internal);
            Some(StateNames { public, internal })
        });
        let notices = parse_group(file, "notice", raw.notice, Notice::ALL, |notice, text: RawText| {
            Template::parse(file, &text, notice.placeholders())
        });
        let mut returned = BTreeMap::new();
        for (word, value) in raw.returned {
            let line = file.line_of(&value);
            let raw = value.into_inner();
            let key = file.parse(line, "key", &format!("{}{word}", ReturnKey::PREFIX));
            let channel = parse_plain(file, &raw.channel);
            let text = Template::parse(file, &RawText { vi: raw.vi, en: raw.en }, Returned::PLACEHOLDERS);
            if let (Some(key), Some(text)) = (key, text) {
                returned.insert(key, Returned { channel, text });
            }
        }
        file.is_clean().then_some(Self { version: raw.version, states, notices, returned })
    }

    /// The version of the texts.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The names of a state.
    pub fn state(&self, state: ReportState) -> &StateNames {
        &self.states[state as usize]
    }

    /// The text of a notice.
    pub fn notice(&self, notice: Notice) -> &Template {
        &self.notices[notice as usize]
    }

    /// The guidance of a return.
    pub fn returned(&self, key: &ReturnKey) -> Option<&Returned> {
        self.returned.get(key)
    }

    /// All keys of returns.
    pub fn returned_keys(&self) -> impl Iterator<Item = &ReturnKey> + Clone {
        self.returned.keys()
    }
}

/// Reads the tables of one group, which must be exactly the known ones, in the order of `known`.
fn parse_group<K: Copy + fmt::Display, R: Clone, T>(
    file: &PackFile,
    group: &str,
    mut raw: BTreeMap<String, Spanned<R>>,
    known: &[K],
    parse: impl Fn(K, R) -> Option<T>,
) -> Vec<T> {
    let words: Vec<String> = known.iter().map(K::to_string).collect();
    let mut texts = Vec::new();
    for (key, word) in known.iter().zip(&words) {
        match raw.remove(word) {
            Some(value) => texts.extend(parse(*key, value.into_inner())),
            None => file.mistake(
                None,
                format!("[{group}.{word}] is missing"),
                format!("a table [{group}.{word}]"),
            ),
        }
    }
    for (word, value) in raw {
        let instead = one_of(&word, words.iter().map(String::as_str));
        file.mistake(file.line_of(&value), format!("nobody sends [{group}.{word}]"), instead);
    }
    texts
}

/// Reads a text without placeholders.
fn parse_plain(file: &PackFile, raw: &RawText) -> LocalText {
    Template::parse(file, raw, &[]);
    LocalText { vi: raw.vi.get_ref().clone(), en: raw.en.get_ref().clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_notices_index_their_lists() {
        assert!(ReportState::ALL.iter().enumerate().all(|(index, state)| *state as usize == index));
        assert!(Notice::ALL.iter().enumerate().all(|(index, notice)| *notice as usize == index));
    }
}
