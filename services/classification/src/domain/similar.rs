//! Which reports may be about the same matter: near in place, time, field and words, or with the same photo.
//!
//! A fingerprint is what can be looked up in an index: the square of a grid, and four bands of a MinHash over the words
//! (Broder 1997). Whether two reports really resemble each other is then computed from the reports themselves.

use std::num::NonZeroU64;
use std::time::Duration;

use province::SimilarPolicy;
use vocabulary::{LeafCode, Point, Timestamp};

use super::text::{NEUTRAL, Text};

/// Side of a square of the grid in degrees, about 550 m in the province: larger than any radius that policy may set, so
/// that a square and its eight neighbours hold everything near.
const SQUARE: f64 = 0.005;
const METRES_PER_DEGREE: f64 = 111_195.0;
/// Bands, and hashes in each: two texts that share eight of ten word pairs meet with probability 0.94, three of ten 0.10.
pub const BANDS: usize = 4;
const HASHES: usize = 3;
/// From this share of common words the same text was sent, wherever the reports lie.
const SAME_TEXT: f64 = 0.6;
/// What the same text elsewhere is worth, and what common words add to two reports that are near each other.
const SAME_TEXT_WORTH: f64 = 0.9;
const WORDS_WORTH: f64 = 0.2;
/// The same photo was sent, wherever the reports lie, if at least this share of its hash is equal: copies of a photo differ
/// in a few of 64 bits, other photos in about 32.
const SAME_PHOTO: f64 = 58.0 / 64.0;
const SAME_PHOTO_WORTH: f64 = 0.9;
/// Another leaf of the same field.
const FIELD_WORTH: f64 = 0.6;
/// What a report loses when it is as old as the window.
const AGE_LOSS: f64 = 0.3;

/// The words of a text, for comparison: hashes of folded words and pairs of them, each once and sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordSet(Vec<u64>);

impl WordSet {
    /// The words of a text.
    pub fn of(text: &Text<'_>) -> Self {
        let words: Vec<&str> =
            text.tokens().iter().map(|token| text.folded(token)).filter(|word| *word != NEUTRAL).collect();
        let single = words.iter().map(|word| hash(word.bytes()));
        let pairs = words
            .windows(2)
            .map(|pair| hash(pair[0].bytes().chain(std::iter::once(b' ')).chain(pair[1].bytes())));
        let mut hashes: Vec<u64> = single.chain(pairs).collect();
        hashes.sort_unstable();
        hashes.dedup();
        Self(hashes)
    }

    /// The share of common words, 0–1 (Jaccard); 0 when one of the two has none.
    pub fn likeness(&self, other: &Self) -> f64 {
        let common = self.0.iter().filter(|hash| other.0.binary_search(hash).is_ok()).count();
        let all = self.0.len() + other.0.len() - common;
        if all == 0 { 0.0 } else { common as f64 / all as f64 }
    }

    /// The keys under which texts with many common words meet; none for a text without words.
    pub fn bands(&self) -> Option<[i64; BANDS]> {
        if self.0.is_empty() {
            return None;
        }
        let smallest = |number: usize| {
            let seed = mix(number as u64 + 1);
            self.0.iter().map(|word| mix(word ^ seed)).min().unwrap_or_default()
        };
        Some(std::array::from_fn(|band| {
            let first = band * HASHES;
            let key = (first..first + HASHES).fold(0, |key, number| mix(key ^ smallest(number)));
            key.cast_signed()
        }))
    }
}

/// What a photo looks like: its difference hash, as in `MediaAttached.image_hash`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PhotoHash(NonZeroU64);

impl PhotoHash {
    /// None for 0, which says nothing.
    pub fn of(hash: u64) -> Option<Self> {
        NonZeroU64::new(hash).map(Self)
    }

    /// Its 64 bits.
    pub const fn bits(self) -> u64 {
        self.0.get()
    }

    /// The share of equal bits, 0–1.
    pub fn likeness(self, other: Self) -> f64 {
        f64::from((self.bits() ^ other.bits()).count_zeros()) / 64.0
    }
}

/// FNV-1a, 64 bits.
fn hash(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The finaliser of SplitMix64.
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The square of the grid in which a point lies.
pub fn square(point: Point) -> i64 {
    key(index(point.latitude()), index(point.longitude()))
}

/// The square of a point and the eight around it.
pub fn squares_around(point: Point) -> [i64; 9] {
    let (latitude, longitude) = (index(point.latitude()), index(point.longitude()));
    std::array::from_fn(|at| {
        let (up, right) = (at as i64 / 3 - 1, at as i64 % 3 - 1);
        key(latitude + up, longitude + right)
    })
}

fn index(degrees: f64) -> i64 {
    (degrees / SQUARE).floor() as i64
}

const fn key(latitude: i64, longitude: i64) -> i64 {
    (latitude << 20) + longitude
}

/// Metres between two points that are not far from each other.
pub fn metres(a: Point, b: Point) -> f64 {
    let shrink = f64::midpoint(a.latitude(), b.latitude()).to_radians().cos();
    let (north, east) = (a.latitude() - b.latitude(), (a.longitude() - b.longitude()) * shrink);
    north.hypot(east) * METRES_PER_DEGREE
}

/// What is compared of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// Its words.
    pub words: WordSet,
    /// Where it lies.
    pub point: Option<Point>,
    /// What it is about.
    pub leaf: LeafCode,
    /// When it was sent.
    pub sent: Timestamp,
    /// What its photos look like.
    pub photos: Vec<PhotoHash>,
}

vocabulary::words!(
    /// Why two reports resemble each other.
    Resemblance {
        /// They are near each other: metres.
        Near = "NEAR_BY",
        /// They are about the same leaf.
        SameLeaf = "SAME_LEAF",
        /// They are about the same field.
        SameField = "SAME_FIELD",
        /// They share words: the share of common ones.
        SimilarWords = "SIMILAR_WORDS",
        /// They show the same photo: the share of equal bits of its hashes.
        SamePhoto = "SAME_PHOTO",
    }
);

/// How much two reports resemble each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Likeness {
    /// 0–1.
    pub score: f64,
    /// Why, each with its measure.
    pub reasons: Vec<(Resemblance, f64)>,
}

/// How much `other` resembles `subject`; none below the policy's threshold.
pub fn likeness(subject: &Features, other: &Features, policy: &SimilarPolicy) -> Option<Likeness> {
    let words = subject.words.likeness(&other.words);
    let distance = subject.point.zip(other.point).map(|(a, b)| metres(a, b));
    let near = distance.map_or(0.0, |metres| (1.0 - metres / policy.radius_metres).max(0.0));
    let same_leaf = subject.leaf == other.leaf;
    let same_field = subject.leaf.field() == other.leaf.field();
    let field = if same_leaf {
        1.0
    } else if same_field {
        FIELD_WORTH
    } else {
        0.0
    };
    let age = apart(subject.sent, other.sent).as_secs_f64() / policy.window.as_secs_f64();
    let fresh = 1.0 - AGE_LOSS * age.min(1.0);
    // Near, and about the same: what the words do not say the field may.
    let by_place = if near > 0.0 {
        (near.sqrt() * f64::max(field, words) * fresh + WORDS_WORTH * words).min(1.0)
    } else {
        0.0
    };
    let by_words = if words >= SAME_TEXT { SAME_TEXT_WORTH * words } else { 0.0 };
    let photo = most_alike(&subject.photos, &other.photos).filter(|share| *share >= SAME_PHOTO);
    let by_photo = photo.map_or(0.0, |share| SAME_PHOTO_WORTH * share);
    let score = by_place.max(by_words).max(by_photo);
    if score < policy.threshold {
        return None;
    }
    let mut reasons = Vec::new();
    if let Some(metres) = distance.filter(|_| near > 0.0) {
        reasons.push((Resemblance::Near, metres.round()));
    }
    if same_leaf {
        reasons.push((Resemblance::SameLeaf, 1.0));
    } else if same_field {
        reasons.push((Resemblance::SameField, 1.0));
    }
    if words > 0.0 {
        reasons.push((Resemblance::SimilarWords, words));
    }
    if let Some(share) = photo {
        reasons.push((Resemblance::SamePhoto, share));
    }
    Some(Likeness { score, reasons })
}

/// How much the two photos resemble each other that do so most.
fn most_alike(photos: &[PhotoHash], others: &[PhotoHash]) -> Option<f64> {
    let pairs = photos.iter().flat_map(|photo| others.iter().map(|other| photo.likeness(*other)));
    pairs.max_by(f64::total_cmp)
}

fn apart(a: Timestamp, b: Timestamp) -> Duration {
    a.since(b).max(b.since(a))
}

/// A point as everybody may know it, to about 100 m.
pub fn coarse(point: Point) -> Option<Point> {
    let round = |degrees: f64| (degrees * 1_000.0).round() / 1_000.0;
    Point::parse(round(point.latitude()), round(point.longitude())).ok()
}

/// What a search asks for: folded words that must all occur, the last one perhaps not finished. None without a word.
pub fn search_patterns(query: &str) -> Option<Vec<String>> {
    const MOST: usize = 8;
    let text = Text::parse(query);
    let words: Vec<&str> =
        text.tokens().iter().map(|token| text.folded(token)).filter(|word| *word != NEUTRAL).collect();
    let (last, whole) = words.split_last()?;
    let begun = query.ends_with(char::is_alphanumeric);
    let last = if begun { format!("% {last}%") } else { format!("% {last} %") };
    let whole = whole.iter().map(|word| format!("% {word} %"));
    Some(whole.chain(std::iter::once(last)).take(MOST).collect())
}

#[cfg(test)]
#[path = "similar_tests.rs"]
mod tests;
