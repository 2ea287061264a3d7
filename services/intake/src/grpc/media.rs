//! `MediaService`.

use std::pin::Pin;
use std::time::Duration;

use auth::Role;
use bytes::Bytes;
use contract::intake::v1::media_service_server::MediaService;
use contract::intake::v1::upload_media_request::Part;
use contract::intake::v1::{
    DownloadMediaRequest, DownloadMediaResponse, GetMediaRequest, Media as WireMedia, UploadHeader,
    UploadMediaRequest,
};
use futures::Stream;
use runtime::grpc::caller;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;
use vocabulary::{MediaId, Problem};

use crate::domain::media::{Announcement, Part as Piece};
use crate::grpc::encode;
use crate::usecases::download_media::{Download, download_media, find_visible_media};
use crate::usecases::upload_media::{Begun, begin};
use crate::{Error, Intake};

const CHUNK: usize = 256 * 1024;
/// A sender that is silent for so long is gone; what it sent is kept.
const SILENCE: Duration = Duration::from_secs(15);

/// Photos and videos over gRPC.
pub struct Media {
    pub(crate) intake: Intake,
}

#[tonic::async_trait]
impl MediaService for Media {
    type DownloadMediaStream = Pin<Box<dyn Stream<Item = Result<DownloadMediaResponse, Status>> + Send>>;

    async fn upload_media(
        &self,
        request: Request<Streaming<UploadMediaRequest>>,
    ) -> Result<Response<WireMedia>, Status> {
        let caller = caller(&request)?;
        let senders =
            [Role::Citizen, Role::Assistant, Role::AgencyHandler, Role::AgencyLeader, Role::Coordinator];
        caller.require(&senders).map_err(Error::from)?;
        let owner = self.intake.platform.reporters.owner(caller.subject());
        let mut stream = request.into_inner();
        let Some(Part::Header(header)) = next(&mut stream).await? else { return Err(no_header().into()) };
        let (id, announcement) = parse_header(&header)?;
        let mut upload = match begin(self.intake.clone(), &owner, id, header.offset, announcement).await? {
            Begun::Complete(medium) => return Ok(Response::new(encode::medium(&medium, true))),
            Begun::Open(upload) => upload,
        };
        loop {
            match next(&mut stream).await {
                Ok(Some(Part::Chunk(chunk))) if chunk.len() <= CHUNK => upload.add(&chunk).await?,
                Ok(Some(Part::Chunk(_) | Part::Header(_))) => return Err(no_header().into()),
                Ok(None) => break,
                Err(broken) => {
                    // Keeps what arrived; the refusal of `finish` says how much that is, but the sender may be gone.
                    let kept = self.intake.platform.lifecycle.shielded(upload.finish()).await;
                    return Err(kept.err().map_or(broken, Status::from));
                }
            }
        }
        let medium = self.intake.platform.lifecycle.shielded(upload.finish()).await?;
        Ok(Response::new(encode::medium(&medium, true)))
    }

    async fn download_media(
        &self,
        request: Request<DownloadMediaRequest>,
    ) -> Result<Response<Self::DownloadMediaStream>, Status> {
        let caller = caller(&request)?;
        let id = parse_media(&request.get_ref().name)?;
        match download_media(&self.intake, &caller, id).await? {
            Download::Copy(copy) => Ok(Response::new(Box::pin(chunks("image/jpeg".to_owned(), copy)))),
            Download::Original { content_type, parts } => {
                Ok(Response::new(Box::pin(original(self.intake.clone(), content_type, parts))))
            }
        }
    }

    async fn get_media(&self, request: Request<GetMediaRequest>) -> Result<Response<WireMedia>, Status> {
        let caller = caller(&request)?;
        let id = parse_media(&request.get_ref().name)?;
        let (medium, own) = find_visible_media(&self.intake, &caller, id).await?;
        Ok(Response::new(encode::medium(&medium, own)))
    }
}

async fn next(stream: &mut Streaming<UploadMediaRequest>) -> Result<Option<Part>, Status> {
    match tokio::time::timeout(SILENCE, stream.message()).await {
        Ok(message) => Ok(message?.and_then(|message| message.part)),
        Err(_) => Err(Error::from(Problem::unavailable("UPLOAD_SILENT")).into()),
    }
}

fn parse_header(header: &UploadHeader) -> Result<(MediaId, Announcement), Error> {
    let id = Uuid::try_parse(&header.media_id).ok().filter(|id| !id.is_nil()).ok_or_else(|| {
        Problem::invalid("header.media_id", "MEDIA_ID_INVALID", "must be a UUID", "Mã tệp không hợp lệ.")
    })?;
    let announcement = Announcement {
        content_type: header.content_type.clone(),
        size: u64::try_from(header.size_bytes).unwrap_or(0),
        sha256: header.sha256.to_vec(),
    };
    Ok((MediaId(id), announcement))
}

fn parse_media(name: &str) -> Result<MediaId, Error> {
    MediaId::parse_name(name).map_err(|error| {
        Problem::invalid("name", "NAME_INVALID", error.to_string(), "Mã tệp không hợp lệ.").into()
    })
}

fn no_header() -> Error {
    Problem::invalid(
        "part",
        "UPLOAD_HEADER_MISSING",
        "the first message must be the header, every other one a chunk of at most 256 KiB",
        "Thứ tự tải tệp lên không đúng.",
    )
    .into()
}

fn chunks(
    content_type: String,
    whole: Bytes,
) -> impl Stream<Item = Result<DownloadMediaResponse, Status>> + Send {
    let count = whole.len().div_ceil(CHUNK);
    futures::stream::iter((0..count).map(move |index| {
        let end = ((index + 1) * CHUNK).min(whole.len());
        Ok(DownloadMediaResponse {
            content_type: if index == 0 { content_type.clone() } else { String::new() },
            chunk: whole.slice(index * CHUNK..end),
        })
    }))
}

fn original(
    intake: Intake,
    content_type: String,
    parts: Vec<Piece>,
) -> impl Stream<Item = Result<DownloadMediaResponse, Status>> + Send {
    use futures::{StreamExt as _, TryStreamExt as _};
    futures::stream::iter(parts.into_iter().enumerate())
        .then(move |(index, part)| {
            let (intake, content_type) = (intake.clone(), content_type.clone());
            async move {
                let part = intake
                    .objects
                    .get(&part.object)
                    .await
                    .map_err(|error| Status::from(Error::from(error)))?;
                let content_type = if index == 0 { content_type } else { String::new() };
                Ok::<_, Status>(chunks(content_type, part))
            }
        })
        .try_flatten()
}
