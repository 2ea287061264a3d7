//! A sentence with placeholders, in both languages.

use serde::Deserialize;
use toml::Spanned;

use crate::file::PackFile;
use crate::words::{Language, one_of, words};

words!(
    /// A word in braces that stands for a fact.
    Placeholder {
        /// Code of the report.
        Code = "code",
        /// When it happened.
        Time = "time",
        /// Name of the agency.
        Agency = "agency",
        /// By when.
        Due = "due",
        /// Name of the commune.
        Commune = "commune",
        /// Why.
        Reason = "reason",
        /// Name of the field.
        Field = "field",
        /// Name of the agency that gives.
        From = "from",
        /// Name of the agency that takes, or code of the other report.
        To = "to",
        /// The promised date.
        Promised = "promised",
    }
);

/// The facts that fill a sentence, ready to be read by people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Values<'a> {
    /// `{code}`
    pub code: Option<&'a str>,
    /// `{time}`
    pub time: Option<&'a str>,
    /// `{agency}`
    pub agency: Option<&'a str>,
    /// `{due}`
    pub due: Option<&'a str>,
    /// `{commune}`
    pub commune: Option<&'a str>,
    /// `{reason}`
    pub reason: Option<&'a str>,
    /// `{field}`
    pub field: Option<&'a str>,
    /// `{from}`
    pub from: Option<&'a str>,
    /// `{to}`
    pub to: Option<&'a str>,
    /// `{promised}`
    pub promised: Option<&'a str>,
}

impl<'a> Values<'a> {
    fn get(&self, placeholder: Placeholder) -> Option<&'a str> {
        match placeholder {
            Placeholder::Code => self.code,
            Placeholder::Time => self.time,
            Placeholder::Agency => self.agency,
            Placeholder::Due => self.due,
            Placeholder::Commune => self.commune,
            Placeholder::Reason => self.reason,
            Placeholder::Field => self.field,
            Placeholder::From => self.from,
            Placeholder::To => self.to,
            Placeholder::Promised => self.promised,
        }
    }
}

/// A sentence needs a fact that was not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sentence speaks of {{{0}}}, which was not given")]
pub struct MissingValue(pub Placeholder);

/// A sentence in both languages; both use the same placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    vi: Vec<Part>,
    en: Vec<Part>,
    placeholders: Vec<Placeholder>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Hole(Placeholder),
}

impl Template {
    /// The sentence with its facts.
    pub fn fill(&self, language: Language, values: &Values<'_>) -> Result<String, MissingValue> {
        let parts = match language {
            Language::Vi => &self.vi,
            Language::En => &self.en,
        };
        parts.iter().try_fold(String::new(), |mut sentence, part| {
            sentence.push_str(match part {
                Part::Text(text) => text,
                Part::Hole(placeholder) => values.get(*placeholder).ok_or(MissingValue(*placeholder))?,
            });
            Ok(sentence)
        })
    }

    /// The sentence as the pack has it, with its placeholders in braces.
    pub fn source(&self, language: Language) -> String {
        let parts = match language {
            Language::Vi => &self.vi,
            Language::En => &self.en,
        };
        let text = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Hole(placeholder) => format!("{{{placeholder}}}"),
        };
        parts.iter().map(text).collect()
    }

    /// Reads a sentence that may speak of what is allowed.
    pub(crate) fn parse(file: &PackFile, raw: &RawText, allowed: &[Placeholder]) -> Option<Self> {
        let (vi, en) = (parse_parts(file, &raw.vi, allowed)?, parse_parts(file, &raw.en, allowed)?);
        let placeholders = holes(&vi);
        if placeholders != holes(&en) {
            let list: Vec<_> = placeholders.iter().map(|hole| format!("{{{hole}}}")).collect();
            let instead = format!("the same placeholders in both: {}", list.join(" "));
            file.mistake(file.line_of(&raw.en), "vi and en speak of different things", instead);
        }
        Some(Self { vi, en, placeholders })
    }

    /// What the sentence speaks of, each once.
    pub fn placeholders(&self) -> &[Placeholder] {
        &self.placeholders
    }
}

/// A sentence as the file has it.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawText {
    pub vi: Spanned<String>,
    pub en: Spanned<String>,
}

fn holes(parts: &[Part]) -> Vec<Placeholder> {
    let mut holes: Vec<_> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Hole(placeholder) => Some(*placeholder),
            Part::Text(_) => None,
        })
        .collect();
    holes.sort();
    holes.dedup();
    holes
}

fn parse_parts(file: &PackFile, sentence: &Spanned<String>, allowed: &[Placeholder]) -> Option<Vec<Part>> {
    let line = file.line_of(sentence);
    let mut parts = Vec::new();
    let mut rest = sentence.get_ref().as_str();
    if !file.not_empty(line, "the sentence", rest) {
        return None;
    }
    while let Some(brace) = rest.find(['{', '}']) {
        let (text, hole) = rest.split_at(brace);
        if !text.is_empty() {
            parts.push(Part::Text(text.to_owned()));
        }
        let word = hole.strip_prefix('{').and_then(|hole| hole.split_once('}'));
        let Some((word, after)) = word.filter(|(word, _)| !word.contains('{')) else {
            file.mistake(line, "a brace without its partner", "`{` and `}` only around a placeholder");
            return None;
        };
        match allowed.iter().find(|placeholder| placeholder.as_str() == word) {
            Some(placeholder) => parts.push(Part::Hole(*placeholder)),
            None => {
                let instead = match allowed {
                    [] => "no placeholder here".into(),
                    _ => one_of(word, allowed.iter().map(|placeholder| placeholder.as_str())),
                };
                file.mistake(line, format!("{{{word}}} is not known here"), instead);
                return None;
            }
        }
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(vi: &str, en: &str) -> Result<Template, Vec<crate::PackError>> {
        let file = PackFile::of("templates.toml", &format!("vi = {vi:?}\nen = {en:?}\n"));
        let raw: RawText = file.toml().expect("toml");
        let template = Template::parse(&file, &raw, &[Placeholder::Code, Placeholder::Due]);
        if file.is_clean() { Ok(template.expect("clean")) } else { Err(file.into_mistakes()) }
    }

    #[test]
    fn sentences_are_filled_and_nothing_is_filled_twice() {
        let template = parse("Phản ánh {code}: {due}, {code}.", "{due} {code}").expect("good");
        let values = Values { code: Some("CM-{due}"), due: Some("hôm nay"), ..Values::default() };
        assert_eq!(
            template.fill(Language::Vi, &values).as_deref(),
            Ok("Phản ánh CM-{due}: hôm nay, CM-{due}.")
        );
        assert_eq!(template.placeholders(), [Placeholder::Code, Placeholder::Due]);
        let lacking = Values { due: None, ..values };
        assert_eq!(template.fill(Language::En, &lacking), Err(MissingValue(Placeholder::Due)));
    }

    #[test]
    fn wrong_braces_and_strange_placeholders_are_refused() {
        for (vi, en, line, instead) in [
            ("{cod}", "{code}", 1, "`code`"),
            ("{code", "{code}", 1, "`{` and `}` only around a placeholder"),
            ("code}", "{code}", 1, "`{` and `}` only around a placeholder"),
            ("{co{de}", "{code}", 1, "`{` and `}` only around a placeholder"),
            ("{code}", "nothing", 2, "the same placeholders in both: {code}"),
            ("{code}", " ", 2, "a text"),
            ("{agency}", "{agency}", 1, "one of `code`, `due`"),
        ] {
            let mistakes = parse(vi, en).expect_err(vi);
            assert_eq!((mistakes[0].line, mistakes[0].instead.as_str()), (Some(line), instead), "{vi}");
        }
    }
}
