//! Uploads that cross each other: only the newest stream counts, and what is whole stays whole.

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
