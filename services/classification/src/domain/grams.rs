//! The n-grams that a model knows. One that is not known is not found, so foreign words say nothing.

use std::collections::BTreeMap;

/// How many rows are compared without asking how many there are: nearly always all of them. A loop whose end cannot be
/// foreseen would cost a text a tenth of its time.
const NEAR: usize = 4;

/// Known n-grams by hash, a row each, and how rare each is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Grams {
    /// In rising order, and [`NEAR`] zeros more.
    hashes: Vec<u32>,
    /// Inverse document frequencies in steps of 1/32.
    rarities: Vec<u8>,
    /// For every beginning of a hash the first row that is not before it, and one more for the end.
    starts: Vec<u32>,
    /// How far to shift a hash for its beginning.
    shift: u32,
}

impl Grams {
    /// Of each known hash the rarity.
    pub(super) fn new(known: &BTreeMap<u32, u8>) -> Self {
        let mut hashes: Vec<u32> = known.keys().copied().collect();
        // One or two rows for each beginning.
        let bits = hashes.len().max(2).ilog2().min(24);
        let shift = u32::BITS - bits;
        let mut starts = Vec::with_capacity((1 << bits) + 1);
        let mut row = 0;
        for beginning in 0..1_u32 << bits {
            row += hashes[row..].iter().take_while(|hash| **hash >> shift < beginning).count();
            starts.push(row as u32);
        }
        starts.push(hashes.len() as u32);
        hashes.extend([0; NEAR]);
        Self { hashes, rarities: known.values().copied().collect(), starts, shift }
    }

    pub(super) const fn len(&self) -> usize {
        self.rarities.len()
    }

    pub(super) fn hashes(&self) -> &[u32] {
        &self.hashes[..self.len()]
    }

    pub(super) fn rarities(&self) -> &[u8] {
        &self.rarities
    }

    /// The row of an n-gram.
    #[inline]
    pub(super) fn find(&self, hash: u32) -> Option<u32> {
        let beginning = (hash >> self.shift) as usize;
        let (start, end) = (self.starts[beginning], self.starts[beginning + 1]);
        let rows = end - start;
        let (near, far) = self.hashes[start as usize..].split_first_chunk::<NEAR>()?;
        // What is beyond the rows has other hashes or stands after a hash that is the same.
        let mut at = u32::MAX;
        for (place, known) in (0..NEAR as u32).zip(near).rev() {
            at = if *known == hash { place } else { at };
        }
        if rows > NEAR as u32 && at == u32::MAX {
            let far = &far[..rows as usize - NEAR];
            at = far.iter().position(|known| *known == hash).map_or(u32::MAX, |far| (NEAR + far) as u32);
        }
        (at < rows).then(|| start + at)
    }

    /// The inverse document frequency of a row.
    pub(super) fn rarity(&self, row: u32) -> f32 {
        f32::from(self.rarities[row as usize]) / 32.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_model_may_know_nothing() {
        let grams = Grams::new(&BTreeMap::new());
        assert_eq!((grams.len(), grams.find(0), grams.find(u32::MAX)), (0, None, None));
    }

    #[test]
    fn few_and_extreme_hashes_are_found() {
        for hash in [0, 1, u32::MAX] {
            let grams = Grams::new(&BTreeMap::from([(hash, 32)]));
            assert_eq!((grams.find(hash), grams.find(hash ^ 2), grams.rarity(0)), (Some(0), None, 1.0));
        }
        let crowded: BTreeMap<u32, u8> = (0..100).map(|hash| (hash, 1)).collect();
        let grams = Grams::new(&crowded);
        assert!((0..100).all(|hash| grams.find(hash) == Some(hash)));
        assert_eq!(grams.find(100), None);
    }

    /// Some near each other, at either end.
    fn hash() -> impl Strategy<Value = u32> {
        prop_oneof![any::<u32>(), 0..50_u32, u32::MAX - 50..]
    }

    proptest! {
        #[test]
        fn exactly_what_is_known_is_found(
            known in proptest::collection::btree_map(hash(), any::<u8>(), 0..200),
            asked in proptest::collection::vec(hash(), 0..50),
        ) {
            let grams = Grams::new(&known);
            for hash in asked.into_iter().chain(known.keys().copied()) {
                let row = grams.find(hash);
                prop_assert_eq!(row.map(|row| grams.hashes()[row as usize]), known.get(&hash).map(|_| hash));
                let rarity = row.map(|row| grams.rarity(row));
                prop_assert_eq!(rarity, known.get(&hash).map(|step| f32::from(*step) / 32.0));
            }
        }
    }
}
