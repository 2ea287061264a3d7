//! The file of a trained model: one block, little-endian, closed by its SHA-256.
//!
//! `FRCLASS` · format version · leaf count and codes · scales and bias (32 floats each) · calibration (3 floats) ·
//! feature count · hashes, rising · rarities · weights (row by row, only the used columns) · concept count · concepts
//! (name, phrase count, phrases) · checksum.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use vocabulary::LeafCode;

use super::grams::Grams;
use super::lexicon::Lexicon;
use super::model::{COLUMNS, Calibration, MAXIMUM_LEAVES, Model, Row, URGENCY};

const MAGIC: &[u8; 7] = b"FRCLASS";
const VERSION: u8 = 2;
const CHECKSUM: usize = 32;

/// Why bytes are not a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ModelFileError {
    /// Does not begin like one.
    #[error("this is not a model file")]
    NotAModel,
    /// Written by another version of the program.
    #[error("the model file has format {0}, this program reads format {VERSION}; train the model anew")]
    OtherVersion(u8),
    /// Cut short or changed.
    #[error("the model file is damaged: its checksum does not match")]
    Damaged,
    /// The checksum is right, the content impossible.
    #[error("the model file is malformed")]
    Malformed,
}

impl Model {
    /// The bytes of the file. The same model gives the same bytes.
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.grams.len() * (COLUMNS + 5) + 4096);
        out.extend_from_slice(MAGIC);
        out.push(VERSION);
        out.push(self.leaves.len() as u8);
        self.leaves.iter().for_each(|leaf| write_string(&mut out, leaf.as_str()));
        let Calibration { sharpness, urgency_slope, urgency_offset } = self.calibration;
        let calibration = [sharpness, urgency_slope, urgency_offset];
        let floats = self.scales.iter().chain(&self.bias).chain(&calibration);
        floats.for_each(|float| out.extend_from_slice(&float.to_le_bytes()));
        out.extend_from_slice(&(self.grams.len() as u32).to_le_bytes());
        self.grams.hashes().iter().for_each(|hash| out.extend_from_slice(&hash.to_le_bytes()));
        out.extend_from_slice(self.grams.rarities());
        for row in &self.weights {
            out.extend(used_columns(self.leaves.len()).map(|column| row[column] as u8));
        }
        out.extend_from_slice(&(self.lexicon.concepts().len() as u16).to_le_bytes());
        for (name, phrases) in self.lexicon.concepts() {
            write_string(&mut out, name);
            out.extend_from_slice(&(phrases.len() as u16).to_le_bytes());
            phrases.iter().for_each(|phrase| write_string(&mut out, phrase));
        }
        let checksum = Sha256::digest(&out);
        out.extend_from_slice(&checksum);
        out
    }

    /// Reads a file's bytes.
    pub fn read(bytes: &[u8]) -> Result<Self, ModelFileError> {
        let body = bytes.strip_prefix(MAGIC).ok_or(ModelFileError::NotAModel)?;
        match body.first() {
            Some(&VERSION) => {}
            Some(&other) => return Err(ModelFileError::OtherVersion(other)),
            None => return Err(ModelFileError::Damaged),
        }
        let end = bytes.len().checked_sub(CHECKSUM).ok_or(ModelFileError::Damaged)?;
        if Sha256::digest(&bytes[..end]).as_slice() != &bytes[end..] {
            return Err(ModelFileError::Damaged);
        }
        let rest = bytes.get(MAGIC.len() + 1..end).ok_or(ModelFileError::Damaged)?;
        Reader(rest).model().ok_or(ModelFileError::Malformed)
    }

    /// SHA-256 of the file, in hexadecimal: the model's version.
    pub fn digest(&self) -> String {
        let file = self.write();
        hex::encode(&file[file.len() - CHECKSUM..])
    }
}

/// Codes, names and phrases have at most 255 bytes: their types see to it.
fn write_string(out: &mut Vec<u8>, string: &str) {
    out.push(string.len() as u8);
    out.extend_from_slice(string.as_bytes());
}

/// The columns that carry weights.
fn used_columns(leaves: usize) -> impl Iterator<Item = usize> {
    (0..leaves).chain([URGENCY])
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn model(mut self) -> Option<Model> {
        let count = usize::from(self.byte()?);
        if !(2..=MAXIMUM_LEAVES).contains(&count) {
            return None;
        }
        let mut leaves = Vec::with_capacity(count);
        for _ in 0..count {
            leaves.push(self.string()?.parse::<LeafCode>().ok()?);
        }
        let scales = self.row()?;
        let bias = self.row()?;
        let calibration = Calibration {
            sharpness: self.float()?,
            urgency_slope: self.float()?,
            urgency_offset: self.float()?,
        };
        let rows = self.word()? as usize;
        let (hashes, _) = self.take(rows.checked_mul(4)?)?.as_chunks();
        let hashes = hashes.iter().map(|hash| u32::from_le_bytes(*hash));
        let known: BTreeMap<u32, u8> = hashes.clone().zip(self.take(rows)?.iter().copied()).collect();
        let weights = self.take(rows.checked_mul(count + 1)?)?;
        let lexicon = self.lexicon()?;
        if !self.0.is_empty() || !known.keys().copied().eq(hashes) {
            return None;
        }
        let spread = |weights: &[u8]| {
            let mut row = [0; COLUMNS];
            used_columns(count).zip(weights).for_each(|(column, weight)| row[column] = *weight as i8);
            row
        };
        let weights = weights.chunks_exact(count + 1).map(spread).collect();
        Some(Model::new(leaves, (Grams::new(&known), weights), scales, bias, calibration, lexicon))
    }

    fn lexicon(&mut self) -> Option<Lexicon> {
        let mut concepts = BTreeMap::new();
        for _ in 0..self.count()? {
            let name = self.string()?.to_owned();
            let phrases: Option<Vec<String>> =
                (0..self.count()?).map(|_| self.string().map(str::to_owned)).collect();
            concepts.insert(name, phrases?);
        }
        Lexicon::new(concepts).ok()
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(length)?;
        self.0 = tail;
        Some(head)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn string(&mut self) -> Option<&'a str> {
        let length = usize::from(self.byte()?);
        std::str::from_utf8(self.take(length)?).ok()
    }

    fn count(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_le_bytes)
    }

    fn word(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    fn float(&mut self) -> Option<f32> {
        self.word().map(f32::from_bits).filter(|float| float.is_finite())
    }

    fn row(&mut self) -> Option<Row> {
        let mut row = [0.0; COLUMNS];
        for cell in &mut row {
            *cell = self.float()?;
        }
        Some(row)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::train::tests::tiny_model;

    #[test]
    fn a_model_survives_its_file() {
        let model = tiny_model();
        let file = model.write();
        assert_eq!(Model::read(&file).as_ref(), Ok(model));
        assert_eq!(model.digest().len(), 64);
    }

    #[test]
    fn foreign_old_and_damaged_files_are_refused() {
        let mut file = tiny_model().write();
        assert_eq!(Model::read(b"PK"), Err(ModelFileError::NotAModel));
        assert_eq!(Model::read(MAGIC), Err(ModelFileError::Damaged));
        assert_eq!(Model::read(&file[..file.len() - 1]), Err(ModelFileError::Damaged));
        file[7] = 9;
        assert_eq!(Model::read(&file), Err(ModelFileError::OtherVersion(9)));
    }

    #[test]
    fn hashes_out_of_order_are_malformed() {
        let model = tiny_model();
        let mut file = model.write();
        let first = model.grams.hashes()[0].to_le_bytes();
        let second = model.grams.hashes()[1].to_le_bytes();
        let at = file.windows(8).position(|window| window == [first, second].concat()).unwrap();
        file[at..at + 8].copy_from_slice(&[second, first].concat());
        let body = file.len() - CHECKSUM;
        let checksum = Sha256::digest(&file[..body]);
        file[body..].copy_from_slice(&checksum);
        assert_eq!(Model::read(&file), Err(ModelFileError::Malformed));
    }

    proptest! {
        #[test]
        fn one_changed_byte_is_always_noticed(at in 0_usize..4096, flip in 1_u8..=255) {
            let mut file = tiny_model().write();
            let at = at % file.len();
            file[at] ^= flip;
            prop_assert!(Model::read(&file).is_err());
        }

        #[test]
        fn rightly_signed_nonsense_is_malformed_not_a_panic(body in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut file = [MAGIC.as_slice(), &[VERSION], &body].concat();
            let checksum = Sha256::digest(&file);
            file.extend_from_slice(&checksum);
            prop_assert_eq!(Model::read(&file), Err(ModelFileError::Malformed));
        }
    }
}
