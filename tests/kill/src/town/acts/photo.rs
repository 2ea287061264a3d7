//! A photo as a phone takes it: pixels of its own, and metadata that say who and where.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};
use rand::RngExt as _;
use rand::rngs::StdRng;

/// A JPEG with an Exif block that holds `secret`.
pub fn jpeg(rng: &mut StdRng, secret: &str) -> anyhow::Result<Vec<u8>> {
    let (red, green): (u8, u8) = (rng.random(), rng.random());
    let picture =
        RgbImage::from_fn(96, 64, |x, y| Rgb([red, green.wrapping_add((x * 2) as u8), (y * 3) as u8]));
    let mut plain = Vec::new();
    picture.write_to(&mut Cursor::new(&mut plain), ImageFormat::Jpeg)?;
    with_exif(&plain, secret)
}

/// Puts an APP1 block behind the start-of-image marker (JEITA CP-3451, §4.5.4): a TIFF header, one ASCII field
/// (ImageDescription) with `text`.
fn with_exif(jpeg: &[u8], text: &str) -> anyhow::Result<Vec<u8>> {
    let mut tiff = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x0e\0\x02".to_vec();
    tiff.extend_from_slice(&u32::try_from(text.len() + 1)?.to_be_bytes());
    tiff.extend_from_slice(&26_u32.to_be_bytes());
    tiff.extend_from_slice(&[0; 4]);
    tiff.extend_from_slice(text.as_bytes());
    tiff.push(0);
    let size = u16::try_from(tiff.len() + 2)?;
    Ok([&jpeg[..2], &[0xff, 0xe1], &size.to_be_bytes(), &tiff, &jpeg[2..]].concat())
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn a_photo_can_be_read_and_tells_its_secret() {
        let photo = jpeg(&mut StdRng::seed_from_u64(1), "GPS of somebody").unwrap();
        assert!(photo.windows(15).any(|window| window == b"GPS of somebody"));
        assert_eq!(image::load_from_memory(&photo).unwrap().width(), 96);
    }
}
