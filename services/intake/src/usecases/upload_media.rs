//! Takes a photo or video in parts, each durable before the next is counted, and shows it only when it is whole.

use bytes::{Bytes, BytesMut};
use contract::event::v1::MediaAttached;
use province::Notice;
use sha2::{Digest as _, Sha256};
use tokio::sync::OwnedSemaphorePermit;
use vocabulary::{MediaId, Problem};

use crate::domain::media::{Announcement, Media, Part};
use crate::domain::report::Change;
use crate::domain::timeline::Happening;
use crate::store::{media, reports, timeline};
use crate::{Error, Intake, events};

/// Bytes collected before they are made durable together.
const PART: usize = 1024 * 1024;

/// An upload under way. It holds the medium until a newer stream of the same medium begins.
pub struct Upload {
    _place: OwnedSemaphorePermit,
    intake: Intake,
    medium: Media,
    buffer: BytesMut,
}

/// What a header leads to.
pub enum Begun {
    /// The same file is there already.
    Complete(Media),
    /// Chunks are welcome.
    Open(Upload),
}

/// Begins an upload or goes on with one.
pub async fn begin(
    intake: Intake,
    owner: &[u8],
    id: MediaId,
    offset: i64,
    announcement: Announcement,
) -> Result<Begun, Error> {
    let place = intake.objects.admit_upload().ok_or_else(|| Problem::unavailable("UPLOADS_BUSY"))?;
    let clock = intake.outbox.clock();
    let (stream, now) = (clock.mint(), clock.now());
    let policy = &intake.province.policies.media;
    let announced = Media::announce(id, owner.to_vec(), announcement, policy, stream, now)?;
    let work = intake.outbox.begin().await?;
    database::lock(work.tx(), vec![id.0]).await?;
    let medium = match media::find(work.tx(), id).await? {
        Some(known) if !known.is_same_file(&announced) => return Err(reused().into()),
        Some(known) if known.ready => return Ok(Begun::Complete(known)),
        Some(known) => {
            known.require_offset(offset)?;
            media::take_over(work.tx(), id, stream).await?;
            Media { stream, ..known }
        }
        None => {
            announced.require_offset(offset)?;
            media::insert(work.tx(), &announced).await?;
            announced
        }
    };
    database::fault_point!("intake.upload.before-begin-commit");
    work.commit().await?;
    database::fault_point!("intake.upload.after-begin-commit");
    Ok(Begun::Open(Upload { intake, medium, buffer: BytesMut::new(), _place: place }))
}

impl Upload {
    /// Takes the next chunk.
    pub async fn add(&mut self, chunk: &Bytes) -> Result<(), Error> {
        let announced = self.medium.received + (self.buffer.len() + chunk.len()) as u64;
        if announced > self.medium.size {
            let problem = Problem::invalid(
                "chunk",
                "MEDIA_SIZE_MISMATCH",
                format!("the stream is longer than the {} bytes announced", self.medium.size),
                "Tệp dài hơn dung lượng đã khai báo.",
            );
            self.discard().await?;
            return Err(problem.into());
        }
        self.buffer.extend_from_slice(chunk);
        if self.buffer.len() >= PART {
            self.flush().await?;
        }
        Ok(())
    }

    /// The stream has ended: the medium if it is whole, else a refusal that says from where to go on.
    pub async fn finish(mut self) -> Result<Media, Error> {
        self.flush().await?;
        if self.medium.received < self.medium.size {
            return Err(self.medium.incomplete().into());
        }
        let parts = media::parts(self.intake.outbox.database().read(), self.medium.id).await?;
        if self.checksum(&parts).await? != self.medium.sha256 {
            let problem = Problem::invalid(
                "header.sha256",
                "MEDIA_CHECKSUM_MISMATCH",
                "is not the SHA-256 of what arrived; upload the file again",
                "Tệp bị hỏng khi tải lên, xin gửi lại.",
            );
            self.discard().await?;
            return Err(problem.into());
        }
        if self.medium.is_image() {
            let objects = &self.intake.objects;
            let copied = objects.make_copy(self.medium.id, &self.medium.content_type, &parts).await?;
            self.medium.image_hash = match copied {
                Ok(image_hash) => image_hash,
                Err(unreadable) => {
                    let problem = Problem::invalid(
                        "chunk",
                        "MEDIA_UNREADABLE",
                        format!("is no {}: {unreadable}", self.medium.content_type),
                        "Không đọc được ảnh, xin chụp hoặc chọn ảnh khác.",
                    );
                    self.discard().await?;
                    return Err(problem.into());
                }
            };
            self.medium.public_copy = true;
        }
        database::fault_point!("intake.upload.after-copy-made");
        self.medium.ready = true;
        self.attach().await?;
        Ok(self.medium)
    }

    /// Makes what is collected durable and counts it.
    async fn flush(&mut self) -> Result<(), Error> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let (part, start) = (self.buffer.split().freeze(), self.medium.received);
        let size = part.len() as u64;
        let object = self.intake.objects.put_part(self.medium.id, start, self.medium.stream, part).await?;
        database::fault_point!("intake.upload.after-part-stored");
        self.medium.received += size;
        let now = self.intake.outbox.clock().now();
        let work = self.intake.outbox.begin().await?;
        if !media::advance(work.tx(), &self.medium, Part { start, object }, now).await? {
            return Err(Media::superseded().into());
        }
        database::fault_point!("intake.upload.before-part-commit");
        work.commit().await?;
        database::fault_point!("intake.upload.after-part-commit");
        Ok(())
    }

    /// Over what the store really holds, not over what passed by.
    async fn checksum(&self, parts: &[Part]) -> Result<Vec<u8>, Error> {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(&self.intake.objects.get(&part.object).await?);
        }
        Ok(hasher.finalize().to_vec())
    }

    /// Shows the medium, and tells the report that waits for it.
    async fn attach(&self) -> Result<(), Error> {
        let intake = &self.intake;
        let mut work = intake.outbox.begin().await?;
        database::lock(work.tx(), vec![self.medium.id.0]).await?;
        if !media::complete(work.tx(), &self.medium).await? {
            return Err(Media::superseded().into());
        }
        let link = media::links_of(work.tx(), vec![self.medium.id.0]).await?.into_iter().next();
        work.lock(link.iter().map(|link| link.report).collect()).await?;
        if let Some(link) = link
            && let Some(mut report) = reports::find(work.tx(), link.report).await?
            && report.owner == self.medium.owner
        {
            let now = intake.outbox.clock().now();
            let told = MediaAttached {
                report: report.id.name(),
                media: self.medium.id.name(),
                content_type: self.medium.content_type.clone(),
                image_hash: self.medium.image_hash,
            };
            let event = work.publish(report.id, now, &told);
            let text = events::own_words(Notice::MediaAttached, &report, &intake.province, now);
            let happening = Happening { event, kind: "MediaAttached".to_owned(), text };
            let entry = report.record(happening, Change::default(), now);
            reports::update_all(work.tx(), std::iter::once(&report)).await?;
            timeline::add_all(work.inserts(), &[entry])?;
            let (watchers, id) = (intake.watchers.clone(), report.id);
            work.after_commit(move || watchers.wake(std::iter::once(id)));
        }
        database::fault_point!("intake.upload.before-attach-commit");
        work.commit().await?;
        database::fault_point!("intake.upload.after-attach-commit");
        Ok(())
    }

    /// Nothing of it stays, neither bytes nor row; unless a newer stream has it now.
    async fn discard(&self) -> Result<(), Error> {
        let work = self.intake.outbox.begin().await?;
        if media::forget(work.tx(), &self.medium).await? {
            work.commit().await?;
            self.intake.objects.remove(self.medium.id).await?;
        }
        Ok(())
    }
}

fn reused() -> Problem {
    Problem::invalid(
        "header.media_id",
        "MEDIA_ID_REUSED",
        "was used for another file; mint a fresh UUID",
        "Mã tệp đã được dùng cho một tệp khác.",
    )
}
