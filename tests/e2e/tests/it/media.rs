//! Photos and videos: over bad networks, with bad intentions, and what others get to see of them.

use contract::intake::v1::upload_media_request::Part;
use contract::intake::v1::{GetMediaRequest, MediaState, UploadMediaRequest};
use harness::{Citizen, Refusal, World, fresh_id, header, photo, refusal, report, text, upload_of};
use tonic::Code;

use crate::stories::bring_to_agency;

const MEBIBYTE: usize = 1024 * 1024;

/// An `mp4` as far as anybody looks: videos are kept as they are and shown to nobody else.
fn video(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|index| u8::try_from(index % 251).unwrap_or(0)).collect()
}

async fn received(citizen: &Citizen, id: &str) -> i64 {
    let request = GetMediaRequest { name: format!("media/{id}") };
    let medium = citizen.media().get_media(request).await.expect("own").into_inner();
    assert_eq!(medium.state(), MediaState::Uploading);
    medium.received_bytes
}

#[tokio::test]
async fn an_upload_that_breaks_off_goes_on_where_it_was_durable() {
    let mut world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let bytes = video(3 * MEBIBYTE + 17);
    let id = fresh_id();
    let whole = header(&id, "video/mp4", &bytes);
    let mut parts = upload_of(whole.clone(), &bytes);
    parts.truncate(7);
    let refused = refusal(citizen.upload(parts).await);
    assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "UPLOAD_INCOMPLETE"));
    let kept = received(&citizen, &id).await;
    assert!(kept > 0, "what arrived is kept");
    let stranger = world.citizen("citizen-2");
    let request = GetMediaRequest { name: format!("media/{id}") };
    assert_eq!(refusal(stranger.media().get_media(request).await).code, Code::PermissionDenied);

    // The server restarts, the phone goes on.
    assert_eq!(world.stop().await, runtime::Ending::Clean);
    world.resume().await;
    assert_eq!(received(&citizen, &id).await, kept);
    for offset in [0, kept - 1, kept + 1, i64::MAX, -1] {
        let wrong = contract::intake::v1::UploadHeader { offset, ..whole.clone() };
        let refused = refusal(citizen.upload(upload_of(wrong, &bytes)).await);
        assert_eq!(refused.reason, "UPLOAD_OFFSET_WRONG", "{offset}");
        assert_eq!(refused.fields, ["header.offset"]);
    }
    let rest = contract::intake::v1::UploadHeader { offset: kept, ..whole.clone() };
    let done = citizen.upload(upload_of(rest, &bytes)).await.expect("whole");
    assert_eq!((done.state(), done.received_bytes), (MediaState::Ready, done.size_bytes));
    let (content_type, back) = citizen.download(&done.name).await.expect("own");
    assert!(content_type == "video/mp4" && back == bytes, "the original comes back byte for byte");
    // Sent once more, it is known.
    assert_eq!(citizen.upload(upload_of(whole, &bytes)).await.expect("known"), done);
    world.finish().await;
}

/// What is changed in a right upload, and what it is refused for.
struct Attack {
    what: &'static str,
    parts: Vec<UploadMediaRequest>,
    reason: &'static str,
}

fn attacks() -> Vec<Attack> {
    let jpeg = photo(3, "x");
    let good = || header(&fresh_id(), "image/jpeg", &jpeg);
    let chunk = |bytes: Vec<u8>| UploadMediaRequest { part: Some(Part::Chunk(bytes.into())) };
    let mut attacks = Vec::new();
    let mut add = |what, parts, reason| attacks.push(Attack { what, parts, reason });

    let mut wrong = good();
    wrong.sha256 = vec![0; 32].into();
    add("another checksum", upload_of(wrong, &jpeg), "MEDIA_CHECKSUM_MISMATCH");
    let mut wrong = good();
    wrong.sha256 = vec![0; 31].into();
    add("a short checksum", upload_of(wrong, &jpeg), "MEDIA_CHECKSUM_MISMATCH");
    let mut wrong = good();
    wrong.content_type = "image/svg+xml".to_owned();
    add("a type that runs scripts", upload_of(wrong, &jpeg), "MEDIA_TYPE_UNSUPPORTED");
    for (what, size_bytes) in [("nothing", 0), ("less than nothing", -1), ("too much", 15 * 1024 * 1024 + 1)]
    {
        let wrong = contract::intake::v1::UploadHeader { size_bytes, ..good() };
        add(what, upload_of(wrong, &jpeg), "MEDIA_TOO_LARGE");
    }
    let mut wrong = good();
    wrong.size_bytes -= 1;
    add("more than announced", upload_of(wrong, &jpeg), "MEDIA_SIZE_MISMATCH");
    let mut wrong = good();
    wrong.size_bytes += 1;
    add("less than announced", upload_of(wrong, &jpeg), "UPLOAD_INCOMPLETE");
    add("no header", vec![chunk(jpeg.clone())], "UPLOAD_HEADER_MISSING");
    add("nothing at all", Vec::new(), "UPLOAD_HEADER_MISSING");
    let twice = [upload_of(good(), &[]), upload_of(good(), &jpeg)].concat();
    add("two headers", twice, "UPLOAD_HEADER_MISSING");
    let large = vec![0; 256 * 1024 + 1];
    let announced = header(&fresh_id(), "video/mp4", &large);
    let mut parts = upload_of(announced, &[]);
    parts.push(chunk(large));
    add("too large a chunk", parts, "UPLOAD_HEADER_MISSING");
    let text = b"<svg onload=alert(1)>".repeat(100);
    add("no photo at all", upload_of(header(&fresh_id(), "image/jpeg", &text), &text), "MEDIA_UNREADABLE");
    let start = &jpeg[..100];
    add(
        "the beginning of a photo",
        upload_of(header(&fresh_id(), "image/jpeg", start), start),
        "MEDIA_UNREADABLE",
    );
    let named = header("../../etc/passwd", "image/jpeg", &jpeg);
    add("a path for a name", upload_of(named, &jpeg), "MEDIA_ID_INVALID");
    attacks
}

#[tokio::test]
async fn a_wrong_upload_is_refused_for_what_is_wrong_and_leaves_nothing() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    for Attack { what, parts, reason } in attacks() {
        let refused = refusal(citizen.upload(parts).await);
        assert_eq!(refused.reason, reason, "{what}: {refused:?}");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_name_that_is_taken_is_not_given_away() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let jpeg = photo(4, "x");
    let id = fresh_id();
    let first = citizen.upload(upload_of(header(&id, "image/jpeg", &jpeg), &jpeg)).await.expect("uploaded");
    let other = photo(5, "y");
    let reused = Refusal {
        code: Code::InvalidArgument,
        reason: "MEDIA_ID_REUSED".to_owned(),
        fields: vec!["header.media_id".to_owned()],
    };
    let again = citizen.upload(upload_of(header(&id, "image/jpeg", &other), &other)).await;
    assert_eq!(refusal(again), reused);
    let stranger =
        world.citizen("citizen-2").upload(upload_of(header(&id, "image/jpeg", &jpeg), &jpeg)).await;
    assert_eq!(refusal(stranger), reused, "the same bytes do not make it theirs");
    let (_, back) = citizen.download(&first.name).await.expect("own");
    assert_eq!(back, jpeg);
    world.finish().await;
}

#[tokio::test]
async fn a_photo_of_somebody_else_cannot_be_claimed() {
    let world = World::start().await;
    let (owner, thief) = (world.citizen("citizen-1"), world.citizen("citizen-2"));
    let medium = owner.upload_photo(&photo(6, "secret place")).await.expect("uploaded");
    let mut claim = report(text::ROAD);
    claim.media = vec![medium.name.clone()];
    // Whether the claim is refused or taken: the thief must not get to see the photo by it, nor the owner lose it.
    drop(thief.create(&claim).await);
    assert_eq!(refusal(thief.download(&medium.name).await).code, Code::PermissionDenied);
    owner.create(&claim).await.expect("their own");
    assert!(owner.download(&medium.name).await.is_ok());
    world.finish().await;
}

#[tokio::test]
async fn others_get_a_copy_without_metadata_and_only_the_owner_the_original() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let secret = "GPS 9.180912 105.177251 Canon";
    let jpeg = photo(9, secret);
    let id = fresh_id();
    let mut sent = report(text::ROAD);
    sent.media = vec![format!("media/{id}")];
    sent.publication_consent = true;
    let created = citizen.create(&sent).await.expect("taken");
    let medium = citizen.upload(upload_of(header(&id, "image/jpeg", &jpeg), &jpeg)).await.expect("uploaded");
    let attached = bring_to_agency(&world, &citizen, &created.name).await;
    assert!(attached.timeline.iter().any(|entry| entry.event == "MediaAttached"));
    assert_eq!(citizen.download(&medium.name).await.expect("own"), ("image/jpeg".to_owned(), jpeg.clone()));
    let handler = world.handler(&attached.agency);
    for other in [&world.citizen("citizen-2").0, &handler.0] {
        let (content_type, copy) = other.download(&medium.name).await.expect("a copy");
        assert_eq!(content_type, "image/jpeg");
        let holds = |what: &[u8]| copy.windows(what.len()).any(|window| window == what);
        assert!(!holds(secret.as_bytes()) && !holds(b"Exif") && !holds(&jpeg[jpeg.len() - 64..]));
        let (was, is) = (image::load_from_memory(&jpeg), image::load_from_memory(&copy));
        assert_eq!(was.expect("a photo").width(), is.expect("a photo").width());
        let request = GetMediaRequest { name: medium.name.clone() };
        let seen = other.media().get_media(request).await.expect("visible").into_inner();
        assert!(seen.public_copy && seen.sha256.is_empty(), "the digest would prove who has the original");
    }
    // A video has no copy that could be shown.
    let bytes = video(1_000);
    let id = fresh_id();
    let mut sent = report(text::ROAD);
    sent.media = vec![format!("media/{id}")];
    let created = citizen.create(&sent).await.expect("taken");
    citizen.upload(upload_of(header(&id, "video/mp4", &bytes), &bytes)).await.expect("uploaded");
    let attached = bring_to_agency(&world, &citizen, &created.name).await;
    let withheld = refusal(world.handler(&attached.agency).download(&format!("media/{id}")).await);
    assert_eq!((withheld.code, withheld.reason.as_str()), (Code::FailedPrecondition, "MEDIA_WITHHELD"));
    world.finish().await;
}
