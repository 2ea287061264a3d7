//! Where a keyset page ends: lists go on after the last row shown, whatever was inserted or removed meanwhile.

use sea_orm::{ColumnTrait, Condition};
use uuid::Uuid;
use vocabulary::Timestamp;

/// The last row of a page of a list in the order of a time, then of ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The row's time.
    pub time: Timestamp,
    /// Its id.
    pub id: Uuid,
}

impl Cursor {
    /// As bytes of a page token.
    pub fn to_bytes(self) -> Vec<u8> {
        [&self.time.micros().to_be_bytes()[..], self.id.as_bytes()].concat()
    }

    /// From bytes of a page token.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (time, id) = bytes.split_first_chunk()?;
        let time = Timestamp::from_micros(i64::from_be_bytes(*time));
        Some(Self { time, id: Uuid::from_slice(id).ok()? })
    }

    /// Later rows, for lists in rising order.
    pub fn after<C: ColumnTrait>(self, time: C, id: C) -> Condition {
        let at = self.time.micros();
        // The first term alone is what an index begins at; the second leaves out what was shown.
        let unseen = Condition::any().add(time.gt(at)).add(id.gt(self.id));
        Condition::all().add(time.gte(at)).add(unseen)
    }

    /// Earlier rows, for lists in falling order.
    pub fn before<C: ColumnTrait>(self, time: C, id: C) -> Condition {
        let at = self.time.micros();
        let unseen = Condition::any().add(time.lt(at)).add(id.lt(self.id));
        Condition::all().add(time.lte(at)).add(unseen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_round_trip_and_other_bytes_are_none() {
        for micros in [i64::MIN, -5, 0, i64::MAX] {
            let cursor = Cursor { time: Timestamp::from_micros(micros), id: Uuid::from_u128(9) };
            assert_eq!(Cursor::from_bytes(&cursor.to_bytes()), Some(cursor));
        }
        assert_eq!(Cursor::from_bytes(b"short"), None);
        assert_eq!(Cursor::from_bytes(&[0; 25]), None);
    }
}
