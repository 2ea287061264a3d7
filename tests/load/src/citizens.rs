//! What citizens do: send reports, send them again, add photos over a bad network, rate the answers.

use std::time::Instant;

use bytes::Bytes;
use contract::common::v1::Verdict;
use contract::intake::v1::upload_media_request::Part;
use contract::intake::v1::{GetMediaRequest, Media, Report, UploadHeader, UploadMediaRequest};
use contract::satisfaction::v1::{DissatisfactionReason, Rating, SubmitRatingRequest};
use prost::Message as _;
use rand::RngExt as _;
use rand::rngs::StdRng;
use sha2::{Digest as _, Sha256};
use vocabulary::Timestamp;

use crate::cast::{Cast, Pass, uuid};
use crate::driver::{Answer, Ask, Driver, Failure};
use crate::operation::Operation;
use crate::recorder::Acknowledged;

/// Largest chunk that the contract allows.
const CHUNK: usize = 256 << 10;
/// Share of uploads that break off and are resumed.
const BROKEN: f64 = 0.2;

/// Citizens who perform one operation at a time. Cheap to clone.
#[derive(Clone)]
pub struct Citizens {
    cast: Cast,
    driver: Driver,
}

impl Citizens {
    /// They ask through `driver`.
    pub fn new(cast: Cast, driver: Driver) -> Self {
        Self { cast, driver }
    }

    /// Sends the report with this number.
    pub async fn create(&self, number: u64, due: Instant) -> Result<Answer<Report>, Failure> {
        self.create_with(number, Vec::new(), due).await
    }

    /// Sends the report with this number; it announces `media`.
    pub async fn create_with(
        &self,
        number: u64,
        media: Vec<String>,
        due: Instant,
    ) -> Result<Answer<Report>, Failure> {
        let answer = self.ask_report(Operation::Create, number, media, due).await?;
        let (sender, _) = self.cast.report(number, Vec::new());
        let created = answer.message.create_time.and_then(|at| Timestamp::from_parts(at.seconds, at.nanos));
        let name = answer.message.name.clone();
        let acknowledged = Acknowledged { name, sender, created: created.unwrap_or(Timestamp::EPOCH) };
        self.driver.recorder().count(|measured| measured.acknowledged.push(acknowledged));
        Ok(answer)
    }

    /// Sends the report with this number once more; `first` is what was answered the first time. A different answer is
    /// counted.
    pub async fn replay(&self, number: u64, first: &Answer<Report>) -> Result<Answer<Report>, Failure> {
        let media = first.message.media.clone();
        let again = self.ask_report(Operation::Replay, number, media, Instant::now()).await?;
        if again.bytes != first.bytes {
            self.driver.recorder().count(|measured| measured.differing += 1);
        }
        Ok(again)
    }

    async fn ask_report(
        &self,
        operation: Operation,
        number: u64,
        media: Vec<String>,
        due: Instant,
    ) -> Result<Answer<Report>, Failure> {
        let (sender, message) = self.cast.report(number, media);
        let ask = Ask { pass: self.cast.citizen(sender), operation, request_id: &message.request_id, due };
        self.driver.call(ask, &message).await
    }

    /// Sends the report with this number and then its photos, one after the other.
    pub async fn create_with_photos(
        &self,
        number: u64,
        photos: &[Bytes],
        due: Instant,
    ) -> Result<Answer<Report>, Failure> {
        let mut rng = self.cast.rng(1, number);
        let ids: Vec<String> = photos.iter().map(|_| uuid(&mut rng)).collect();
        let names = ids.iter().map(|id| format!("media/{id}")).collect();
        let answer = self.create_with(number, names, due).await?;
        let (sender, _) = self.cast.report(number, Vec::new());
        let pass = self.cast.citizen(sender);
        for (id, photo) in ids.iter().zip(photos) {
            self.upload(pass, id, photo, &mut rng).await?;
        }
        Ok(answer)
    }

    /// Uploads a photo; some uploads break off in the middle and go on where the system says that it stopped.
    async fn upload(
        &self,
        pass: &Pass,
        id: &str,
        photo: &Bytes,
        rng: &mut StdRng,
    ) -> Result<Answer<Media>, Failure> {
        let ask = |operation| Ask { pass, operation, request_id: id, due: Instant::now() };
        let (operation, offset) = if photo.len() > CHUNK && rng.random_bool(BROKEN) {
            let cut = rng.random_range(1..photo.len());
            let part = messages(id, photo, 0, cut);
            self.driver.abandon(ask(Operation::AbortUpload), photo, futures::stream::iter(part)).await?;
            (Operation::ResumeUpload, self.received(pass, id).await?)
        } else {
            (Operation::Upload, 0)
        };
        let parts = messages(id, photo, offset, photo.len());
        let answer = self.driver.send(ask(operation), photo, futures::stream::iter(parts)).await?;
        let bytes = (photo.len() - offset) as u64;
        self.driver.recorder().count(|measured| measured.uploaded += bytes);
        Ok(answer)
    }

    /// How much of an upload has arrived; nothing, if not even its beginning has.
    async fn received(&self, pass: &Pass, id: &str) -> Result<usize, Failure> {
        let ask = Ask { pass, operation: Operation::GetMedia, request_id: "", due: Instant::now() };
        let message = GetMediaRequest { name: format!("media/{id}") };
        match self.driver.call::<Media>(ask, &message).await {
            Ok(answer) => Ok(usize::try_from(answer.message.received_bytes).unwrap_or(0)),
            Err(Failure::Refused(status)) if status.code() == tonic::Code::PermissionDenied => Ok(0),
            Err(failure) => Err(failure),
        }
    }

    /// Rates an answer: three of four are satisfied or accept it.
    pub async fn rate(
        &self,
        number: u64,
        sender: usize,
        invitation: &str,
        due: Instant,
    ) -> Result<Answer<Rating>, Failure> {
        let mut rng = self.cast.rng(2, number);
        let verdict = match rng.random_range(0..20) {
            0..12 => Verdict::Satisfied,
            12..15 => Verdict::Acceptable,
            _ => Verdict::Unsatisfied,
        };
        let unsatisfied = verdict == Verdict::Unsatisfied;
        let message = SubmitRatingRequest {
            invitation: invitation.to_owned(),
            resolved: !unsatisfied,
            verdict: verdict.into(),
            reasons: if unsatisfied { vec![DissatisfactionReason::NotDone.into()] } else { Vec::new() },
            comment: String::new(),
            request_id: uuid(&mut rng),
        };
        let pass = self.cast.citizen(sender);
        let ask = Ask { pass, operation: Operation::Rate, request_id: &message.request_id, due };
        self.driver.call(ask, &message).await
    }
}

/// The messages of an upload of `photo[from..to]`, encoded.
fn messages(id: &str, photo: &Bytes, from: usize, to: usize) -> Vec<Bytes> {
    let header = UploadHeader {
        media_id: id.to_owned(),
        content_type: "image/jpeg".to_owned(),
        size_bytes: i64::try_from(photo.len()).unwrap_or(i64::MAX),
        sha256: Sha256::digest(photo).to_vec().into(),
        offset: i64::try_from(from).unwrap_or(i64::MAX),
    };
    let chunks = (from..to).step_by(CHUNK).map(|at| Part::Chunk(photo.slice(at..(at + CHUNK).min(to))));
    std::iter::once(Part::Header(header))
        .chain(chunks)
        .map(|part| UploadMediaRequest { part: Some(part) }.encode_to_vec().into())
        .collect()
}
