//! The code that people read out on the phone, e.g. `CM-4F7K2-9QX3M`.

use sha2::{Digest as _, Sha256};
use vocabulary::ReportId;

/// Crockford's base 32: no I, L, O, U, so nothing is misread (<https://www.crockford.com/base32.html>).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Nine letters carry 45 bits, the tenth checks them.
const LETTERS: usize = 9;

/// The code of a report. It follows from the id, so a replayed request has the same one; that two ids share a code is so
/// unlikely (one in 3.5·10¹³ per pair) that the database's unique index may refuse the second.
pub fn code(prefix: &str, report: ReportId) -> String {
    let digest = Sha256::digest(report.0.as_bytes());
    let letters: Vec<u8> = digest.iter().take(LETTERS).map(|byte| byte & 31).collect();
    let mut code = format!("{prefix}-");
    for (index, value) in letters.iter().chain([&check(&letters)]).enumerate() {
        if index == 5 {
            code.push('-');
        }
        code.push(char::from(ALPHABET[usize::from(*value)]));
    }
    code
}

/// A weighted sum that notices one wrong letter and two swapped neighbours.
fn check(letters: &[u8]) -> u8 {
    let sum: usize =
        letters.iter().enumerate().map(|(index, value)| (2 * index + 1) * usize::from(*value)).sum();
    u8::try_from(sum % 32).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn codes_differ_and_are_readable() {
        let codes: HashSet<String> =
            (0..100_000_u128).map(|n| code("CM", ReportId(Uuid::from_u128(n)))).collect();
        assert_eq!(codes.len(), 100_000);
        assert!(codes.iter().all(|code| code.len() == 14 && !code.contains(['I', 'L', 'O', 'U'])));
    }

    proptest! {
        #[test]
        fn a_wrong_letter_is_noticed(n: u128, position in 0..LETTERS, change in 1..32_u8) {
            let digest = Sha256::digest(Uuid::from_u128(n).as_bytes());
            let mut letters: Vec<u8> = digest.iter().take(LETTERS).map(|byte| byte & 31).collect();
            let before = check(&letters);
            letters[position] = (letters[position] + change) & 31;
            prop_assert_ne!(check(&letters), before);
        }
    }
}
