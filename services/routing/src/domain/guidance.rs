//! What a citizen is told when a report is given back: the right channel and a sentence from the province pack.

use province::{Language, LocalText, Placeholder, Province, ReturnKey, Returned, Values};
use vocabulary::{Access, CommuneCode, LeafCode};

/// The guidance that goes with a return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guidance {
    /// The right channel.
    pub channel: LocalText,
    /// The sentences for the citizen.
    pub text: LocalText,
}

/// The pack's text for matters outside the province, if it has one.
const OUTSIDE: &str = "returned.outside_province";
/// The pack's text for leaves without one of their own, if it has one.
const OTHER: &str = "returned.other";

/// Finds the words for one report.
#[derive(Debug, Clone, Copy)]
pub struct Guide<'a> {
    /// The province's texts.
    pub province: &'a Province,
    /// The code that people read out.
    pub code: &'a str,
    /// Where it lies; none outside the province.
    pub commune: Option<&'a CommuneCode>,
}

impl Guide<'_> {
    /// The guidance for a report that is returned as `leaf`; `note` are the coordinator's words and may be empty. A
    /// coordinator's choice of text comes first. Else an ordinary matter outside the province gets the text for such
    /// places; a sealed one (complaint, denunciation) keeps its own, because the channel depends on what it is and not on
    /// where.
    pub fn returning(
        &self,
        leaf: &LeafCode,
        access: Access,
        chosen: Option<&ReturnKey>,
        note: &str,
    ) -> Guidance {
        let chosen = chosen.and_then(|key| self.province.templates.returned(key));
        let Some(returned) = chosen.or_else(|| self.template(leaf, access)) else {
            let nothing = LocalText { vi: String::new(), en: String::new() };
            return Guidance {
                channel: nothing,
                text: LocalText { vi: note.to_owned(), en: note.to_owned() },
            };
        };
        Guidance {
            channel: returned.channel.clone(),
            text: LocalText {
                vi: self.fill(returned, Language::Vi, note),
                en: self.fill(returned, Language::En, note),
            },
        }
    }

    /// Why a report is not taken: a ready text if one was chosen, and the coordinator's words.
    pub fn rejecting(&self, chosen: Option<&ReturnKey>, note: String) -> String {
        match chosen.and_then(|key| self.province.templates.returned(key)) {
            Some(ready) => self.fill(ready, Language::Vi, &note),
            None => note,
        }
    }

    fn fill(&self, returned: &Returned, language: Language, note: &str) -> String {
        let agency = self.province.agencies.find(&self.province.profile.coordinating_agency);
        let commune = self.commune.and_then(|code| self.province.communes.find(code));
        let commune = commune.map(|commune| commune.full_name());
        let somewhere = match language {
            Language::Vi => "xã, phường nơi xảy ra sự việc",
            Language::En => "the commune concerned",
        };
        let values = Values {
            code: Some(self.code),
            commune: Some(commune.as_deref().unwrap_or(somewhere)),
            agency: Some(agency.map_or("", |agency| agency.name.get(language))),
            reason: Some(note),
            to: Some(note),
            ..Values::default()
        };
        let sentence = returned.text.fill(language, &values).unwrap_or_default().replace("  ", " ");
        let says_note = [Placeholder::Reason, Placeholder::To]
            .iter()
            .any(|placeholder| returned.text.placeholders().contains(placeholder));
        if note.is_empty() || says_note { sentence } else { format!("{sentence}\n\n{note}") }
    }

    fn template(&self, leaf: &LeafCode, access: Access) -> Option<&Returned> {
        let Province { templates, taxonomy, .. } = self.province;
        let by_word = |word: &str| word.parse::<ReturnKey>().ok().and_then(|key| templates.returned(&key));
        let own = || templates.returned(taxonomy.find_leaf(leaf)?.return_template.as_ref()?);
        let outside = self.commune.is_none() && access == Access::Ordinary;
        let of_place = if outside { by_word(OUTSIDE) } else { None };
        of_place.or_else(own).or_else(|| by_word(OTHER))
    }
}
