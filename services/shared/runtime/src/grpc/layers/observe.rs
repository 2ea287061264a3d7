//! One span, one count and one duration per RPC; never its content.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tonic::{Code, Status};
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use crate::grpc::methods::Method;

/// Opens the span, in the caller's trace if it names one, and closes the books when the answer has been sent.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let Some(method) = request.extensions().get::<Arc<Method>>().cloned() else {
        return next.run(request).await;
    };
    let span = tracing::info_span!(
        "rpc",
        otel.name = %format_args!("{}/{}", method.service, method.name),
        otel.kind = "server",
        otel.status_code = Empty,
        rpc.system = "grpc",
        rpc.service = &*method.service,
        rpc.method = &*method.name,
        rpc.grpc.status = Empty,
        trace_id = Empty,
    );
    let traceparent =
        request.headers().get("traceparent").and_then(|value| value.to_str().ok()).unwrap_or("");
    telemetry::continue_trace(&span, traceparent);
    let mut call = Call { method, span: span.clone(), begun: Instant::now(), code: None };
    let response = next.run(request).instrument(span).await;
    call.look_at(response.headers());
    response.map(|inner| Body::new(Observed { inner, call }))
}

/// An RPC under way. Dropped without a code, it was given up by the client.
struct Call {
    method: Arc<Method>,
    span: Span,
    begun: Instant,
    code: Option<Code>,
}

impl Call {
    /// The outcome stands in the headers of an empty answer, otherwise in the trailers.
    fn look_at(&mut self, headers: &HeaderMap) {
        if let Some(status) = Status::from_header_map(headers) {
            self.code = Some(status.code());
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let code = self.code.unwrap_or(Code::Cancelled);
        let word = word(code);
        self.span.record("rpc.grpc.status", word);
        if is_ours(code) {
            self.span.record("otel.status_code", "ERROR");
        }
        let (service, method) = (Arc::clone(&self.method.service), Arc::clone(&self.method.name));
        metrics::counter!("rpc_requests_total", "service" => Arc::clone(&service), "method" => Arc::clone(&method), "code" => word)
            .increment(1);
        metrics::histogram!("rpc_duration_seconds", "service" => service, "method" => method)
            .record(self.begun.elapsed().as_secs_f64());
    }
}

/// The answer on its way out.
struct Observed {
    inner: Body,
    call: Call,
}

impl HttpBody for Observed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let frame = {
            let _inside = this.call.span.enter();
            ready!(Pin::new(&mut this.inner).poll_frame(cx))
        };
        if let Some(Ok(frame)) = &frame
            && let Some(trailers) = frame.trailers_ref()
        {
            this.call.look_at(trailers);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Outcomes that an operator must look at.
fn is_ours(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown | Code::Internal | Code::DataLoss | Code::Unavailable | Code::DeadlineExceeded
    )
}

fn word(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
