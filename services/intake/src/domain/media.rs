//! Photos and videos: what an upload may be, and how it grows.

use province::MediaPolicy;
use uuid::Uuid;
use vocabulary::{ErrorCode, MediaId, Problem, Timestamp};

/// A photo or video, whole or still arriving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Its id, chosen by the uploader.
    pub id: MediaId,
    /// Pseudonym of its uploader.
    pub owner: Vec<u8>,
    /// `image/jpeg`, `image/png`, `image/webp` or `video/mp4`.
    pub content_type: String,
    /// Size of the whole.
    pub size: u64,
    /// SHA-256 of the whole.
    pub sha256: Vec<u8>,
    /// Bytes that are durable.
    pub received: u64,
    /// Whole, checked and durable.
    pub ready: bool,
    /// Whether a copy without metadata exists.
    pub public_copy: bool,
    /// Difference hash of a photo that is ready, as in `MediaAttached.image_hash`; 0 when there is nothing to compare.
    pub image_hash: u64,
    /// When the upload began.
    pub created: Timestamp,
    /// When it last grew.
    pub updated: Timestamp,
    /// The stream that brings it now; a newer stream takes over, and the older one must stop.
    pub stream: Uuid,
}

/// One durable piece of an original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// First byte.
    pub start: u64,
    /// Where it is in the object store.
    pub object: String,
}

impl Media {
    /// What a header announces, checked against the province's limits.
    pub fn announce(
        id: MediaId,
        owner: Vec<u8>,
        header: Announcement,
        policy: &MediaPolicy,
        stream: Uuid,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let Announcement { content_type, size, sha256 } = header;
        let is_image = policy.image_types.contains(&content_type);
        if !is_image && !policy.video_types.contains(&content_type) {
            let allowed = [policy.image_types.as_slice(), &policy.video_types].concat().join(", ");
            return Err(Problem::invalid(
                "header.content_type",
                "MEDIA_TYPE_UNSUPPORTED",
                format!("must be one of {allowed}"),
                "Định dạng ảnh hoặc video chưa được hỗ trợ.",
            ));
        }
        let limit = if is_image { policy.maximum_image_bytes } else { policy.maximum_video_bytes };
        if size == 0 || size > limit {
            return Err(Problem::invalid(
                "header.size_bytes",
                "MEDIA_TOO_LARGE",
                format!("must be 1 to {limit} bytes"),
                "Tệp rỗng hoặc vượt quá dung lượng cho phép.",
            ));
        }
        if sha256.len() != 32 {
            return Err(Problem::invalid(
                "header.sha256",
                "MEDIA_CHECKSUM_MISMATCH",
                "must be the 32 bytes of the SHA-256 of the whole file",
                "Mã kiểm tra của tệp không hợp lệ.",
            ));
        }
        Ok(Self {
            id,
            owner,
            content_type,
            size,
            sha256,
            received: 0,
            ready: false,
            public_copy: false,
            image_hash: 0,
            created: now,
            updated: now,
            stream,
        })
    }

    /// Whether `other` announces the same file of the same uploader.
    pub fn is_same_file(&self, other: &Self) -> bool {
        self.owner == other.owner
            && self.content_type == other.content_type
            && self.size == other.size
            && self.sha256 == other.sha256
    }

    /// Whether photos of this type can be decoded and copied.
    pub fn is_image(&self) -> bool {
        self.content_type.starts_with("image/")
    }

    /// A stream must go on exactly where the durable bytes end.
    pub fn require_offset(&self, offset: i64) -> Result<(), Problem> {
        if u64::try_from(offset) == Ok(self.received) {
            return Ok(());
        }
        Err(Problem::invalid(
            "header.offset",
            "UPLOAD_OFFSET_WRONG",
            format!("must be {}: so many bytes are durable", self.received),
            "Vị trí tiếp tục tải lên không đúng.",
        )
        .with("received_bytes", self.received.to_string()))
    }

    /// The refusal of a stream that a newer one has replaced; nothing of it counts any more.
    pub fn superseded() -> Problem {
        Problem::new(
            ErrorCode::Aborted,
            "UPLOAD_SUPERSEDED",
            "a newer stream uploads this file, or it is complete; read it with GetMedia",
            "Tệp đang được tải lên bởi một kết nối mới hơn.",
        )
    }

    /// The refusal of a stream that ended before the file did; what arrived is kept.
    pub fn incomplete(&self) -> Problem {
        Problem::new(
            ErrorCode::FailedPrecondition,
            "UPLOAD_INCOMPLETE",
            format!("{} of {} bytes are durable; go on from there", self.received, self.size),
            "Tệp chưa tải lên đủ, xin tiếp tục.",
        )
        .with("received_bytes", self.received.to_string())
    }
}

/// What the uploader says about the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Its type.
    pub content_type: String,
    /// Its size.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: Vec<u8>,
}
