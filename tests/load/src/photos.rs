//! Photos from 1 KiB to 4 MiB: real JPEGs that the system can decode, no two alike.

use std::io::Cursor;

use anyhow::Context as _;
use bytes::{Bytes, BytesMut};
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, RgbImage};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

/// The smallest; each further one is four times as large.
const SMALLEST: usize = 1 << 10;
/// Pixels of the tile that tells how many bytes a pixel takes.
const TILE: u32 = 64;
const QUALITY: u8 = 80;
/// A comment block of JPEG (ITU-T T.81, B.2.4.5): marker, length of two bytes that counts itself.
const COMMENT: [u8; 2] = [0xff, 0xfe];
const COMMENT_HEAD: usize = 4;
const LONGEST_COMMENT: usize = 65_535 - 2;
const NONCE: usize = 16;

/// The photos that citizens take. Cheap to clone.
#[derive(Clone)]
pub struct Album(std::sync::Arc<Vec<Vec<u8>>>);

impl Album {
    /// Draws one photo of each size up to `largest` bytes.
    pub fn draw(seed: u64, largest: usize) -> anyhow::Result<Self> {
        let mut rng = StdRng::seed_from_u64(seed);
        let sizes =
            std::iter::successors(Some(SMALLEST), |size| Some(size * 4)).take_while(|size| *size <= largest);
        let photos: Vec<Vec<u8>> = sizes.map(|size| draw(size, &mut rng)).collect::<anyhow::Result<_>>()?;
        anyhow::ensure!(!photos.is_empty(), "the smallest photo has {SMALLEST} bytes");
        Ok(Self(std::sync::Arc::new(photos)))
    }

    /// A photo that nobody has taken before.
    pub fn take(&self, rng: &mut StdRng) -> Bytes {
        let photo = self.0.choose(rng).map(Vec::as_slice).unwrap_or_default();
        let mut fresh = BytesMut::from(photo);
        // The first comment stands right behind the start marker and holds nothing but the nonce.
        let nonce: [u8; NONCE] = rng.random();
        fresh[2 + COMMENT_HEAD..][..NONCE].copy_from_slice(&nonce);
        fresh.freeze()
    }
}

/// A JPEG of exactly `size` bytes.
fn draw(size: usize, rng: &mut StdRng) -> anyhow::Result<Vec<u8>> {
    // Noise takes about the same for every pixel; the head of the file is the same for every size.
    let head = noise(1, rng)?.len();
    let per_pixel = (noise(TILE, rng)?.len() - head) as f64 / f64::from(TILE * TILE);
    let mut edge = ((size.saturating_sub(head) as f64 * 0.95 / per_pixel).sqrt() as u32).max(1);
    let plain = loop {
        let plain = noise(edge, rng)?;
        // The nonce's comment always fits, and so does the head of a comment that fills the rest.
        if plain.len() + COMMENT_HEAD + NONCE + COMMENT_HEAD <= size {
            break plain;
        }
        anyhow::ensure!(edge > 1, "no JPEG is as small as {size} bytes");
        edge = (edge * 9 / 10).max(1);
    };
    let mut photo = plain[..2].to_vec();
    push_comment(&mut photo, NONCE)?;
    let mut missing = size - plain.len() - COMMENT_HEAD - NONCE;
    while missing > 0 {
        let length = (missing - COMMENT_HEAD).min(LONGEST_COMMENT - COMMENT_HEAD);
        push_comment(&mut photo, length)?;
        missing -= COMMENT_HEAD + length;
        anyhow::ensure!(missing == 0 || missing >= COMMENT_HEAD, "{size} bytes leave a rest of {missing}");
    }
    photo.extend_from_slice(&plain[2..]);
    Ok(photo)
}

fn push_comment(photo: &mut Vec<u8>, length: usize) -> anyhow::Result<()> {
    photo.extend_from_slice(&COMMENT);
    photo.extend_from_slice(&u16::try_from(length + 2)?.to_be_bytes());
    photo.resize(photo.len() + length, b' ');
    Ok(())
}

fn noise(edge: u32, rng: &mut StdRng) -> anyhow::Result<Vec<u8>> {
    let mut picture = RgbImage::new(edge, edge);
    for pixel in picture.pixels_mut() {
        pixel.0 = rng.random();
    }
    let mut jpeg = Cursor::new(Vec::new());
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
        .encode(&picture, edge, edge, ExtendedColorType::Rgb8)
        .context("a picture of noise cannot be encoded")?;
    Ok(jpeg.into_inner())
}

#[cfg(test)]
mod tests {
    use image::ImageReader;

    use super::*;

    #[test]
    fn every_photo_has_its_size_decodes_and_is_unlike_the_others() {
        let mut rng = StdRng::seed_from_u64(1);
        let album = Album::draw(1, 300_000).unwrap();
        let sizes: Vec<usize> = album.0.iter().map(Vec::len).collect();
        assert_eq!(sizes, [1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10]);
        let decodes = |photo: &[u8]| {
            ImageReader::new(Cursor::new(photo)).with_guessed_format().unwrap().decode().is_ok()
        };
        assert!(album.0.iter().all(|photo| decodes(photo)));
        let (first, second) = (album.take(&mut rng), album.take(&mut rng));
        assert_ne!(first, second);
        assert!(decodes(&first) && decodes(&second));
    }
}
