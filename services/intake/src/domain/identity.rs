//! Who sends a report: kept sealed, apart from the report, and opened by nobody here.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use vocabulary::{Problem, ReportId};

/// Name and phone of a reporter. Neither printable nor comparable: it goes into the seal and nowhere else.
pub struct Reporter {
    /// Full name, may be empty.
    display_name: String,
    /// Phone number, may be empty.
    phone: String,
}

impl Reporter {
    /// Checks what the caller sent.
    pub fn parse(display_name: &str, phone: &str) -> Result<Self, Problem> {
        if display_name.chars().count() > 200 || display_name.chars().any(char::is_control) {
            return Err(Problem::invalid(
                "reporter.display_name",
                "REPORTER_INVALID",
                "must have at most 200 code points and no control characters",
                "Họ tên không hợp lệ.",
            ));
        }
        let digits = phone.strip_prefix('+').unwrap_or(phone);
        if !phone.is_empty()
            && (!(8..=15).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()))
        {
            return Err(Problem::invalid(
                "reporter.phone",
                "REPORTER_INVALID",
                "must have 8 to 15 digits, with an optional leading +",
                "Số điện thoại không hợp lệ.",
            ));
        }
        Ok(Self { display_name: display_name.trim().to_owned(), phone: phone.to_owned() })
    }
}

/// Seals identities with AES-256-GCM (NIST SP 800-38D); the report's id is authenticated with each seal, so that one
/// report's seal cannot stand at another.
pub struct IdentityVault {
    key: LessSafeKey,
    random: SystemRandom,
}

/// The vault cannot work: the key has another length, or the machine gives no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the identity vault cannot {0}")]
pub struct VaultError(&'static str);

impl IdentityVault {
    /// `key` are 32 secret bytes; losing them loses every identity.
    pub fn new(key: &[u8; 32]) -> Result<Self, VaultError> {
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| VaultError("take this key"))?;
        Ok(Self { key: LessSafeKey::new(key), random: SystemRandom::new() })
    }

    /// Seals `subject` and `reporter` for `report`: nonce, ciphertext, tag.
    pub fn seal(&self, report: ReportId, subject: &str, reporter: &Reporter) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).map_err(|_| VaultError("get randomness"))?;
        let plain = [subject, &reporter.display_name, &reporter.phone];
        let mut sealed = serde_json::to_vec(&plain).map_err(|_| VaultError("write an identity"))?;
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(report.0.as_bytes()),
                &mut sealed,
            )
            .map_err(|_| VaultError("seal"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens a seal: subject, name and phone.
    #[cfg(test)]
    fn open(&self, report: ReportId, sealed: &[u8]) -> Option<Vec<String>> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN)?;
        let mut rest = rest.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plain = self.key.open_in_place(nonce, Aad::from(report.0.as_bytes()), &mut rest).ok()?;
        serde_json::from_slice(plain).ok()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_seal_opens_only_at_its_own_report() {
        let vault = IdentityVault::new(&[7; 32]).unwrap();
        let (report, other) = (ReportId(Uuid::from_u128(1)), ReportId(Uuid::from_u128(2)));
        let reporter = Reporter::parse("Người thử", "0900000001").unwrap();
        let sealed = vault.seal(report, "citizen-1", &reporter).unwrap();
        assert!(!sealed.windows(9).any(|window| window == b"citizen-1"));
        assert_eq!(vault.open(report, &sealed).unwrap(), ["citizen-1", "Người thử", "0900000001"]);
        assert!(vault.open(other, &sealed).is_none());
        let mut bent = sealed;
        *bent.last_mut().unwrap() ^= 1;
        assert!(vault.open(report, &bent).is_none());
    }

    #[test]
    fn phones_are_numbers() {
        for bad in ["123", "phone", "+84 900", "1234567890123456"] {
            assert!(Reporter::parse("", bad).is_err(), "{bad}");
        }
        assert!(Reporter::parse("", "+84900000001").is_ok());
    }
}
