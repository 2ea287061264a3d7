//! Periods of whole local days, put together from as few kept facts as possible.

use std::ops::Range;

use time::{Date, Duration, Month};

/// How long a kept fact reaches. Months keep a query over years as cheap as one over weeks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Span {
    /// One local day.
    Day,
    /// One calendar month.
    Month,
}

impl Span {
    /// Every span.
    pub const ALL: &'static [Self] = &[Self::Day, Self::Month];

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// The span a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|span| span.as_str() == word)
    }
}

/// One day or month, by its first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// Day or month.
    pub span: Span,
    /// Its first day.
    pub first_day: Date,
}

impl Slot {
    /// The slot of `span` that holds `day`.
    pub fn of(span: Span, day: Date) -> Self {
        let first_day = match span {
            Span::Day => day,
            Span::Month => month_start(day),
        };
        Self { span, first_day }
    }
}

/// Local days from `first` to the day before `end`; at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    first: Date,
    end: Date,
}

impl Period {
    /// `None` if it has no day.
    pub fn new(first: Date, end: Date) -> Option<Self> {
        (first < end).then_some(Self { first, end })
    }

    /// The period's days, `end` excluded.
    #[cfg(test)]
    pub const fn days(self) -> Range<Date> {
        self.first..self.end
    }

    /// Slots that cover every day of the period exactly once, as ranges of first days.
    pub fn slots(self) -> Vec<(Span, Range<Date>)> {
        let from = if self.first.day() == 1 { self.first } else { next_month(self.first) };
        let to = month_start(self.end);
        let parts = if from < to {
            vec![(Span::Day, self.first..from), (Span::Month, from..to), (Span::Day, to..self.end)]
        } else {
            vec![(Span::Day, self.first..self.end)]
        };
        parts.into_iter().filter(|(_, days)| !days.is_empty()).collect()
    }
}

fn month_start(day: Date) -> Date {
    day - Duration::days(i64::from(day.day()) - 1)
}

fn next_month(day: Date) -> Date {
    let start = month_start(day);
    let days = Month::length(start.month(), start.year());
    start.checked_add(Duration::days(i64::from(days))).unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::date;

    use super::*;

    #[test]
    fn whole_months_are_taken_as_such() {
        let period = Period::new(date!(2026 - 01 - 30), date!(2026 - 04 - 02)).unwrap();
        assert_eq!(
            period.slots(),
            vec![
                (Span::Day, date!(2026 - 01 - 30)..date!(2026 - 02 - 01)),
                (Span::Month, date!(2026 - 02 - 01)..date!(2026 - 04 - 01)),
                (Span::Day, date!(2026 - 04 - 01)..date!(2026 - 04 - 02)),
            ]
        );
        assert_eq!(Period::new(date!(2026 - 01 - 30), date!(2026 - 01 - 30)), None);
    }

    proptest! {
        #[test]
        fn every_day_is_counted_once(first in 0_i64..1_000, length in 1_i64..800) {
            let first = date!(2025 - 01 - 01) + Duration::days(first);
            let period = Period::new(first, first + Duration::days(length)).unwrap();
            let mut day = first - Duration::days(70);
            let mut single_days = 0;
            while day < period.end + Duration::days(70) {
                let slots = period.slots();
                let hits = slots.iter().filter(|(span, days)| days.contains(&Slot::of(*span, day).first_day)).count();
                single_days += slots.iter().filter(|(span, days)| *span == Span::Day && days.contains(&day)).count();
                prop_assert_eq!(hits, usize::from(period.days().contains(&day)), "{}", day);
                day += Duration::days(1);
            }
            prop_assert!(single_days <= 60);
        }
    }
}
