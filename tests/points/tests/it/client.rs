//! A client as it should be: asks again with the same request id until it has an answer, and holds the server to it.

use std::fmt::Debug;
use std::sync::Mutex;

use contract::intake::v1::{Media, MediaState};
use contract::routing::v1::{Assignment, ListAssignmentsRequest};
use harness::{Agency, Anyone, eventually, header, upload_of};
use prost::Message;
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

/// Whether nothing is known of the outcome, or another attempt is welcome.
fn may_be_repeated(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable | Code::Cancelled | Code::DeadlineExceeded | Code::Internal | Code::Unknown
    )
}

/// Asks until there is an answer. A refusal that repeats cannot help against is a failure of the test.
async fn answered<A>(what: &str, call: impl AsyncFn() -> Result<Response<A>, Status>) -> A {
    let refusal = Mutex::new(None);
    let answer = eventually(what, async || match call().await {
        Ok(answer) => Ok(Ok(answer.into_inner())),
        Err(status) if may_be_repeated(&status) => Err(status.to_string()),
        Err(status) => {
            *refusal.lock().expect("a refusal") = Some(status.to_string());
            Ok(Err(()))
        }
    })
    .await;
    answer.unwrap_or_else(|()| panic!("{what} is refused: {refusal:?}"))
}

/// The answer, after a proof that a repeat is answered with the same bytes.
pub async fn ask<A: Message + Debug>(what: &str, call: impl AsyncFn() -> Result<Response<A>, Status>) -> A {
    let first = answered(what, &call).await;
    let again = answered(what, &call).await;
    assert_eq!(first.encode_to_vec(), again.encode_to_vec(), "{what}: a repeat is answered otherwise");
    first
}

/// Uploads a photo, from wherever the durable bytes end.
pub async fn upload(anyone: &Anyone, id: &str, jpeg: &[u8]) -> Media {
    let offset = Mutex::new(0);
    eventually("a photo is uploaded", async || {
        let mut header = header(id, "image/jpeg", jpeg);
        header.offset = *offset.lock().expect("an offset");
        let refused = match anyone.upload(upload_of(header, jpeg)).await {
            Ok(medium) => {
                assert_eq!(medium.state(), MediaState::Ready, "{medium:?}");
                return Ok(medium);
            }
            Err(refused) => refused,
        };
        let details = refused.get_error_details();
        let told = details.error_info().and_then(|info| info.metadata.get("received_bytes"));
        match told.and_then(|bytes| bytes.parse().ok()) {
            Some(bytes) => *offset.lock().expect("an offset") = bytes,
            None => assert!(may_be_repeated(&refused) || refused.code() == Code::Aborted, "{refused}"),
        }
        Err(refused.to_string())
    })
    .await
}

/// Waits until the report stands in the agency's queue, however long that is, in this round.
pub async fn assignment_of(agency: &Agency, report: &str) -> Assignment {
    eventually(&format!("{report} is assigned"), async || {
        let mut request = ListAssignmentsRequest { page_size: 100, ..ListAssignmentsRequest::default() };
        loop {
            let page = agency.dispatch().list_assignments(request.clone()).await;
            let page = page.map_err(|status| status.to_string())?.into_inner();
            if let Some(found) = page.assignments.into_iter().find(|found| found.report == report) {
                return Ok(found);
            }
            if page.next_page_token.is_empty() {
                return Err("not in the queue".to_owned());
            }
            request.page_token = page.next_page_token;
        }
    })
    .await
}
