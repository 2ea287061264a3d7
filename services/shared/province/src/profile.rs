//! `province.toml`: which province this is, and the tolerances of its map.

use serde::Deserialize;
use time::{Date, UtcOffset};
use toml::Spanned;
use vocabulary::AgencyId;

use crate::file::PackFile;
use crate::words::{Language, LocalText};

/// The head of the pack.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Version of the whole pack: a date, with `.2`, `.3` … for further versions of the same day.
    pub version: String,
    /// The day of the version: every rule must be complete on it.
    pub date: Date,
    /// Code of the province.
    pub code: String,
    /// Name of the province.
    pub name: LocalText,
    /// First letters of a report code, e.g. `CM`.
    pub report_code_prefix: String,
    /// Local time; there is no daylight saving.
    pub utc_offset: UtcOffset,
    /// The languages of the system, the first one the default.
    pub languages: Vec<Language>,
    /// The body that receives, classifies and passes on.
    pub coordinating_agency: AgencyId,
    /// The owner when hand-backs are exhausted.
    pub last_resort_agency: AgencyId,
    /// Tolerances of the map.
    pub location: Tolerances,
}

/// How far a point may lie from a border.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tolerances {
    /// A point in no commune belongs to the nearest one up to this distance.
    pub nearest_tolerance_metres: f64,
    /// A point this near to a border carries both communes as candidates.
    pub border_metres: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    version: Spanned<String>,
    code: Spanned<String>,
    name_vi: String,
    name_en: String,
    report_code_prefix: Spanned<String>,
    utc_offset: Spanned<String>,
    languages: Vec<Spanned<String>>,
    coordinating_agency: Spanned<String>,
    last_resort_agency: Spanned<String>,
    location: Spanned<Tolerances>,
}

impl Profile {
    pub(crate) fn parse(file: &PackFile) -> Option<Self> {
        let raw: Raw = file.toml()?;
        let date = parse_version_date(file, &raw.version);
        let utc_offset = parse_offset(file, &raw.utc_offset);
        let languages: Vec<_> =
            raw.languages.iter().filter_map(|language| file.word("languages", language)).collect();
        if languages.is_empty() {
            file.mistake(None, "no languages", "`languages = [\"vi\", \"en\"]`");
        }
        let coordinating_agency = file.word("coordinating_agency", &raw.coordinating_agency);
        let last_resort_agency = file.word("last_resort_agency", &raw.last_resort_agency);
        file.not_empty(file.line_of(&raw.code), "code", raw.code.get_ref());
        let prefix = raw.report_code_prefix.get_ref();
        if !(1..=4).contains(&prefix.len()) || !prefix.bytes().all(|byte| byte.is_ascii_uppercase()) {
            let line = file.line_of(&raw.report_code_prefix);
            file.mistake(
                line,
                format!("report_code_prefix: {prefix:?}"),
                "one to four capital letters, e.g. `CM`",
            );
        }
        check_tolerances(file, &raw.location);
        if !file.is_clean() {
            return None;
        }
        Some(Self {
            version: raw.version.into_inner(),
            date: date?,
            code: raw.code.into_inner(),
            name: LocalText { vi: raw.name_vi, en: raw.name_en },
            report_code_prefix: raw.report_code_prefix.into_inner(),
            utc_offset: utc_offset?,
            languages,
            coordinating_agency: coordinating_agency?,
            last_resort_agency: last_resort_agency?,
            location: raw.location.into_inner(),
        })
    }
}

fn parse_version_date(file: &PackFile, version: &Spanned<String>) -> Option<Date> {
    let text = version.get_ref();
    let (day, edition) = text.split_once('.').unwrap_or((text, "1"));
    if edition.parse::<u16>().is_err() {
        let instead = "the day, and a number after a dot for further versions of that day: `2026-11-21.2`";
        file.mistake(file.line_of(version), format!("version: {text:?}"), instead);
        return None;
    }
    file.date(file.line_of(version), "version", day)
}

/// Parses `+07:00`.
fn parse_offset(file: &PackFile, offset: &Spanned<String>) -> Option<UtcOffset> {
    let format = time::macros::format_description!("[offset_hour sign:mandatory]:[offset_minute]");
    UtcOffset::parse(offset.get_ref(), format)
        .map_err(|_| {
            let problem = format!("utc_offset: {:?} is no offset", offset.get_ref());
            file.mistake(file.line_of(offset), problem, "hours and minutes with a sign, e.g. `+07:00`");
        })
        .ok()
}

fn check_tolerances(file: &PackFile, location: &Spanned<Tolerances>) {
    let Tolerances { nearest_tolerance_metres: nearest, border_metres: border } = *location.get_ref();
    for (key, metres, limit) in
        [("nearest_tolerance_metres", nearest, 50_000.0), ("border_metres", border, 1_000.0)]
    {
        if !(0.0..=limit).contains(&metres) {
            file.mistake(
                file.line_of(location),
                format!("{key}: {metres}"),
                format!("metres from 0 to {limit}"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
version = "2026-11-21.2"
code = "96"
name_vi = "Cà Mau"
name_en = "Ca Mau"
report_code_prefix = "CM"
utc_offset = "+07:00"
languages = ["vi", "en"]
coordinating_agency = "a"
last_resort_agency = "b"
[location]
nearest_tolerance_metres = 2000
border_metres = 60
"#;

    #[test]
    fn a_good_head_is_read() {
        let file = PackFile::of("province.toml", GOOD);
        let profile = Profile::parse(&file).expect("good");
        assert_eq!(profile.utc_offset, time::macros::offset!(+7));
        assert_eq!(profile.date, time::macros::date!(2026 - 11 - 21));
        assert_eq!(profile.location.border_metres, 60.0);
    }

    #[test]
    fn every_wrong_value_is_reported_with_its_line() {
        let text = GOOD
            .replace("2026-11-21.2", "November")
            .replace("+07:00", "7")
            .replace("\"en\"", "\"fr\"")
            .replace("= 60", "= -1");
        let file = PackFile::of("province.toml", &text);
        assert!(Profile::parse(&file).is_none());
        let lines: Vec<_> = file.into_mistakes().into_iter().filter_map(|mistake| mistake.line).collect();
        assert_eq!(lines, [2, 7, 8, 11]);
    }

    #[test]
    fn unknown_keys_are_refused() {
        let file = PackFile::of("province.toml", &GOOD.replace("code =", "colour = 1\ncode ="));
        assert!(Profile::parse(&file).is_none());
        assert_eq!(file.into_mistakes()[0].line, Some(3));
    }
}
