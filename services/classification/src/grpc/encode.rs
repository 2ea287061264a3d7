//! The province's texts → wire.

use contract::classification::v1::ReturnTemplate;
use contract::common::v1::LocalizedText;
use province::{Language, LocalText, Placeholder, Templates};

/// The ready texts for returns and refusals, with their placeholders.
pub(super) fn return_templates(templates: &Templates) -> Vec<ReturnTemplate> {
    let one = |key: &province::ReturnKey| {
        let returned = templates.returned(key)?;
        let takes_note = [Placeholder::Reason, Placeholder::To]
            .iter()
            .any(|placeholder| returned.text.placeholders().contains(placeholder));
        let (vi, en) = (returned.text.source(Language::Vi), returned.text.source(Language::En));
        Some(ReturnTemplate {
            key: key.as_str().to_owned(),
            channel: Some(localized(&returned.channel)),
            text: Some(LocalizedText { vi, en }),
            takes_note,
        })
    };
    templates.returned_keys().filter_map(one).collect()
}

fn localized(text: &LocalText) -> LocalizedText {
    LocalizedText { vi: text.vi.clone(), en: text.en.clone() }
}
