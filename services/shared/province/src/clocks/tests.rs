//! Due times against a second by second recount, and the days on which calendars go wrong.

use std::time::Duration;

use proptest::prelude::*;
use time::OffsetDateTime;
use time::macros::datetime;
use vocabulary::Timestamp;

use super::{ClockKind, Due, Pause, due};
use crate::calendar::{Calendar, DayKind};
use crate::policies::{ClockMode, Limits, Policies};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

fn policies(mode: ClockMode) -> Policies {
    let mut policies = Policies::sample();
    policies.clocks.mode = mode;
    policies
}

fn at(at: OffsetDateTime) -> Timestamp {
    Timestamp::from_datetime(at)
}

fn respond(mode: ClockMode, arrival: OffsetDateTime, pauses: &[Pause]) -> Due {
    due(ClockKind::Respond, at(arrival), &Calendar::sample(), &policies(mode), pauses)
}

#[test]
fn the_limit_follows_the_kind_of_the_local_day_of_arrival() {
    for (arrival, kind, hours) in [
        // A plain Friday until 23:59:59 local time, a plain Saturday from then on.
        (datetime!(2026-01-16 16:59:59 UTC), DayKind::Working, 4),
        (datetime!(2026-01-16 17:00 UTC), DayKind::WeeklyRest, 24),
        // The make-up Saturday begins at 17:00 UTC on Friday.
        (datetime!(2026-01-09 17:00 UTC), DayKind::MakeUpWorkingDay, 4),
        (datetime!(2026-01-10 17:00 UTC), DayKind::WeeklyRest, 24),
        // The last second of the old year, the first of the new one, and its bridge day.
        (datetime!(2025-12-31 23:59:59 +7), DayKind::Working, 4),
        (datetime!(2026-01-01 00:00 +7), DayKind::PublicHoliday, 24),
        (datetime!(2026-01-02 12:00 +7), DayKind::CompensatoryDayOff, 24),
        (datetime!(2026-02-17 08:00 +7), DayKind::PublicHoliday, 24),
    ] {
        let due = respond(ClockMode::Elapsed, arrival, &[]);
        assert_eq!((due.day_kind, due.limit), (kind, hours * HOUR), "{arrival}");
        assert_eq!(due.due, at(arrival) + hours * HOUR, "{arrival}");
        assert_eq!(due.due_soon, at(arrival) + hours * HOUR * 3 / 4, "{arrival}");
    }
    let receive = due(
        ClockKind::Receive,
        at(datetime!(2026-01-16 10:00 +7)),
        &Calendar::sample(),
        &policies(ClockMode::Elapsed),
        &[],
    );
    assert_eq!(receive.limit, 2 * HOUR);
}

#[test]
fn working_time_skips_days_off() {
    for (arrival, expected) in [
        (datetime!(2026-01-14 10:00 +7), datetime!(2026-01-14 14:00 +7)),
        // Friday night to Monday; but to Saturday when that is a make-up day.
        (datetime!(2026-01-16 22:00 +7), datetime!(2026-01-19 02:00 +7)),
        (datetime!(2026-01-09 22:00 +7), datetime!(2026-01-10 02:00 +7)),
        // It may be due exactly at the end of a working day.
        (datetime!(2026-01-16 20:00 +7), datetime!(2026-01-17 00:00 +7)),
        // Before and during Tết, and over the turn of the year with its bridge day.
        (datetime!(2026-02-13 23:00 +7), datetime!(2026-02-23 03:00 +7)),
        (datetime!(2026-02-18 09:00 +7), datetime!(2026-02-23 04:00 +7)),
        (datetime!(2025-12-31 21:00 +7), datetime!(2026-01-05 01:00 +7)),
    ] {
        let due = respond(ClockMode::Working, arrival, &[]);
        assert_eq!((due.due, due.limit), (at(expected), 4 * HOUR), "{arrival}");
    }
}

#[test]
fn pauses_do_not_count() {
    let arrival = datetime!(2026-01-14 10:00 +7);
    let pause = |from: u32, to: Option<u32>| Pause {
        from: at(arrival) + from * MINUTE,
        to: to.map(|to| at(arrival) + to * MINUTE),
    };
    for (pauses, minutes, paused_since) in [
        (vec![pause(60, Some(90))], 270, None),
        // Overlapping, repeated and touching ones count once.
        (
            vec![pause(60, Some(90)), pause(70, Some(120)), pause(60, Some(90)), pause(120, Some(130))],
            310,
            None,
        ),
        // One that begins when all is over changes nothing; one that begins just before does.
        (vec![pause(240, Some(500))], 240, None),
        (vec![pause(239, Some(500))], 501, None),
        (vec![pause(240, None)], 240, None),
        // A lasting one: due as if it had ended at once, and said so.
        (vec![pause(60, None)], 240, Some(60)),
        (vec![pause(60, Some(90)), pause(80, None)], 240, Some(60)),
        (vec![pause(10, Some(20)), pause(60, None)], 250, Some(60)),
        // Turned round, or empty.
        (vec![pause(90, Some(60)), pause(60, Some(60))], 240, None),
    ] {
        let due = respond(ClockMode::Elapsed, arrival, &pauses);
        assert_eq!(due.due, at(arrival) + minutes * MINUTE, "{pauses:?}");
        assert_eq!(due.paused_since, paused_since.map(|since| at(arrival) + since * MINUTE), "{pauses:?}");
    }
    let early = Pause { from: at(arrival) - HOUR, to: Some(at(arrival) + HOUR) };
    assert_eq!(respond(ClockMode::Elapsed, arrival, &[early]).due, at(arrival) + 5 * HOUR);
    let mut policies = policies(ClockMode::Elapsed);
    policies.clocks.pause_while_awaiting_info = false;
    let due = due(ClockKind::Respond, at(arrival), &Calendar::sample(), &policies, &[pause(60, None)]);
    assert_eq!((due.due, due.paused_since), (at(arrival) + 4 * HOUR, None));
}

#[test]
fn the_ends_of_time_are_no_panic() {
    for arrival in [i64::MIN, i64::MAX, 253_402_300_799_000_000].map(Timestamp::from_micros) {
        for mode in [ClockMode::Elapsed, ClockMode::Working] {
            let due = due(ClockKind::Respond, arrival, &Calendar::sample(), &policies(mode), &[]);
            assert!(due.due >= arrival);
        }
    }
}

/// The first minute at which the limit has run, by looking at every minute.
fn recount(mode: ClockMode, arrival: Timestamp, limit: Duration, pauses: &[Pause]) -> Timestamp {
    let calendar = Calendar::sample();
    let (mut now, mut left) = (arrival, limit);
    while !left.is_zero() {
        let paused = pauses.iter().any(|pause| pause.from <= now && pause.to.is_some_and(|to| now < to));
        let local = now.datetime().to_offset(time::macros::offset!(+7));
        if !paused && (mode == ClockMode::Elapsed || calendar.day_kind(local.date()).is_working()) {
            left -= MINUTE;
        }
        now = now + MINUTE;
    }
    now
}

fn any_mode() -> impl Strategy<Value = ClockMode> {
    prop_oneof![Just(ClockMode::Elapsed), Just(ClockMode::Working)]
}

/// Minutes from 2025-12-29 00:00 +7 over ten weeks, and pauses in minutes after arrival.
fn any_case() -> impl Strategy<Value = (Timestamp, Vec<Pause>)> {
    let pauses = prop::collection::vec((-200..3_000_i32, 0..2_000_i32), 0..5);
    (0..100_800_u32, pauses).prop_map(|(minute, pauses)| {
        let arrival = at(datetime!(2025-12-29 00:00 +7)) + minute * MINUTE;
        let moved = |minutes: i32| Timestamp::from_micros(arrival.micros() + i64::from(minutes) * 60_000_000);
        let pauses = pauses
            .into_iter()
            .map(|(from, length)| Pause { from: moved(from), to: Some(moved(from + length)) });
        (arrival, pauses.collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_recount_minute_by_minute_agrees(
        mode in any_mode(), (arrival, pauses) in any_case(), working in 1..3_000_u32, day_off in 1..3_000_u32,
    ) {
        let mut policies = policies(mode);
        policies.clocks.receive = Limits { working: working * MINUTE, day_off: day_off * MINUTE };
        let due = due(ClockKind::Receive, arrival, &Calendar::sample(), &policies, &pauses);
        prop_assert_eq!(due.due, recount(mode, arrival, due.limit, &pauses));
        prop_assert!(arrival < due.due_soon && due.due_soon <= due.due);
        prop_assert_eq!(due.paused_since, None);
    }

    /// Later arrival on the same kind of day, a longer limit, or one more pause: never earlier due.
    #[test]
    fn due_times_never_run_backwards(
        mode in any_mode(), (arrival, pauses) in any_case(), later in 1..600_u32, longer in 1..600_u32,
    ) {
        let calendar = Calendar::sample();
        let policies = policies(mode);
        let compute = |arrival, policies: &Policies, pauses: &[Pause]| due(ClockKind::Respond, arrival, &calendar, policies, pauses);
        let first = compute(arrival, &policies, &pauses);
        let second = compute(arrival + later * MINUTE, &policies, &pauses);
        prop_assert!(first.limit != second.limit || first.due <= second.due);
        if let Some((_, fewer)) = pauses.split_last() {
            prop_assert!(compute(arrival, &policies, fewer).due <= first.due);
        }
        let mut lenient = policies;
        lenient.clocks.respond.working += longer * MINUTE;
        lenient.clocks.respond.day_off += longer * MINUTE;
        prop_assert!(first.due < compute(arrival, &lenient, &pauses).due);
    }
}
