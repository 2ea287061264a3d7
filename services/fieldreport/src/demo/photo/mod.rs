//! Photos for the demonstration: simple painted scenes, the same for the same report on every run.

mod canvas;
mod scene;

use std::collections::BTreeMap;

use anyhow::Context as _;
use image::codecs::jpeg::JpegEncoder;

use self::canvas::{Canvas, Dice};
use super::cast::Part;

const QUALITY: u8 = 80;
/// Number of the photo of the place afterwards.
const AFTER: usize = usize::MAX;

/// A photo, ready to be sent.
#[derive(Debug, Clone)]
pub struct Photo {
    /// The file.
    pub jpeg: Vec<u8>,
}

/// The photos of one report.
#[derive(Debug, Clone, Default)]
pub struct Album {
    /// Sent with the report.
    pub before: Vec<Photo>,
    /// The place afterwards, for the agency's answer.
    pub after: Option<Photo>,
}

/// Paints the photos of the whole cast, by id, on all cores.
pub async fn paint_all(cast: &[Part]) -> anyhow::Result<BTreeMap<String, Album>> {
    let painting: Vec<_> = cast
        .iter()
        .cloned()
        .map(|part| tokio::task::spawn_blocking(move || album(&part).map(|album| (part.id, album))))
        .collect();
    let mut albums = BTreeMap::new();
    for painted in painting {
        let (id, album) = painted.await??;
        albums.insert(id, album);
    }
    Ok(albums)
}

fn album(part: &Part) -> anyhow::Result<Album> {
    let before = (0..part.photos).map(|index| paint(part, index)).collect::<anyhow::Result<_>>()?;
    let after = part.has_after_photo().then(|| paint(part, AFTER)).transpose()?;
    Ok(Album { before, after })
}

fn paint(part: &Part, index: usize) -> anyhow::Result<Photo> {
    let mended = index == AFTER;
    // The place stays the same on every photo of a report; the trouble and the grain differ.
    let mut place = Dice::new(&[part.id.as_bytes()]);
    let mut trouble = Dice::new(&[part.id.as_bytes(), &index.to_be_bytes()]);
    let mut canvas = Canvas::new(&mut place);
    scene::paint(&part.photo_scene, &mut canvas, &mut place, &mut trouble, mended);
    canvas.grain(&mut trouble);
    let mut jpeg = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
    canvas.image().write_with_encoder(encoder).context("a photo cannot be encoded")?;
    Ok(Photo { jpeg })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use image::ImageFormat;

    use super::super::cast::tests::{cast, part};
    use super::*;

    #[test]
    fn every_photo_decodes_and_differs_from_every_other() {
        let mut seen = BTreeSet::new();
        for part in cast() {
            let album = album(&part).unwrap();
            assert_eq!(album.before.len(), part.photos, "{}", part.id);
            for photo in album.before.into_iter().chain(album.after) {
                let image = image::load_from_memory_with_format(&photo.jpeg, ImageFormat::Jpeg).unwrap();
                assert_eq!((image.width(), image.height()), (canvas::WIDTH, canvas::HEIGHT));
                assert!((8_000..100_000).contains(&photo.jpeg.len()), "{}: {}", part.id, photo.jpeg.len());
                assert!(seen.insert(photo.jpeg), "{}", part.id);
            }
        }
        assert!(seen.len() > 50);
    }

    #[test]
    fn the_same_report_gives_the_same_photo() {
        assert_eq!(paint(&part(3), 0).unwrap().jpeg, paint(&part(3), 0).unwrap().jpeg);
    }
}
