//! Many word sequences looked for at once: a tree of accent-folded words.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::text::{NEUTRAL, Text};

/// Phrases with what each stands for. The tables are filled from the province pack alone: their hash need not withstand texts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Phrases<T> {
    words: HashMap<Box<str>, u32, FixedState>,
    /// From a node, over a word, to the next node. The root is node 0.
    next: HashMap<(u32, u32), u32, FixedState>,
    /// What ends at a node.
    ends: Vec<Vec<T>>,
}

/// Something found at tokens `first..=last`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<T> {
    pub(super) what: T,
    pub(super) first: usize,
    pub(super) last: usize,
}

impl<T: Copy> Phrases<T> {
    pub(super) fn new() -> Self {
        Self { words: HashMap::default(), next: HashMap::default(), ends: vec![Vec::new()] }
    }

    /// Adds a phrase. It passes through the same reading as texts, so that both spell alike. Numbers are neutral in
    /// both: a phrase with one would match any, and is left out.
    pub(super) fn add(&mut self, phrase: &Text<'_>, what: T) {
        let mut node = 0;
        for token in phrase.tokens() {
            let word = phrase.folded(token);
            if word == NEUTRAL {
                return;
            }
            let fresh = self.words.len() as u32;
            let word = *self.words.entry(word.into()).or_insert(fresh);
            let fresh = self.ends.len() as u32;
            node = *self.next.entry((node, word)).or_insert(fresh);
            if node == fresh {
                self.ends.push(Vec::new());
            }
        }
        if node != 0 {
            self.ends[node as usize].push(what);
        }
    }

    /// Everything that occurs in a text, by first token. No phrase crosses a sentence.
    pub(super) fn find(&self, text: &Text<'_>) -> Vec<Found<T>> {
        let tokens = text.tokens();
        let words: Vec<Option<u32>> =
            tokens.iter().map(|token| self.words.get(text.folded(token)).copied()).collect();
        let mut found = Vec::new();
        for first in 0..words.len() {
            let mut node = 0;
            for (last, word) in words.iter().enumerate().skip(first) {
                let Some(word) = word else { break };
                if last > first && tokens[last].opens_sentence {
                    break;
                }
                let Some(next) = self.next.get(&(node, *word)) else { break };
                node = *next;
                found.extend(self.ends[node as usize].iter().map(|what| Found { what: *what, first, last }));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(phrases: &[&str], text: &str) -> Vec<(usize, usize, usize)> {
        let mut tree = Phrases::new();
        for (at, phrase) in phrases.iter().enumerate() {
            tree.add(&Text::parse(phrase), at);
        }
        tree.find(&Text::parse(text)).iter().map(|found| (found.what, found.first, found.last)).collect()
    }

    #[test]
    fn every_phrase_is_found_wherever_it_stands() {
        let phrases = ["den duong", "đèn", "duong", "so 5"];
        assert_eq!(find(&phrases, "Đèn đường hư, đèn"), [(1, 0, 0), (0, 0, 1), (2, 1, 1), (1, 3, 3)]);
        assert_eq!(find(&phrases, "đèn. Đường"), [(1, 0, 0), (2, 1, 1)], "no phrase crosses a sentence");
        assert_eq!(find(&phrases, "nhà số 5"), [], "a phrase with a number is left out");
        assert_eq!(find(&[""], "x"), []);
    }
}
