//! Requests that are right in every way, to be changed in one by a test.

use std::io::Cursor;

use contract::common::v1::{Location, Outcome};
use contract::google::r#type::LatLng;
use contract::intake::v1::upload_media_request::Part;
use contract::intake::v1::{Report, UploadHeader, UploadMediaRequest};
use contract::routing::v1::Resolution;
use image::{ImageFormat, Rgb, RgbImage};
use sha2::{Digest as _, Sha256};
use vocabulary::Clock;

/// In phường Tân Thành, far from any border.
pub const CITY: (f64, f64) = (9.1809, 105.177_25);
/// In Vĩnh Châu, another province, beyond every tolerance.
pub const OUTSIDE_PROVINCE: (f64, f64) = (9.335, 105.985);

const CHUNK: usize = 256 * 1024;

/// A UUID that nobody has used.
pub fn fresh_id() -> String {
    Clock::system().mint().to_string()
}

/// A report of `text` from the city.
pub fn report(text: &str) -> Report {
    let point = LatLng { latitude: CITY.0, longitude: CITY.1 };
    Report {
        text: text.to_owned(),
        location: Some(Location { point: Some(point), address: "trước chợ".to_owned() }),
        ..Report::default()
    }
}

/// The reply of an agency that has mended something, with its proof.
pub fn repaired(evidence: &str) -> Resolution {
    Resolution {
        outcome: Outcome::Repaired.into(),
        reply: "Kính gửi Ông/Bà, đơn vị đã sửa xong.".to_owned(),
        evidence: vec![evidence.to_owned()],
        promised_time: None,
    }
}

/// A JPEG of its own colours per `seed`, with an Exif block that holds `exif`.
pub fn photo(seed: u8, exif: &str) -> Vec<u8> {
    let picture = RgbImage::from_fn(160, 120, |x, y| {
        Rgb([seed, u8::try_from(x % 256).unwrap_or(0), u8::try_from(y % 256).unwrap_or(0)])
    });
    let mut plain = Vec::new();
    picture.write_to(&mut Cursor::new(&mut plain), ImageFormat::Jpeg).expect("a JPEG");
    with_exif(&plain, exif)
}

/// Puts an APP1 block behind the start-of-image marker (JEITA CP-3451, §4.5.4): a TIFF header, one ASCII field
/// (ImageDescription) with `text`.
fn with_exif(jpeg: &[u8], text: &str) -> Vec<u8> {
    let mut tiff = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x0e\0\x02".to_vec();
    let length = u32::try_from(text.len() + 1).expect("a short text");
    tiff.extend_from_slice(&length.to_be_bytes());
    tiff.extend_from_slice(&26_u32.to_be_bytes());
    tiff.extend_from_slice(&[0; 4]);
    tiff.extend_from_slice(text.as_bytes());
    tiff.push(0);
    let size = u16::try_from(tiff.len() + 2).expect("a short block");
    [&jpeg[..2], &[0xff, 0xe1], &size.to_be_bytes(), &tiff, &jpeg[2..]].concat()
}

/// The header of an upload of `bytes` from their beginning.
pub fn header(media_id: &str, content_type: &str, bytes: &[u8]) -> UploadHeader {
    UploadHeader {
        media_id: media_id.to_owned(),
        content_type: content_type.to_owned(),
        size_bytes: i64::try_from(bytes.len()).expect("a size"),
        sha256: Sha256::digest(bytes).to_vec().into(),
        offset: 0,
    }
}

/// The messages of an upload: the header, then `bytes` from the header's offset on.
pub fn upload_of(header: UploadHeader, bytes: &[u8]) -> Vec<UploadMediaRequest> {
    let offset = usize::try_from(header.offset).unwrap_or(0).min(bytes.len());
    let mut parts = vec![UploadMediaRequest { part: Some(Part::Header(header)) }];
    let chunks = bytes[offset..].chunks(CHUNK).map(|chunk| chunk.to_vec().into());
    parts.extend(chunks.map(|chunk| UploadMediaRequest { part: Some(Part::Chunk(chunk)) }));
    parts
}
