//! A panic becomes INTERNAL with a reference; without this layer the client would see a cancelled stream.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use futures::FutureExt as _;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use vocabulary::{Clock, Problem};

/// Catches panics of the handler and of the stream it answers with.
pub(crate) async fn catch(State(clock): State<Clock>, request: Request, next: Next) -> Response {
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response.map(|inner| Body::new(Guarded { inner: Some(inner), clock })),
        Err(_) => super::answer(&reported(&clock)),
    }
}

/// The panic hook has told where it happened; this line ties it to what the caller sees.
fn reported(clock: &Clock) -> Problem {
    let reference = clock.mint().to_string();
    tracing::error!(reference, "an RPC has panicked");
    Problem::internal(reference)
}

/// An answer whose producer may panic; `None` once it has.
struct Guarded {
    inner: Option<Body>,
    clock: Clock,
}

impl HttpBody for Guarded {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(inner) = &mut self.inner else { return Poll::Ready(None) };
        match catch_unwind(AssertUnwindSafe(|| Pin::new(inner).poll_frame(cx))) {
            Ok(polled) => polled,
            Err(_) => {
                self.inner = None;
                let mut trailers = HeaderMap::new();
                let status = crate::status(&reported(&self.clock));
                Poll::Ready(Some(match status.add_header(&mut trailers) {
                    Ok(()) => Ok(Frame::trailers(trailers)),
                    Err(status) => Err(axum::Error::new(status)),
                }))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map(HttpBody::size_hint).unwrap_or_default()
    }
}
