//! Concepts: words for the same thing. What the model learned of one wording it knows of the others.

use std::collections::BTreeMap;

use super::phrases::{Found, Phrases};
use super::text::Text;

/// The concepts of a province pack. Immutable; a model carries a copy of the ones it was trained with.
#[derive(Debug, Clone, PartialEq)]
pub struct Lexicon {
    concepts: BTreeMap<String, Vec<String>>,
    /// Of the concepts, in their order.
    names: Vec<String>,
    tree: Phrases<Entry>,
    /// The accented words of every phrase.
    accented: Vec<Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Entry {
    concept: u16,
    phrase: u32,
}

/// A concept that a text speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) concept: u16,
    /// Whether no other word is spelled like this one: it carries its accents, or stands with others.
    pub(super) certain: bool,
    pub(super) first: u32,
    pub(super) last: u32,
}

/// A concept that cannot be matched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("concept {concept:?}: {phrase:?} is no phrase; write words without digits, at most 255 bytes")]
pub struct BadPhrase {
    /// Its name.
    pub concept: String,
    /// What is wrong in it.
    pub phrase: String,
}

impl Lexicon {
    /// Compiles concepts: a name and the phrases, with their accents, that speak of it.
    pub fn new(concepts: BTreeMap<String, Vec<String>>) -> Result<Self, BadPhrase> {
        for (concept, phrases) in &concepts {
            if let Some(phrase) = [concept].into_iter().chain(phrases).find(|phrase| !is_phrase(phrase)) {
                return Err(BadPhrase { concept: concept.clone(), phrase: phrase.clone() });
            }
        }
        let names: Vec<String> = concepts.keys().cloned().collect();
        let mut tree = Phrases::new();
        let mut accented = Vec::new();
        for (concept, phrases) in (0..).zip(concepts.values()) {
            for phrase in phrases {
                let text = Text::parse(phrase);
                tree.add(&text, Entry { concept, phrase: accented.len() as u32 });
                let words = text.tokens().iter().map(|token| text.accented(token).to_owned());
                accented.push(words.collect());
            }
        }
        Ok(Self { concepts, names, tree, accented })
    }

    /// Every concept with its phrases.
    pub fn concepts(&self) -> &BTreeMap<String, Vec<String>> {
        &self.concepts
    }

    pub(super) fn name(&self, concept: u16) -> &str {
        &self.names[usize::from(concept)]
    }

    /// What a text speaks of, in its order. Of phrases inside one another the longest counts.
    pub(super) fn find(&self, text: &Text<'_>) -> Vec<Mention> {
        let mut found = self.tree.find(text);
        found.retain(|found| self.agrees(text, found));
        let inside = |a: &Found<Entry>, b: &Found<Entry>| {
            b.first <= a.first && a.last <= b.last && b.last - b.first > a.last - a.first
        };
        let kept = |a: &&Found<Entry>| !found.iter().any(|b| inside(a, b));
        found.iter().filter(kept).map(|found| self.mention(text, found)).collect()
    }

    /// A word with accents must carry those of the phrase; one without may be meant so. Names mean nothing.
    fn agrees(&self, text: &Text<'_>, found: &Found<Entry>) -> bool {
        let tokens = &text.tokens()[found.first..=found.last];
        tokens.iter().zip(&self.accented[found.what.phrase as usize]).all(|(token, word)| {
            let accented = text.accented(token);
            !token.is_name && (accented == word || accented == text.folded(token))
        })
    }

    fn mention(&self, text: &Text<'_>, found: &Found<Entry>) -> Mention {
        let exact = || {
            let word = &self.accented[found.what.phrase as usize][0];
            text.accented(&text.tokens()[found.first]) == word
        };
        Mention {
            concept: found.what.concept,
            certain: found.last > found.first || exact(),
            first: found.first as u32,
            last: found.last as u32,
        }
    }
}

fn is_phrase(phrase: &str) -> bool {
    let text = Text::parse(phrase);
    let words = text.word_count();
    words > 0 && words == text.tokens().len() && phrase.len() <= usize::from(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexicon() -> Lexicon {
        let concepts = [
            ("lamp", ["đèn đường", "đèn"]),
            ("traffic_light", ["đèn tín hiệu", "đèn đỏ"]),
            ("sand", ["cát", "bơm cát"]),
        ];
        let owned = |phrases: [&str; 2]| phrases.map(str::to_owned).to_vec();
        Lexicon::new(concepts.map(|(name, phrases)| (name.to_owned(), owned(phrases))).into()).unwrap()
    }

    #[test]
    fn what_can_never_match_is_refused() {
        for phrase in ["", "quốc lộ 1", "🔥", &"a ".repeat(130)] {
            let concepts = BTreeMap::from([("x".to_owned(), vec!["lộ".to_owned(), phrase.to_owned()])]);
            assert_eq!(Lexicon::new(concepts).unwrap_err().phrase, phrase);
        }
    }

    fn told(text: &str) -> Vec<(String, bool)> {
        let lexicon = lexicon();
        let mentions = lexicon.find(&Text::parse(text));
        mentions.iter().map(|mention| (lexicon.name(mention.concept).to_owned(), mention.certain)).collect()
    }

    #[test]
    fn the_longest_phrase_counts_with_and_without_accents() {
        let lamp = [("lamp".to_owned(), true)];
        assert_eq!(told("Đèn đường hư"), lamp);
        assert_eq!(told("DEN DUONG HU"), lamp);
        assert_eq!(told("đèn tín hiệu hư"), [("traffic_light".to_owned(), true)]);
        assert_eq!(told("đền đường xa"), [], "other accents are another word");
    }

    #[test]
    fn a_lone_word_without_accents_is_doubtful() {
        assert_eq!(told("cát"), [("sand".to_owned(), true)]);
        assert_eq!(told("cat"), [("sand".to_owned(), false)], "it may be cắt");
        assert_eq!(told("cắt"), []);
        assert_eq!(told("bom cat"), [("sand".to_owned(), true)]);
    }

    #[test]
    fn names_mean_nothing() {
        assert_eq!(told("ở đường Cát Lái đầu xóm"), []);
    }
}
