//! Uploads that cross each other: only the newest stream counts, and what is whole stays whole.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use contract::intake::v1::media_service_client::MediaServiceClient;
use contract::intake::v1::upload_media_request::Part;
use contract::intake::v1::{
    DownloadMediaRequest, GetMediaRequest, MediaState, UploadHeader, UploadMediaRequest,
};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Status};
use uuid::Uuid;
use vocabulary::Clock;

use crate::world::{World, eventually};

fn photo() -> Vec<u8> {
    let picture =
        image::RgbImage::from_fn(900, 700, |x, y| image::Rgb([(x * y % 251) as u8, (x % 7) as u8, y as u8]));
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

struct Phone {
    parts: mpsc::Sender<UploadMediaRequest>,
    answer: tokio::task::JoinHandle<Result<contract::intake::v1::Media, Status>>,
}

#[expect(clippy::disallowed_methods, reason = "a test owns its tasks and joins them")]
fn dial(world: &World, id: Uuid, content: &[u8], offset: i64) -> Phone {
    let header = UploadHeader {
        media_id: id.to_string(),
        content_type: "image/png".to_owned(),
        size_bytes: i64::try_from(content.len()).unwrap(),
        sha256: Sha256::digest(content).to_vec().into(),
        offset,
    };
    let (parts, stream) = mpsc::channel(64);
    let request = world.as_citizen("citizen-1", ReceiverStream::new(stream));
    let mut client = client(world);
    parts.try_send(UploadMediaRequest { part: Some(Part::Header(header)) }).unwrap();
    let answer =
        tokio::spawn(async move { client.upload_media(request).await.map(tonic::Response::into_inner) });
    Phone { parts, answer }
}

impl Phone {
    async fn say(&self, bytes: &[u8]) {
        for chunk in bytes.chunks(100_000) {
            let part = Part::Chunk(chunk.to_vec().into());
            // The server may have hung up on a stream that does not count any more.
            if self.parts.send(UploadMediaRequest { part: Some(part) }).await.is_err() {
                return;
            }
        }
    }

    async fn hang_up(self) -> Result<contract::intake::v1::Media, Status> {
        drop(self.parts);
        self.answer.await.unwrap()
    }
}

fn client(world: &World) -> MediaServiceClient<Channel> {
    MediaServiceClient::new(world.channel.clone())
}

async fn download(world: &World, name: &str) -> Vec<u8> {
    let request = world.as_citizen("citizen-1", DownloadMediaRequest { name: name.to_owned() });
    let mut stream = client(world).download_media(request).await.unwrap().into_inner();
    let mut whole = Vec::new();
    while let Some(part) = stream.message().await.unwrap() {
        whole.extend_from_slice(&part.chunk);
    }
    whole
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_stream_cannot_harm_what_a_newer_one_completed() {
    let world = World::start().await;
    let (content, id) = (photo(), Uuid::from_u128(42));
    let stalled = dial(&world, id, &content, 0);
    stalled.say(&content[..100_000]).await;
    let name = format!("media/{id}");
    let begun = GetMediaRequest { name: name.clone() };
    eventually("the first stream has begun", async || {
        client(&world).get_media(world.as_citizen("citizen-1", begun.clone())).await.is_ok()
    })
    .await;

    let newer = dial(&world, id, &content, 0);
    newer.say(&content).await;
    let whole = newer.hang_up().await.unwrap();
    assert_eq!(whole.state(), MediaState::Ready);

    stalled.say(&content[..50_000]).await;
    let refused = stalled.hang_up().await.unwrap_err();
    assert_eq!(refused.code(), Code::Aborted, "{refused}");
    let after = client(&world).get_media(world.as_citizen("citizen-1", begun)).await.unwrap().into_inner();
    assert_eq!(after, whole);
    assert_eq!(download(&world, &name).await, content);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_stream_with_a_lie_cannot_remove_what_a_newer_one_completed() {
    let world = World::start().await;
    let (content, id) = (photo(), Uuid::from_u128(43));
    let stalled = dial(&world, id, &content, 0);
    let name = format!("media/{id}");
    let begun = GetMediaRequest { name: name.clone() };
    eventually("the first stream has begun", async || {
        client(&world).get_media(world.as_citizen("citizen-1", begun.clone())).await.is_ok()
    })
    .await;
    let newer = dial(&world, id, &content, 0);
    newer.say(&content).await;
    newer.hang_up().await.unwrap();
    stalled.say(&[content.clone(), content.clone()].concat()).await;
    assert!(stalled.hang_up().await.is_err());
    assert_eq!(download(&world, &name).await, content);
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn old_bytes_that_no_row_leads_to_are_collected_and_no_others() {
    let world = World::start().await;
    let (content, id, media) = (photo(), Uuid::from_u128(44), world.media());
    let phone = dial(&world, id, &content, 0);
    phone.say(&content).await;
    let whole = phone.hang_up().await.unwrap();
    assert_eq!(whole.state(), MediaState::Ready);

    let unknown = Uuid::from_u128(45);
    let part = |medium: Uuid, stream: u128| {
        media.join(format!("originals/{medium}/000000000000-{}", Uuid::from_u128(stream)))
    };
    let strays = [part(id, 7), part(unknown, 8), media.join(format!("copies/{unknown}.jpg"))];
    for stray in &strays {
        std::fs::create_dir_all(stray.parent().unwrap()).unwrap();
        std::fs::write(stray, b"bytes").unwrap();
    }
    let two_days_ago = Clock::system().now() - Duration::from_secs(48 * 3_600);
    let two_days_ago = UNIX_EPOCH + Duration::from_micros(two_days_ago.micros().try_into().unwrap());
    for file in files(&media) {
        File::options().append(true).open(file).unwrap().set_modified(two_days_ago).unwrap();
    }
    let young = part(unknown, 9);
    std::fs::write(&young, b"bytes").unwrap();

    let world = world.restart().await;
    eventually("strays are gone", async || !strays.iter().any(|stray| stray.exists())).await;
    assert!(young.exists(), "its row may still come");
    assert!(media.join(format!("copies/{id}.jpg")).exists(), "the copy of what is known stays");
    assert_eq!(download(&world, &whole.name).await, content);
}
