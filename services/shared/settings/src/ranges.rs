//! Values of the right kind that a program still cannot work with: refused in one line, before anything begins.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::HumanDuration;

const SHORTEST: HumanDuration = HumanDuration(Duration::from_millis(1));
const LONGEST: HumanDuration = HumanDuration(Duration::from_secs(365 * 86_400));

/// Refuses a value outside `allowed`, naming the dotted key, the value and what is allowed.
pub fn within<T: PartialOrd + Display>(
    key: &str,
    value: T,
    allowed: RangeInclusive<T>,
) -> Result<(), String> {
    if allowed.contains(&value) {
        return Ok(());
    }
    Err(format!("`{key}` is {value}; allowed is {} to {}", allowed.start(), allowed.end()))
}

/// Refuses a pause or limit of nothing, which would be a busy loop or a limit that nobody meets; and one beyond a year.
pub fn positive(key: &str, value: HumanDuration) -> Result<(), String> {
    within(key, value, SHORTEST..=LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_outside_is_told_with_its_key_and_what_is_allowed() {
        assert_eq!(within("a.b", 1, 1..=4), Ok(()));
        assert_eq!(within("a.b", 4, 1..=4), Ok(()));
        assert_eq!(within("a.b", 0, 1..=4), Err("`a.b` is 0; allowed is 1 to 4".to_owned()));
        assert_eq!(within("a.b", 5, 1..=4), Err("`a.b` is 5; allowed is 1 to 4".to_owned()));
        assert!(within("a.b", f64::NAN, 0.0..=1.0).is_err(), "no number is in no range");
    }

    #[test]
    fn no_time_at_all_is_no_pause() {
        assert_eq!(positive("a.b", SHORTEST), Ok(()));
        let none = positive("a.b", HumanDuration(Duration::ZERO));
        assert_eq!(none, Err("`a.b` is 0; allowed is 1ms to 365d".to_owned()));
        assert!(positive("a.b", HumanDuration(Duration::MAX)).is_err());
    }
}
