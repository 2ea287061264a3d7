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

/// The guidance for a report with `code` that is returned as `leaf`. `commune` is none outside the province; `note` are
/// the coordinator's words and may be empty. An ordinary matter outside the province gets the text for such places; a
/// sealed one (complaint, denunciation) keeps its own, because the channel depends on what it is and not on where.
pub fn guidance(
    province: &Province,
    leaf: &LeafCode,
    access: Access,
    code: &str,
    commune: Option<&CommuneCode>,
    note: &str,
) -> Guidance {
    let Some(returned) = template(province, leaf, access, commune.is_none()) else {
        let nothing = LocalText { vi: String::new(), en: String::new() };
        return Guidance { channel: nothing, text: LocalText { vi: note.to_owned(), en: note.to_owned() } };
    };
    let agency = province.agencies.find(&province.profile.coordinating_agency);
    let commune = commune.and_then(|code| province.communes.find(code)).map(|commune| commune.full_name());
    let in_language = |language| {
        let somewhere = match language {
            Language::Vi => "xã, phường nơi xảy ra sự việc",
            Language::En => "the commune concerned",
        };
        let values = Values {
            code: Some(code),
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
    };
    Guidance {
        channel: returned.channel.clone(),
        text: LocalText { vi: in_language(Language::Vi), en: in_language(Language::En) },
    }
}

fn template<'p>(
    province: &'p Province,
    leaf: &LeafCode,
    access: Access,
    outside: bool,
) -> Option<&'p Returned> {
    let by_word =
        |word: &str| word.parse::<ReturnKey>().ok().and_then(|key| province.templates.returned(&key));
    let own = || {
        let key = province.taxonomy.find_leaf(leaf)?.return_template.as_ref()?;
        province.templates.returned(key)
    };
    let of_place = if outside && access == Access::Ordinary { by_word(OUTSIDE) } else { None };
    of_place.or_else(own).or_else(|| by_word(OTHER))
}
