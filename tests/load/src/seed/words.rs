//! What timelines say, filled from the pack's sentences as intake fills them.

use intake::domain::report::Words;
use province::{Language, Notice, Province, Values};
use time::macros::format_description;
use vocabulary::{ReportState, Timestamp};

/// The facts that a sentence may speak of.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Facts<'a> {
    pub(crate) code: &'a str,
    pub(crate) agency: Option<&'a str>,
    pub(crate) commune: Option<&'a str>,
    pub(crate) field: Option<(&'a str, &'a str)>,
    pub(crate) reason: Option<&'a str>,
    pub(crate) time: Option<Timestamp>,
    pub(crate) due: Option<Timestamp>,
    pub(crate) promised: Option<Timestamp>,
}

/// A notice in both languages; what is not known reads as a dash.
pub(crate) fn notice(province: &Province, notice: Notice, facts: &Facts<'_>) -> Words {
    let local = |at: Option<Timestamp>| at.map_or_else(|| "–".to_owned(), |at| local_time(province, at));
    let (time, due, promised) = (local(facts.time), local(facts.due), local(facts.promised));
    let template = province.templates.notice(notice);
    let fill = |language| {
        let field = facts.field.map_or("–", |(vi, en)| if language == Language::Vi { vi } else { en });
        let values = Values {
            code: Some(facts.code),
            time: Some(&time),
            agency: Some(facts.agency.unwrap_or("–")),
            due: Some(&due),
            commune: Some(facts.commune.unwrap_or("–")),
            reason: Some(facts.reason.unwrap_or("–")),
            field: Some(field),
            from: Some("–"),
            to: Some("–"),
            promised: Some(&promised),
        };
        template.fill(language, &values).unwrap_or_else(|missing| missing.to_string())
    };
    Words { vi: fill(Language::Vi), en: fill(Language::En) }
}

/// The public name of a state, for steps that need no more words.
pub(crate) fn state(province: &Province, state: ReportState) -> Words {
    Words::from(&province.templates.state(state).public)
}

fn local_time(province: &Province, at: Timestamp) -> String {
    let format = format_description!("[hour]:[minute] [day]/[month]/[year]");
    let utc = at.datetime();
    let local = utc.checked_to_offset(province.profile.utc_offset).unwrap_or(utc);
    local.format(&format).unwrap_or_default()
}
