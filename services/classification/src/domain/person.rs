//! Who acts at the coordinators' queue: told apart without being named.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A keyed digest of a person's subject, the same in whatever role the person acts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Person(pub [u8; 32]);

/// A text that is no digest of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a person is 64 hexadecimal digits")]
pub struct NoPerson;

impl Person {
    /// A short pseudonym for colleagues: enough to tell the people of one province's centre apart.
    pub fn tag(&self) -> String {
        hex::encode(&self.0[..4])
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tag())
    }
}

impl From<Person> for String {
    fn from(person: Person) -> Self {
        hex::encode(person.0)
    }
}

impl TryFrom<String> for Person {
    type Error = NoPerson;
    fn try_from(text: String) -> Result<Self, NoPerson> {
        let mut digest = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(NoPerson);
        }
        for (at, byte) in digest.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| NoPerson)?;
        }
        Ok(Self(digest))
    }
}

impl TryFrom<&[u8]> for Person {
    type Error = NoPerson;
    fn try_from(bytes: &[u8]) -> Result<Self, NoPerson> {
        bytes.try_into().map(Self).map_err(|_| NoPerson)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_survives_its_text_and_hides_most_of_itself() {
        let person = Person(std::array::from_fn(|at| at as u8 * 8));
        assert_eq!(Person::try_from(String::from(person)), Ok(person));
        assert_eq!((person.tag().as_str(), format!("{person:?}").as_str()), ("00081018", "00081018"));
        for bad in ["", "00", &"g".repeat(64), &"ộ".repeat(32)] {
            assert_eq!(Person::try_from(bad.to_owned()), Err(NoPerson), "{bad}");
        }
    }
}
