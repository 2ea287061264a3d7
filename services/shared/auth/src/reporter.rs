//! Recognising a reporter without knowing who it is: keyed digests of the subject.

use ring::hmac;
use vocabulary::ReportId;

use crate::{Caller, Subject};

/// Makes pseudonyms with a key that only the services hold (HMAC-SHA-256, RFC 2104). Cheap to clone.
#[derive(Clone)]
pub struct ReporterSeal(hmac::Key);

impl ReporterSeal {
    /// `secret` should be 32 random bytes and must stay the same for the life of the data.
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The same for all reports of one person: finds "my reports". Never leaves intake.
    pub fn owner(&self, subject: &Subject) -> [u8; 32] {
        self.digest("owner", &[], subject.as_str())
    }

    /// Differs from report to report, so that reports of one person cannot be linked; travels in events.
    pub fn proof(&self, report: ReportId, subject: &Subject) -> [u8; 32] {
        self.digest("report", report.0.as_bytes(), subject.as_str())
    }

    /// The namespace of a caller's request ids.
    pub fn caller(&self, caller: &Caller) -> [u8; 32] {
        self.digest("caller", caller.role().as_str().as_bytes(), caller.subject().as_str())
    }

    /// A person of the staff, the same in whatever role: tells who decided without naming anybody.
    pub fn person(&self, subject: &Subject) -> [u8; 32] {
        self.digest("person", &[], subject.as_str())
    }

    fn digest(&self, purpose: &str, context: &[u8], subject: &str) -> [u8; 32] {
        let mut message = hmac::Context::with_key(&self.0);
        for part in [purpose.as_bytes(), context] {
            message.update(part);
            message.update(&[0xff]);
        }
        message.update(subject.as_bytes());
        let mut digest = [0; 32];
        digest.copy_from_slice(message.sign().as_ref());
        digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_bound_to_report_subject_and_purpose() {
        let seal = ReporterSeal::new(b"a secret of the test");
        let me: Subject = "citizen-1".parse().unwrap();
        let other: Subject = "citizen-2".parse().unwrap();
        let report = ReportId(uuid::Uuid::from_u128(1));
        assert_eq!(seal.proof(report, &me), seal.proof(report, &me));
        assert_ne!(seal.proof(report, &me), seal.proof(report, &other));
        assert_ne!(seal.proof(report, &me), seal.proof(ReportId(uuid::Uuid::from_u128(2)), &me));
        assert_ne!(seal.owner(&me), seal.proof(report, &me));
        assert_ne!(seal.owner(&me), seal.person(&me));
        assert_ne!(seal.person(&me), seal.person(&other));
        assert_ne!(seal.owner(&me), ReporterSeal::new(b"another").owner(&me));
    }
}
