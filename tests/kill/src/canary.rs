//! The identity that every citizen of a run carries: marks that must be found nowhere but in the sealed identity.

use contract::intake::v1::Reporter;
use serde::Serialize;

/// The marks of one run.
#[derive(Debug, Clone, Serialize)]
pub struct Canary {
    /// Part of every citizen's subject.
    pub subject: String,
    /// Part of every citizen's name.
    pub name: String,
    /// Beginning of every citizen's phone number, without the sign.
    pub phone: String,
    /// Stands in the metadata of every photo.
    pub exif: String,
}

impl Canary {
    /// The marks of the run with this seed. Long enough that chance never makes one.
    pub fn of(seed: u64) -> Self {
        let tag = format!("{:08x}", seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32);
        Self {
            subject: format!("hoang-yen-{tag}"),
            name: format!("Hoàng Yến {tag}"),
            phone: format!("8490{:06}", seed.wrapping_mul(2_654_435_761) % 1_000_000),
            exif: format!("GPS của Hoàng Yến {tag}"),
        }
    }

    /// The subject of a citizen's token.
    pub fn subject_of(&self, citizen: usize) -> String {
        format!("{}-{citizen}", self.subject)
    }

    /// What a citizen writes beside a report.
    pub fn reporter(&self, citizen: usize) -> Reporter {
        Reporter {
            display_name: format!("{} số {citizen}", self.name),
            phone: format!("+{}{:03}", self.phone, citizen % 1_000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_citizen_carries_every_mark() {
        let canary = Canary::of(7);
        let reporter = canary.reporter(12);
        assert!(canary.subject_of(12).starts_with(&canary.subject));
        assert!(reporter.display_name.starts_with(&canary.name));
        assert_eq!(reporter.phone, format!("+{}012", canary.phone));
        assert_eq!(reporter.phone.len(), 14);
        assert_ne!(Canary::of(8).name, canary.name);
    }
}
