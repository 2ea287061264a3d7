//! Durations and sizes as people write them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Deserializer};

/// A span of time, written `500ms`, `20s`, `15m`, `2h`, `7d` or in sum, `1h30m`. A bare `0` is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct HumanDuration(pub Duration);

impl HumanDuration {
    /// The same span as the standard library has it.
    pub const fn get(self) -> Duration {
        self.0
    }
}

/// A number of bytes, written `512`, `64KiB`, `16MiB` or `1GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct ByteSize(pub u64);

impl ByteSize {
    /// The number of bytes.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// A text that is no duration or no size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {expected}")]
pub struct ValueError {
    text: String,
    expected: &'static str,
}

const DURATION: &str = "a duration such as 500ms, 20s, 15m, 2h, 7d or 1h30m";
const SIZE: &str = "a size such as 512, 64KiB, 16MiB or 1GiB";

impl FromStr for HumanDuration {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let wrong = || ValueError { text: text.to_owned(), expected: DURATION };
        if text == "0" {
            return Ok(Self(Duration::ZERO));
        }
        let mut rest = text;
        let mut total = 0_u64;
        while !rest.is_empty() {
            let (number, unit_onward) = split_number(rest).ok_or_else(wrong)?;
            let unit_length = unit_onward.find(|c: char| c.is_ascii_digit()).unwrap_or(unit_onward.len());
            let (unit, onward) = unit_onward.split_at(unit_length);
            let millis = match unit {
                "ms" => 1,
                "s" => 1_000,
                "m" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                _ => return Err(wrong()),
            };
            let part = number.checked_mul(millis).ok_or_else(wrong)?;
            total = total.checked_add(part).ok_or_else(wrong)?;
            rest = onward;
        }
        if text.is_empty() { Err(wrong()) } else { Ok(Self(Duration::from_millis(total))) }
    }
}

impl FromStr for ByteSize {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let wrong = || ValueError { text: text.to_owned(), expected: SIZE };
        let (number, unit) = split_number(text).ok_or_else(wrong)?;
        let factor = match unit {
            "" | "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return Err(wrong()),
        };
        number.checked_mul(factor).map(Self).ok_or_else(wrong)
    }
}

fn split_number(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(digits);
    Some((number.parse().ok()?, rest))
}

impl TryFrom<String> for HumanDuration {
    type Error = ValueError;
    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl TryFrom<String> for ByteSize {
    type Error = ValueError;
    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl From<HumanDuration> for Duration {
    fn from(duration: HumanDuration) -> Self {
        duration.0
    }
}

impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];
        let (size, unit) =
            units.into_iter().find(|(size, _)| millis.is_multiple_of(*size)).unwrap_or((1, "ms"));
        if millis == 0 { f.write_str("0") } else { write!(f, "{}{unit}", millis / size) }
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"), (1, "")];
        let (size, unit) =
            units.into_iter().find(|(size, _)| self.0.is_multiple_of(*size)).unwrap_or((1, ""));
        if self.0 == 0 { f.write_str("0") } else { write!(f, "{}{unit}", self.0 / size) }
    }
}

/// For `#[serde(deserialize_with = "settings::optional")]` on an `Option`: TOML knows no null, so an empty text means
/// "not set".
pub fn optional<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() {
        return Ok(None);
    }
    T::deserialize(IntoDeserializer::<serde::de::value::Error>::into_deserializer(text))
        .map(Some)
        .map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        let read = |text: &str| text.parse::<HumanDuration>().map(HumanDuration::get).ok();
        assert_eq!(read("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(read("1h30m"), Some(Duration::from_secs(5_400)));
        assert_eq!(read("7d"), Some(Duration::from_secs(604_800)));
        for bad in ["", "5", "s", "-1s", "1.5s", "1w", "5 s", "99999999999999999999s", "9999999999999999d"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn sizes_are_read_as_people_write_them() {
        assert_eq!("16MiB".parse(), Ok(ByteSize(16 << 20)));
        for bad in ["", "MiB", "1MB", "-1", "18446744073709551615KiB"] {
            assert!(bad.parse::<ByteSize>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(millis in 0_u64..10_000_000_000, bytes: u64) {
            let duration = HumanDuration(Duration::from_millis(millis));
            prop_assert_eq!(duration.to_string().parse(), Ok(duration));
            prop_assert_eq!(ByteSize(bytes).to_string().parse(), Ok(ByteSize(bytes)));
        }

        #[test]
        fn no_text_panics(text in ".{0,20}") {
            prop_assert!(text.parse::<HumanDuration>().is_ok() || text.parse::<HumanDuration>().is_err());
            prop_assert!(text.parse::<ByteSize>().is_ok() || text.parse::<ByteSize>().is_err());
        }
    }
}
