//! Photos and films on their way: in chunks, broken off, resumed where the durable bytes end.

use std::time::Duration;

use contract::intake::v1::media_service_client::MediaServiceClient;
use contract::intake::v1::upload_media_request::Part;
use contract::intake::v1::{GetMediaRequest, Media, UploadHeader, UploadMediaRequest};
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use crate::cluster::Service;
use crate::ledger::{Line, Why};
use crate::town::Town;
use crate::town::acts::photo;
use crate::town::ask::{Pauses, digest, reason, spelled};
use crate::town::people::Person;

const CHUNK: usize = 256 * 1024;
const PATIENCE: Duration = Duration::from_secs(10);
/// Share of first attempts that break off half-way.
const BROKEN_OFF: f64 = 0.2;

struct File {
    id: String,
    content_type: &'static str,
    bytes: Vec<u8>,
}

impl Town {
    /// Uploads media that were announced.
    pub(super) async fn upload_all(
        &self,
        citizen: usize,
        media: &[String],
        rng: &mut StdRng,
    ) -> anyhow::Result<()> {
        for id in media {
            let (content_type, bytes) = if rng.random_bool(0.7) {
                ("image/jpeg", photo::jpeg(rng, &self.people.canary().exif)?)
            } else {
                let size = 1_usize << rng.random_range(10..20);
                ("video/mp4", (0..size).map(|_| rng.random()).collect())
            };
            self.upload(citizen, File { id: id.clone(), content_type, bytes }, rng).await?;
        }
        Ok(())
    }

    async fn upload(&self, citizen: usize, file: File, rng: &mut StdRng) -> anyhow::Result<()> {
        let person = Person::Citizen(citizen);
        let details =
            json!({ "sha256": digest(&file.bytes), "size": file.bytes.len(), "type": file.content_type });
        let intent = Line::Intent {
            at: self.clock.now().micros(),
            request: file.id.clone(),
            kind: "upload",
            caller: person.name(),
            details,
        };
        self.ledger.write(&intent).await?;
        let (mut why, mut pauses) = (Why::First, Pauses::new());
        let (mut offset, mut end) = (0, file.bytes.len());
        if rng.random_bool(BROKEN_OFF) {
            end /= 2;
        }
        loop {
            let refusal = match self.send_bytes(&person, &file, offset..end, why).await? {
                Ok(_) => return Ok(()),
                Err(_) if self.is_over() => return Ok(()),
                Err(refusal) => refusal,
            };
            (why, end) = (Why::Retry, file.bytes.len());
            if let Some(bytes) = told_bytes(&refusal) {
                offset = bytes;
                pauses = Pauses::new();
            }
            pauses.rest(rng).await;
            if told_bytes(&refusal).is_none()
                && let Some(bytes) = self.durable_bytes(&person, &file.id).await?
            {
                offset = bytes;
            }
        }
    }

    async fn send_bytes(
        &self,
        person: &Person,
        file: &File,
        range: std::ops::Range<usize>,
        why: Why,
    ) -> anyhow::Result<Result<Media, Status>> {
        let header = UploadHeader {
            media_id: file.id.clone(),
            content_type: file.content_type.to_owned(),
            size_bytes: i64::try_from(file.bytes.len())?,
            sha256: Sha256::digest(&file.bytes).to_vec().into(),
            offset: i64::try_from(range.start)?,
        };
        let mut parts = vec![UploadMediaRequest { part: Some(Part::Header(header)) }];
        let chunks = file.bytes[range].chunks(CHUNK);
        parts.extend(
            chunks.map(|chunk| UploadMediaRequest { part: Some(Part::Chunk(chunk.to_vec().into())) }),
        );
        let line = self.lines.next(Service::Intake).clone();
        let mut request = Request::new(futures::stream::iter(parts));
        request.metadata_mut().insert("authorization", self.people.token(person)?);
        let mut client = MediaServiceClient::new(line.channel);
        let outcome = match tokio::time::timeout(PATIENCE, client.upload_media(request)).await {
            Ok(outcome) => outcome.map(tonic::Response::into_inner),
            Err(_) => Err(Status::deadline_exceeded("the upload took too long")),
        };
        let said = |status: &Status| spelled(status.code());
        let answer = Line::Answer {
            at: self.clock.now().micros(),
            request: file.id.clone(),
            address: line.process,
            code: outcome.as_ref().map_or_else(said, |_| "OK".to_owned()),
            reason: outcome.as_ref().map_or_else(reason, |_| String::new()),
            digest: outcome.as_ref().map_or_else(|_| String::new(), |media| digest(&media.sha256)),
            name: outcome.as_ref().map_or_else(|_| String::new(), |media| media.name.clone()),
            why,
        };
        self.ledger.write(&answer).await?;
        match &outcome {
            Ok(medium) => self.tally.answered("upload", &medium.name, self.clock.now()),
            Err(status) => self.tally.failed("upload", status),
        }
        Ok(outcome)
    }

    /// How much the server has; none if nobody answers.
    async fn durable_bytes(&self, person: &Person, id: &str) -> anyhow::Result<Option<usize>> {
        let request = GetMediaRequest { name: format!("media/{id}") };
        let received = self.read_once(Service::Intake, person, |token, channel| async move {
            let mut request = Request::new(request);
            request.metadata_mut().insert("authorization", token);
            request.set_timeout(Duration::from_secs(2));
            match MediaServiceClient::new(channel).get_media(request).await {
                Ok(medium) => Ok(medium.into_inner().received_bytes),
                // Not there yet.
                Err(status) if status.code() == Code::PermissionDenied => Ok(0),
                Err(status) => Err(status),
            }
        });
        Ok(received.await?.and_then(|bytes| usize::try_from(bytes).ok()))
    }
}

/// From where to go on, where the refusal says it.
fn told_bytes(refusal: &Status) -> Option<usize> {
    refusal.get_error_details().error_info()?.metadata.get("received_bytes")?.parse().ok()
}
