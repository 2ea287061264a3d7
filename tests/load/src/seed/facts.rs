//! The daily and monthly facts that scores are read from, added up while reports are made.

use std::collections::BTreeMap;
use std::time::Duration;

use time::Date;
use vocabulary::{Access, Verdict};

use super::life::{Closing, Life};
use super::table::{Cell, Rows, row, table};

table!(
    SCORE_FACTS,
    "score_facts",
    [
        dimension,
        span,
        first_day,
        subject,
        closed,
        asked,
        timed,
        on_time,
        satisfied,
        acceptable,
        unsatisfied,
        reopened,
        held,
    ]
);

/// Buckets of the time held: 20 in each power of ten of minutes.
const BUCKETS_PER_DECADE: f64 = 20.0;
const LAST_BUCKET: u8 = 119;

#[derive(Debug, Default)]
struct Tally {
    counts: [i64; 8],
    held: BTreeMap<u8, u32>,
}

/// Counts by dimension, span, first day and subject.
#[derive(Debug, Default)]
pub(crate) struct Facts(BTreeMap<(&'static str, &'static str, i32, String), Tally>);

impl Facts {
    /// Counts a closing. Reports that are not ordinary count nowhere.
    pub(crate) fn enter(&mut self, life: &Life<'_>, closing: &Closing, day: Date) {
        if life.access != Access::Ordinary {
            return;
        }
        let month = day.replace_day(1).unwrap_or(day);
        let subjects = [
            ("agency", closing.agency.to_string()),
            ("field", life.matter.leaf.field().to_string()),
            ("commune", life.place.commune_code.clone()),
        ];
        for (dimension, subject) in subjects {
            for (span, first) in [("day", day), ("month", month)] {
                let key = (dimension, span, first.to_julian_day(), subject.clone());
                self.0.entry(key).or_default().add(closing);
            }
        }
    }

    pub(crate) fn into_rows(self) -> Rows {
        let mut rows = Rows::default();
        for ((dimension, span, first_day, subject), tally) in self.0 {
            let mut cells = row![dimension, span, first_day, subject];
            cells.extend(tally.counts.map(Cell::from));
            let bucket = |(bucket, count): (&u8, &u32)| {
                let [a, b, c, d] = count.to_be_bytes();
                [*bucket, a, b, c, d]
            };
            cells.push(tally.held.iter().flat_map(bucket).collect::<Vec<u8>>().into());
            rows.push(&SCORE_FACTS, cells);
        }
        rows
    }
}

impl Tally {
    fn add(&mut self, closing: &Closing) {
        let said = |verdict| closing.rating.is_some_and(|(_, said)| said == verdict);
        let counted = [
            true,
            true,
            closing.due.is_some(),
            closing.due.is_some_and(|due| closing.closed <= due),
            said(Verdict::Satisfied),
            said(Verdict::Acceptable),
            said(Verdict::Unsatisfied),
            closing.reopened,
        ];
        for (count, counted) in self.counts.iter_mut().zip(counted) {
            *count += i64::from(counted);
        }
        if let Some(held) = closing.held {
            *self.held.entry(bucket(held)).or_insert(0) += 1;
        }
    }
}

fn bucket(held: Duration) -> u8 {
    let minutes = (held.as_secs_f64() / 60.0).max(1.0);
    ((minutes.log10() * BUCKETS_PER_DECADE).floor() as u8).min(LAST_BUCKET)
}
