//! Where the bytes of photos and videos are: originals in the parts they arrived in, and copies without metadata.
//!
//! An original is its parts in order, as the database lists them: an upload resumes at any part, and nothing is copied
//! when it is whole. Copies are decoded and encoded anew: they share no bytes with the original.

use std::io::Cursor;
use std::path::Path as FilePath;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder as _, ImageReader, Limits};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;
use vocabulary::{MediaId, Timestamp};

use crate::domain::media::Part;

/// Uploads under way at one time; each holds at most one part of 1 MiB.
const UPLOADS: usize = 64;
/// A decoded photo may take this much; more is a bomb.
const DECODE_LIMIT: u64 = 128 * 1024 * 1024;
const LONGEST_SIDE: u32 = 16_384;
/// Public copies are made no larger than this; enough for a screen, kind to a phone's data plan.
const COPY_SIDE: u32 = 2_048;
const COPY_QUALITY: u8 = 82;

/// The store of photos and videos. Cheap to clone.
#[derive(Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    decoders: Arc<Semaphore>,
    uploads: Arc<Semaphore>,
}

/// Something that lies in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Where; the database names parts of originals by it.
    pub object: String,
    /// Of which medium.
    pub media: MediaId,
    /// Whether it is the copy, not a part of the original.
    pub copy: bool,
}

/// A photo that cannot be shown.
#[derive(Debug, thiserror::Error)]
#[error("the photo cannot be decoded: {0}")]
pub struct Unreadable(String);

impl Objects {
    /// Opens the folder; at most `decoders` photos are decoded at once.
    pub fn open(folder: &FilePath, decoders: usize) -> Result<Self, object_store::Error> {
        let unusable = |source: std::io::Error| object_store::Error::Generic {
            store: "media folder",
            source: Box::new(source),
        };
        std::fs::create_dir_all(folder).map_err(unusable)?;
        let store = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        Ok(Self {
            store: Arc::new(store),
            decoders: Arc::new(Semaphore::new(decoders)),
            uploads: Arc::new(Semaphore::new(UPLOADS)),
        })
    }

    /// Stores one part of an original durably and answers where. Each stream has places of its own, so that a stream that was
    /// replaced cannot write over what counts.
    pub async fn put_part(
        &self,
        media: MediaId,
        start: u64,
        stream: Uuid,
        part: Bytes,
    ) -> Result<String, object_store::Error> {
        let path = Path::from(format!("originals/{media}/{start:012}-{stream}"));
        self.store.put(&path, part.into()).await?;
        Ok(path.to_string())
    }

    /// One object whole.
    pub async fn get(&self, object: &str) -> Result<Bytes, object_store::Error> {
        self.store.get(&Path::from(object)).await?.bytes().await
    }

    /// The copy that others may see.
    pub async fn get_copy(&self, media: MediaId) -> Result<Bytes, object_store::Error> {
        self.get(copy_path(media).as_ref()).await
    }

    /// Removes every trace of a medium, also of streams that were replaced.
    pub async fn remove(&self, media: MediaId) -> Result<(), object_store::Error> {
        let traces = self.store.list(Some(&Path::from(format!("originals/{media}"))));
        let traces: Vec<Path> = traces.map_ok(|trace| trace.location).try_collect().await?;
        for path in traces.into_iter().chain([copy_path(media)]) {
            match self.store.delete(&path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Everything that was stored before `before`.
    pub fn stored_before(
        &self,
        before: Timestamp,
    ) -> impl Stream<Item = Result<Stored, object_store::Error>> + Send {
        let list = |folder: &str| self.store.list(Some(&Path::from(folder)));
        list("originals").chain(list("copies")).try_filter_map(move |found| {
            let stored = Timestamp::from_micros(found.last_modified.timestamp_micros());
            let old = (stored < before).then(|| Stored::at(&found.location)).flatten();
            std::future::ready(Ok(old))
        })
    }

    /// Removes one object.
    pub async fn remove_object(&self, object: &str) -> Result<(), object_store::Error> {
        self.store.delete(&Path::from(object)).await
    }

    /// A place among the uploads that may be under way at one time: each holds up to one part in memory.
    pub fn admit_upload(&self) -> Option<OwnedSemaphorePermit> {
        self.uploads.clone().try_acquire_owned().ok()
    }

    /// Decodes a photo, stores a copy without metadata, and answers its difference hash. The original is read only when it
    /// is this photo's turn.
    pub async fn make_copy(
        &self,
        media: MediaId,
        content_type: &str,
        parts: &[Part],
    ) -> Result<Result<u64, Unreadable>, object_store::Error> {
        let Some(format) = image::ImageFormat::from_mime_type(content_type) else {
            return Ok(Err(Unreadable(format!("{content_type} is not a photo"))));
        };
        let Ok(_permit) = self.decoders.acquire().await else {
            return Ok(Err(Unreadable("the service is stopping".to_owned())));
        };
        let mut original = BytesMut::new();
        for part in parts {
            original.extend_from_slice(&self.get(&part.object).await?);
        }
        let (copy, hash) = match tokio::task::spawn_blocking(move || copy_of(&original, format)).await {
            Ok(Ok(copy)) => copy,
            Ok(Err(error)) => return Ok(Err(Unreadable(error.to_string()))),
            Err(panic) => return Ok(Err(Unreadable(panic.to_string()))),
        };
        self.store.put(&copy_path(media), copy.into()).await?;
        Ok(Ok(hash))
    }
}

impl Stored {
    /// What lies at this path; nothing that the store has put there: none.
    fn at(path: &Path) -> Option<Self> {
        let mut names = path.as_ref().split('/').skip(1);
        let first = names.next()?;
        let (name, copy) = match names.next() {
            Some(_) => (first, false),
            None => (first.strip_suffix(".jpg")?, true),
        };
        Some(Self { object: path.to_string(), media: MediaId(Uuid::parse_str(name).ok()?), copy })
    }
}

fn copy_path(media: MediaId) -> Path {
    Path::from(format!("copies/{media}.jpg"))
}

/// Pixels only: decoded within limits, turned upright, made smaller, encoded as JPEG without any metadata; and the hash.
fn copy_of(original: &[u8], format: image::ImageFormat) -> image::ImageResult<(Vec<u8>, u64)> {
    let mut reader = ImageReader::with_format(Cursor::new(original), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODE_LIMIT);
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    if picture.width().max(picture.height()) > COPY_SIDE {
        picture = picture.thumbnail(COPY_SIDE, COPY_SIDE);
    }
    let mut copy = Vec::new();
    picture.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut copy, COPY_QUALITY))?;
    Ok((copy, difference_hash(&picture)))
}

/// The dHash of N. Krawetz, "Kind of like that" (2013), as `MediaAttached.image_hash` says.
fn difference_hash(picture: &DynamicImage) -> u64 {
    let small = picture.resize_exact(9, 8, FilterType::Triangle).to_luma8();
    let darker = small.rows().flat_map(|row| {
        let row: Vec<u8> = row.map(|pixel| pixel.0[0]).collect();
        row.windows(2).map(|pair| pair[0] < pair[1]).collect::<Vec<_>>()
    });
    darker.fold(0, |hash, bit| hash << 1 | u64::from(bit))
}

#[cfg(test)]
mod tests {
    use rand::rngs::SmallRng;
    use rand::{RngExt as _, SeedableRng as _};

    use super::*;

    #[test]
    fn a_copy_carries_no_metadata_and_fits_a_screen() {
        let picture = image::RgbImage::from_fn(3_000, 100, |x, y| image::Rgb([(x % 251) as u8, y as u8, 7]));
        let mut original = Vec::new();
        picture.write_with_encoder(JpegEncoder::new(&mut original)).unwrap();
        // An EXIF segment behind the start marker: what a phone writes, GPS included.
        let secret = b"Exif\0\0GPS 9.1768N 105.1524E";
        let mut with_exif = original[..2].to_vec();
        with_exif.extend([0xFF, 0xE1, 0, u8::try_from(secret.len() + 2).unwrap()]);
        with_exif.extend_from_slice(secret);
        with_exif.extend_from_slice(&original[2..]);

        let (copy, _) = copy_of(&with_exif, image::ImageFormat::Jpeg).unwrap();
        assert!(!copy.windows(3).any(|window| window == b"GPS"));
        let shown = image::load_from_memory(&copy).unwrap();
        assert_eq!((shown.width(), shown.height()), (2_048, 68));
    }

    /// A photo of soft blots that `seed` places.
    fn blots(seed: u64, side: u32) -> DynamicImage {
        let mut random = SmallRng::seed_from_u64(seed);
        let dots = image::GrayImage::from_fn(9, 9, |_, _| image::Luma([random.random()]));
        DynamicImage::ImageLuma8(dots).resize_exact(side, side, FilterType::CatmullRom)
    }

    #[test]
    fn copies_of_a_photo_have_nearly_its_hash_and_others_have_not() {
        let hash = |picture: &DynamicImage, quality: u8| {
            let mut file = Vec::new();
            picture.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut file, quality)).unwrap();
            copy_of(&file, image::ImageFormat::Jpeg).unwrap().1
        };
        let first = hash(&blots(1, 300), 95);
        let sent_on = hash(&blots(1, 300).thumbnail(110, 110), 40);
        assert!((first ^ sent_on).count_ones() <= 3, "{first:x} {sent_on:x}");
        for other in 2..20 {
            let other = hash(&blots(other, 300), 95);
            assert!((first ^ other).count_ones() > 8, "{first:x} {other:x}");
        }
        let flat = DynamicImage::ImageLuma8(image::GrayImage::from_pixel(200, 200, image::Luma([90])));
        assert_eq!(hash(&flat, 90), 0, "nothing to compare");
        let rising =
            DynamicImage::ImageLuma8(image::GrayImage::from_fn(90, 80, |x, _| image::Luma([x as u8])));
        assert_eq!(hash(&rising, 100), u64::MAX, "every value is darker than its right neighbour");
    }

    #[test]
    fn bombs_and_lies_are_refused() {
        assert!(copy_of(b"<html>", image::ImageFormat::Jpeg).is_err());
        let bomb = image::GrayImage::new(LONGEST_SIDE + 1, 1);
        let mut png = Cursor::new(Vec::new());
        bomb.write_to(&mut png, image::ImageFormat::Png).unwrap();
        assert!(copy_of(png.get_ref(), image::ImageFormat::Png).is_err());
    }
}
