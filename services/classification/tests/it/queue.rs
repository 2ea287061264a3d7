//! The queue: nearest deadline first, in pages that neither lose nor repeat anything.

use std::time::Duration;

use auth::Role;
use contract::classification::v1::{ListReviewsRequest, ListReviewsResponse};
use tonic::Status;

use crate::pack::PACK;
use crate::world::{MORNING, World, reason, report, submitted, submitted_at};

async fn page(
    world: &World,
    role: Role,
    who: &str,
    size: i32,
    token: &str,
) -> Result<ListReviewsResponse, Status> {
    let page_token = token.to_owned();
    let request = ListReviewsRequest { page_size: size, page_token, ..ListReviewsRequest::default() };
    let request = world.request(role, who, request);
    world.triage().list_reviews(request).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn pages_show_every_review_once_the_nearest_deadline_first() {
    let world = World::new().await;
    // Later reports first, and some with the same deadline.
    let arrivals = (0..23_u32).map(|n| {
        let at = MORNING + Duration::from_secs(u64::from((40 - n) / 2) * 60);
        submitted_at(report(u128::from(n) + 1), &PACK.texts.doubtful, at)
    });
    world.tell(&arrivals.collect::<Vec<_>>()).await;
    world.tell(&[submitted(report(99), &PACK.texts.secret)]).await;
    for (role, total) in [(Role::Coordinator, 23), (Role::ClearedOfficer, 24)] {
        let mut seen = Vec::new();
        let mut token = String::new();
        loop {
            let reply = page(&world, role, "somebody", 5, &token).await.unwrap();
            assert!(reply.reviews.len() <= 5);
            seen.extend(reply.reviews);
            token = reply.next_page_token;
            if token.is_empty() {
                break;
            }
            assert!(reason(page(&world, role, "somebody-else", 5, &token).await) == "PAGE_TOKEN_INVALID");
        }
        let dues: Vec<_> = seen.iter().map(|review| review.due_time.unwrap().seconds).collect();
        assert!(dues.is_sorted());
        let mut names: Vec<_> = seen.iter().map(|review| &review.name).collect();
        names.sort();
        names.dedup();
        assert_eq!((names.len(), seen.len()), (total, total), "{role}");
    }
    assert_eq!(page(&world, Role::Coordinator, "x", 0, "").await.unwrap().reviews.len(), 20, "the default");
    let all = page(&world, Role::Coordinator, "x", i32::MAX, "").await.unwrap();
    assert_eq!((all.reviews.len(), all.next_page_token.as_str()), (23, ""));
    assert_eq!(reason(page(&world, Role::Coordinator, "x", 0, "nonsense").await), "PAGE_TOKEN_INVALID");
    let negative = page(&world, Role::Coordinator, "x", -1, "").await.unwrap_err();
    assert_eq!(negative.code(), tonic::Code::InvalidArgument);
}
