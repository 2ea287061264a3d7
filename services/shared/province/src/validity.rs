//! The days on which a rule or an agency is in force.

use time::Date;

/// An interval of days, both ends inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// First day.
    pub from: Date,
    /// Last day; none until further notice.
    pub to: Option<Date>,
}

impl Validity {
    /// Whether the day lies in the interval.
    pub fn contains(&self, day: Date) -> bool {
        self.from <= day && self.to.is_none_or(|last| day <= last)
    }
}
