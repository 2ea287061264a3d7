//! Two transactions that met in the database: one of them was undone, and here it is done again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use futures::{TryStreamExt as _, stream};
use rand::RngExt as _;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::grpc::methods::Method;

/// Before the second, third and fourth attempt, at most. The last makes room for a crowd on one row.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(5), Duration::from_millis(25), Duration::from_millis(125)];

/// Makes a unary call again whose transaction was undone because of another (a deadlock, a serialization failure). Nothing
/// of it was done, so that the caller need not hear of it, unless its deadline comes first or no attempt helps.
pub(crate) async fn repeat(request: Request, next: Next) -> Response {
    if request.extensions().get::<Arc<Method>>().is_none_or(|method| method.streams) {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let message = Message::default();
    let mut body = message.listen(body);
    for pause in PAUSES {
        let response = next.clone().run(Request::from_parts(head.clone(), body)).await;
        if !is_conflict(&response) {
            return response;
        }
        metrics::counter!("rpc_repeats_total").increment(1);
        let jitter = rand::rng().random_range(0.5..1.0);
        tokio::time::sleep(pause.mul_f64(jitter)).await;
        body = message.body();
    }
    next.run(Request::from_parts(head, body)).await
}

fn is_conflict(response: &Response) -> bool {
    let Some(status) = response.extensions().get::<Status>() else { return false };
    status.code() == Code::Unavailable
        && status.get_details_error_info().is_some_and(|info| info.reason == database::CONFLICT)
}

/// The bytes of a unary message as they came: whoever has answered it has read it to its end.
#[derive(Clone, Default)]
struct Message(Arc<Mutex<Vec<Bytes>>>);

impl Message {
    fn listen(&self, body: Body) -> Body {
        let Self(parts) = self.clone();
        let keep =
            move |part: &Bytes| parts.lock().unwrap_or_else(PoisonError::into_inner).push(part.clone());
        Body::from_stream(body.into_data_stream().inspect_ok(keep))
    }

    fn body(&self) -> Body {
        let parts = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Body::from_stream(stream::iter(parts.into_iter().map(Ok::<_, axum::Error>)))
    }
}
