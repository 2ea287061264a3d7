//! Which days are worked, and which local day an instant belongs to.

use std::collections::BTreeMap;

use serde::Deserialize;
use time::{Date, Time, UtcOffset, Weekday};
use vocabulary::Timestamp;

use crate::file::PackFile;
use crate::profile::Profile;
use crate::words::words;

words!(
    /// What sort of day a day is.
    DayKind {
        /// Monday to Friday.
        Working = "working",
        /// Saturday, Sunday.
        WeeklyRest = "weekly_rest",
        /// A holiday by law.
        PublicHoliday = "public_holiday",
        /// A day off in place of another.
        CompensatoryDayOff = "compensatory_day_off",
        /// A Saturday or Sunday worked in place of another day.
        MakeUpWorkingDay = "make_up_working_day",
    }
);

impl DayKind {
    /// Whether offices work.
    pub const fn is_working(self) -> bool {
        matches!(self, Self::Working | Self::MakeUpWorkingDay)
    }
}

/// A day that differs from the plain week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// The local date.
    pub date: Date,
    /// Its kind.
    pub kind: DayKind,
    /// Its name.
    pub name: String,
    /// The letter or law that made it; begins with `PROVISIONAL` while unconfirmed.
    pub source: String,
}

/// The days that differ from the plain week, and the local time.
#[derive(Debug)]
pub struct Calendar {
    days: BTreeMap<Date, Day>,
    version: String,
    offset: UtcOffset,
}

#[derive(Deserialize)]
struct Raw {
    date: String,
    kind: String,
    name: String,
    source: String,
}

impl Calendar {
    /// Reads the days; without a profile only to check them, since the local time is not known then.
    pub(crate) fn parse(file: &PackFile, profile: Option<&Profile>) -> Option<Self> {
        let offset = profile.map_or(UtcOffset::UTC, |profile| profile.utc_offset);
        let mut days = BTreeMap::new();
        for (line, raw) in file.csv::<Raw>(&["date", "kind", "name", "source"]) {
            let date = file.date(line, "date", &raw.date);
            let kind = file.parse(line, "kind", &raw.kind);
            file.not_empty(line, "name", &raw.name);
            file.not_empty(line, "source", &raw.source);
            let (Some(date), Some(kind)) = (date, kind) else { continue };
            if let Some(instead) = contradiction(date, kind) {
                file.mistake(line, format!("{date} is a {} and cannot be {kind}", date.weekday()), instead);
            }
            let day = Day { date, kind, name: raw.name, source: raw.source };
            if days.insert(date, day).is_some() {
                file.mistake(line, format!("{date} stands twice"), "one row for each day");
            }
        }
        let version = format!("sha256:{}", &file.digest()[..12]);
        file.is_clean().then_some(Self { days, version, offset })
    }

    /// Changes when the calendar's file does.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The days that differ from the plain week, in order.
    pub fn days(&self) -> impl Iterator<Item = &Day> {
        self.days.values()
    }

    /// The kind of a local day.
    pub fn day_kind(&self, date: Date) -> DayKind {
        match self.days.get(&date) {
            Some(day) => day.kind,
            None if is_weekend(date) => DayKind::WeeklyRest,
            None => DayKind::Working,
        }
    }

    /// Whether offices work on a local day.
    pub fn is_working(&self, date: Date) -> bool {
        self.day_kind(date).is_working()
    }

    /// The local day of an instant.
    pub fn local_date(&self, at: Timestamp) -> Date {
        // Only the last hours of year 9999 and the first of year 1 have no local date of their own.
        let utc = at.datetime();
        utc.checked_to_offset(self.offset).unwrap_or(utc).date()
    }

    /// 00:00 local time of a day.
    pub fn day_start(&self, date: Date) -> Timestamp {
        Timestamp::from_datetime(date.with_time(Time::MIDNIGHT).assume_offset(self.offset))
    }
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// What to write instead of a kind that cannot be, on that day of the week.
fn contradiction(date: Date, kind: DayKind) -> Option<&'static str> {
    match kind {
        DayKind::Working | DayKind::WeeklyRest => Some("nothing: plain days are not listed"),
        DayKind::MakeUpWorkingDay if !is_weekend(date) => Some("a Saturday or Sunday"),
        DayKind::CompensatoryDayOff if is_weekend(date) => Some("a day from Monday to Friday"),
        DayKind::PublicHoliday | DayKind::MakeUpWorkingDay | DayKind::CompensatoryDayOff => None,
    }
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime, offset};

    use super::*;

    impl Calendar {
        /// A make-up Saturday, a Tết week, a year's end.
        pub(crate) fn sample() -> Self {
            let file = PackFile::of(
                "calendar.csv",
                "date,kind,name,source\n\
             2026-01-01,public_holiday,Tết Dương lịch,Labour Code\n\
             2026-01-02,compensatory_day_off,swap,12729/VPCP-KGVX\n\
             2026-01-10,make_up_working_day,swap,12729/VPCP-KGVX\n\
             2026-02-16,public_holiday,Tết,Labour Code\n\
             2026-02-17,public_holiday,Tết,Labour Code\n\
             2026-02-18,public_holiday,Tết,Labour Code\n\
             2026-02-19,public_holiday,Tết,Labour Code\n\
             2026-02-20,public_holiday,Tết,Labour Code\n",
            );
            Self { offset: offset!(+7), ..Self::parse(&file, None).expect("good") }
        }
    }

    #[test]
    fn listed_days_differ_from_the_plain_week() {
        let calendar = Calendar::sample();
        for (date, kind) in [
            (date!(2026 - 01 - 01), DayKind::PublicHoliday),
            (date!(2026 - 01 - 02), DayKind::CompensatoryDayOff),
            (date!(2026 - 01 - 03), DayKind::WeeklyRest),
            (date!(2026 - 01 - 05), DayKind::Working),
            (date!(2026 - 01 - 10), DayKind::MakeUpWorkingDay),
        ] {
            assert_eq!(calendar.day_kind(date), kind, "{date}");
        }
    }

    #[test]
    fn the_local_day_changes_at_17_utc() {
        let calendar = Calendar::sample();
        let at = |at| calendar.local_date(Timestamp::from_datetime(at));
        assert_eq!(at(datetime!(2026-01-09 16:59:59.999999 UTC)), date!(2026 - 01 - 09));
        assert_eq!(at(datetime!(2026-01-09 17:00 UTC)), date!(2026 - 01 - 10));
        let midnight = Timestamp::from_datetime(datetime!(2026-01-09 17:00 UTC));
        assert_eq!(calendar.day_start(date!(2026 - 01 - 10)), midnight);
        calendar.local_date(Timestamp::from_micros(i64::MAX));
        calendar.local_date(Timestamp::from_micros(i64::MIN));
    }

    #[test]
    fn doubles_and_contradictions_are_refused() {
        for (rows, line) in [
            ("2026-01-01,public_holiday,a,b\n2026-01-01,public_holiday,a,b\n", 3),
            ("2026-01-09,make_up_working_day,a,b\n", 2),
            ("2026-01-10,compensatory_day_off,a,b\n", 2),
            ("2026-02-30,public_holiday,a,b\n", 2),
            ("2026-01-01,holiday,a,b\n", 2),
            ("2026-01-05,working,a,b\n", 2),
            ("2026-01-01,public_holiday,a,\n", 2),
        ] {
            let file = PackFile::of("calendar.csv", &format!("date,kind,name,source\n{rows}"));
            assert!(Calendar::parse(&file, None).is_none(), "{rows}");
            assert_eq!(file.into_mistakes()[0].line, Some(line), "{rows}");
        }
    }
}
