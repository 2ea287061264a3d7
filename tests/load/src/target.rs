//! What a figure should be: `create_p99=20ms`, `sustained_per_second=1500`.

use std::fmt;
use std::str::FromStr;

use crate::figures::Figures;

/// A figure with its limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Which figure.
    pub name: String,
    limit: f64,
    at_least: bool,
}

impl FromStr for Target {
    type Err = String;

    /// `name=limit`: rates (`…_per_second`) at least, everything else at most. Times may carry `ms`, `s` or `us`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not of the form create_p99=20ms or sustained_per_second=1500");
        let (name, limit) = text.split_once('=').ok_or_else(wrong)?;
        let units = [("us", 0.001), ("ms", 1.0), ("s", 1_000.0)];
        let unit = units.iter().find_map(|(unit, factor)| Some((limit.strip_suffix(unit)?, *factor)));
        let (digits, factor) = unit.unwrap_or((limit, 1.0));
        let limit = digits.trim().parse::<f64>().ok().filter(|limit| limit.is_finite()).ok_or_else(wrong)?;
        Ok(Self { name: name.to_owned(), limit: limit * factor, at_least: name.ends_with("_per_second") })
    }
}

impl Target {
    /// Whether the figure is there and good enough.
    pub fn is_met(&self, figures: &Figures) -> bool {
        figures
            .get(&self.name)
            .is_some_and(|value| if self.at_least { value >= self.limit } else { value <= self.limit })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", if self.at_least { "≥" } else { "≤" }, self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_floors_and_times_are_ceilings() {
        let mut figures = Figures::default();
        figures.values.insert("create_p99".to_owned(), 20.0);
        figures.values.insert("sustained_per_second".to_owned(), 1_500.0);
        let met = |text: &str| text.parse::<Target>().unwrap().is_met(&figures);
        assert!(met("create_p99=20ms") && met("create_p99=0.02s") && met("sustained_per_second=1500"));
        assert!(!met("create_p99=19.9ms") && !met("create_p99=900us") && !met("sustained_per_second=1501"));
        assert!(!met("rate_p99=1s"), "a figure that is not there is no success");
        for bad in ["create_p99", "create_p99=fast", "create_p99=", "x=1h"] {
            assert!(bad.parse::<Target>().is_err(), "{bad}");
        }
    }
}
