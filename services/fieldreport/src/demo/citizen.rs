//! The app backend, on behalf of a citizen: sends, shows, answers, rates, takes back.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use contract::common::v1::{Location, Source};
use contract::google::r#type::LatLng;
use contract::intake::v1::upload_media_request::Part as Piece;
use contract::intake::v1::{
    CreateReportRequest, GetReportRequest, Message, PostMessageRequest, Report, ReportView, Reporter,
    UploadHeader, UploadMediaRequest, WithdrawReportRequest,
};
use contract::satisfaction::v1::{GetInvitationRequest, Rating, SubmitRatingRequest};
use sha2::{Digest as _, Sha256};
use tonic::{Code, Status};

use super::actor::Actor;
use super::cast::{Opinion, Part};
use super::photo::Photo;

/// Size of the pieces of an upload.
const CHUNK: usize = 64 * 1024;

/// Where the matter is.
pub fn location(part: &Part) -> Location {
    let point = Some(LatLng { latitude: part.latitude, longitude: part.longitude });
    Location { point, address: part.address.clone() }
}

/// The request that the app sends; its photos travel apart.
pub fn request(part: &Part, request_id: String, media: &[String]) -> CreateReportRequest {
    let report = Report {
        text: part.text.clone(),
        location: Some(location(part)),
        media: media.iter().map(|id| format!("media/{id}")).collect(),
        source: Source::CitizenApp.into(),
        publication_consent: true,
        ..Report::default()
    };
    let reporter = Reporter { display_name: part.reporter_name.clone(), phone: part.reporter_phone.clone() };
    CreateReportRequest { report: Some(report), request_id, reporter: Some(reporter), validate_only: false }
}

/// Sends the report; answers how long the acknowledgement took.
pub async fn send(citizen: &Actor, request: CreateReportRequest) -> Result<(Report, Duration), Status> {
    let begin = Instant::now();
    let report = citizen.call(request, async |request| citizen.intake().create_report(request).await).await?;
    Ok((report, begin.elapsed()))
}

/// Uploads a photo under an id that its sender has chosen; answers how long that took.
pub async fn upload(sender: &Actor, media_id: &str, photo: &Photo) -> anyhow::Result<Duration> {
    let begin = Instant::now();
    let header = UploadHeader {
        media_id: media_id.to_owned(),
        content_type: "image/jpeg".to_owned(),
        size_bytes: i64::try_from(photo.jpeg.len())?,
        sha256: Sha256::digest(&photo.jpeg).to_vec().into(),
        offset: 0,
    };
    let chunks = photo.jpeg.chunks(CHUNK).map(|chunk| Piece::Chunk(chunk.to_vec().into()));
    let pieces: Vec<UploadMediaRequest> = std::iter::once(Piece::Header(header))
        .chain(chunks)
        .map(|piece| UploadMediaRequest { part: Some(piece) })
        .collect();
    let rpc = async |request: tonic::Request<Vec<UploadMediaRequest>>| {
        let (metadata, extensions, pieces) = request.into_parts();
        let stream = tonic::Request::from_parts(metadata, extensions, futures::stream::iter(pieces));
        sender.media().upload_media(stream).await
    };
    sender.call(pieces, rpc).await.context("a photo cannot be uploaded")?;
    Ok(begin.elapsed())
}

/// Reads the report with its timeline and thread.
pub async fn read(citizen: &Actor, report: &str) -> Result<Report, Status> {
    let request = GetReportRequest { name: report.to_owned(), view: ReportView::Full.into() };
    citizen.call(request, async |request| citizen.intake().get_report(request).await).await
}

/// Writes in the report's thread.
pub async fn post(writer: &Actor, report: &str, text: &str) -> anyhow::Result<()> {
    let request = PostMessageRequest {
        parent: report.to_owned(),
        message: Some(Message { text: text.to_owned(), ..Message::default() }),
        request_id: writer.mint(),
    };
    let posted = writer.call(request, async |request| writer.intake().post_message(request).await).await;
    posted.context("a message cannot be posted")?;
    Ok(())
}

/// Takes the report back. Somebody else may have been faster: then it stays as it ended.
pub async fn withdraw(citizen: &Actor, report: &str) -> anyhow::Result<()> {
    let request = WithdrawReportRequest { name: report.to_owned(), request_id: citizen.mint() };
    let taken = citizen.call(request, async |request| citizen.intake().withdraw_report(request).await).await;
    match taken {
        Err(status) if status.code() != Code::FailedPrecondition => {
            Err(status).context("the report cannot be taken back")
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Reads the invitation and rates.
pub async fn rate(citizen: &Actor, invitation: &str, opinion: &Opinion) -> anyhow::Result<Rating> {
    let question = GetInvitationRequest { name: invitation.to_owned() };
    let read = citizen.call(question, async |request| citizen.rating().get_invitation(request).await).await;
    let invited = read.context("the invitation cannot be read")?;
    let request = SubmitRatingRequest {
        invitation: invited.name,
        resolved: opinion.resolved,
        verdict: opinion.verdict.into(),
        reasons: opinion.reasons.iter().map(|reason| i32::from(*reason)).collect(),
        comment: opinion.comment.clone(),
        request_id: citizen.mint(),
    };
    let rated = citizen.call(request, async |request| citizen.rating().submit_rating(request).await).await;
    rated.context("the rating is refused")
}
