//! Instants and the one source of "now" and of fresh ids. Both are arguments everywhere, so a test can turn the hands.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::{ContextV7, Uuid};

/// An instant: microseconds since 1970-01-01T00:00:00Z. Stored as such in every table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// From whole seconds and nanoseconds since the epoch, as Protobuf carries them; `None` outside the years 1–9999
    /// or with nanoseconds outside 0..1e9.
    pub fn from_parts(seconds: i64, nanos: i32) -> Option<Self> {
        if !(0..1_000_000_000).contains(&nanos) || !(-62_135_596_800..=253_402_300_799).contains(&seconds) {
            return None;
        }
        Some(Self(seconds * 1_000_000 + i64::from(nanos) / 1_000))
    }

    /// Whole seconds and nanoseconds since the epoch.
    pub fn parts(self) -> (i64, i32) {
        let nanos = i32::try_from(self.0.rem_euclid(1_000_000) * 1_000).unwrap_or(0);
        (self.0.div_euclid(1_000_000), nanos)
    }

    /// From a calendar date-time.
    pub fn from_datetime(at: OffsetDateTime) -> Self {
        let micros = at.unix_timestamp_nanos() / 1_000;
        Self(i64::try_from(micros).unwrap_or(if micros < 0 { i64::MIN } else { i64::MAX }))
    }

    /// As a UTC calendar date-time; instants outside the calendar's years are clamped to its ends.
    pub fn datetime(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000).unwrap_or(if self.0 < 0 {
            time::macros::datetime!(0001-01-01 0:00 UTC)
        } else {
            time::macros::datetime!(9999-12-31 23:59:59 UTC)
        })
    }

    /// RFC 3339 in UTC, e.g. `2026-11-21T03:04:05.678901Z`.
    pub fn rfc3339(self) -> String {
        self.datetime().format(&Rfc3339).unwrap_or_default()
    }

    /// From RFC 3339, in whatever offset; `None` if it is none.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        OffsetDateTime::parse(text, &Rfc3339).ok().map(Self::from_datetime)
    }

    /// Time from `earlier` to here; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
    }
}

/// The one source of now and of fresh ids. Cheap to clone; clones share their hands.
#[derive(Clone)]
pub struct Clock(Arc<Hands>);

enum Hands {
    System { ids: ContextV7Lock },
    Manual { micros: AtomicI64, next_id: AtomicI64 },
}

type ContextV7Lock = std::sync::Mutex<ContextV7>;

impl Clock {
    /// The clock of the machine.
    pub fn system() -> Self {
        Self(Arc::new(Hands::System {
            ids: std::sync::Mutex::new(ContextV7::new().with_additional_precision()),
        }))
    }

    /// A clock that stands until [`Clock::advance`] moves it; its ids count up and repeat from run to run.
    pub fn manual(start: Timestamp) -> Self {
        Self(Arc::new(Hands::Manual { micros: AtomicI64::new(start.0), next_id: AtomicI64::new(1) }))
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        match &*self.0 {
            #[expect(
                clippy::disallowed_methods,
                reason = "this is the one place that asks the machine for the time"
            )]
            Hands::System { .. } => Timestamp::from_datetime(OffsetDateTime::now_utc()),
            Hands::Manual { micros, .. } => Timestamp(micros.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock forward; a system clock is left alone.
    pub fn advance(&self, by: Duration) {
        if let Hands::Manual { micros, .. } = &*self.0 {
            micros.fetch_add(i64::try_from(by.as_micros()).unwrap_or(0), Ordering::SeqCst);
        }
    }

    /// A fresh time-ordered id (UUID version 7).
    pub fn mint(&self) -> Uuid {
        match &*self.0 {
            Hands::System { ids } => {
                let (seconds, nanos) = self.now().parts();
                let context = ids.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                let at = uuid::Timestamp::from_unix(
                    &*context,
                    u64::try_from(seconds).unwrap_or(0),
                    u32::try_from(nanos).unwrap_or(0),
                );
                Uuid::new_v7(at)
            }
            Hands::Manual { micros, next_id } => {
                let millis = u64::try_from(micros.load(Ordering::SeqCst) / 1_000).unwrap_or(0);
                let count = next_id.fetch_add(1, Ordering::SeqCst);
                let mut random = [0_u8; 10];
                random[2..].copy_from_slice(&count.to_be_bytes());
                uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_round_trip_before_and_after_the_epoch() {
        for micros in [-1, 0, 1, 999_999, 1_000_000, -1_000_001, 1_795_000_000_123_456] {
            let at = Timestamp::from_micros(micros);
            let (seconds, nanos) = at.parts();
            assert_eq!(Timestamp::from_parts(seconds, nanos), Some(at));
        }
        assert_eq!(Timestamp::from_parts(0, 1_000_000_000), None);
        assert_eq!(Timestamp::from_parts(i64::MAX, 0), None);
    }

    #[test]
    fn minted_ids_rise_and_never_repeat() {
        let clock = Clock::system();
        let ids: Vec<Uuid> = (0..10_000).map(|_| clock.mint()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn a_manual_clock_repeats_itself() {
        let run = || {
            let clock = Clock::manual(Timestamp::from_micros(5_000_000));
            let first = clock.mint();
            clock.advance(Duration::from_secs(1));
            (first, clock.mint(), clock.now())
        };
        assert_eq!(run(), run());
    }
}
