//! Requests that are no gRPC, ask for a method that does not exist, or are more than can be served, end here.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method as Verb, StatusCode};
use tonic::Status;
use vocabulary::Problem;

use crate::grpc::methods::Methods;

/// Answers 405 and 415 as the gRPC protocol asks for, UNIMPLEMENTED for an unknown path, UNAVAILABLE while the method is
/// overloaded or too many calls are under way; tags the others with their method.
pub(crate) async fn refuse(
    State(methods): State<Arc<Methods>>,
    mut request: Request,
    next: Next,
) -> Response {
    if request.method() != Verb::POST {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED);
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        return response;
    }
    if !is_grpc(request.headers()) {
        return plain(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    if methods.is_full(request.uri().path()) {
        return overloaded();
    }
    let Some(method) = methods.find(request.uri().path()).cloned() else {
        count("path");
        return Status::unimplemented("there is no such method").into_http();
    };
    let Ok(_place) = methods.admit(request.uri().path(), &method) else { return overloaded() };
    request.extensions_mut().insert(method);
    next.run(request).await
}

fn overloaded() -> Response {
    metrics::counter!("overload_refusals_total").increment(1);
    super::answer(&Problem::overloaded())
}

fn plain(code: StatusCode) -> Response {
    count("protocol");
    let mut response = Response::default();
    *response.status_mut() = code;
    response
}

fn count(reason: &'static str) {
    metrics::counter!("rpc_refused_total", "reason" => reason).increment(1);
}

/// `application/grpc`, `application/grpc+proto`, either with parameters. Browsers speak gRPC-Web with the gateway.
fn is_grpc(headers: &HeaderMap) -> bool {
    let Some(Ok(value)) = headers.get(CONTENT_TYPE).map(HeaderValue::to_str) else { return false };
    let essence = value.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    matches!(essence.as_str(), "application/grpc" | "application/grpc+proto")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_grpc_with_protobuf_is_grpc() {
        let accepted = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_str(value).expect("a header"));
            is_grpc(&headers)
        };
        for good in ["application/grpc", "application/grpc+proto", "Application/gRPC; charset=utf-8"] {
            assert!(accepted(good), "{good}");
        }
        for bad in
            ["", "application/json", "application/grpc-web", "application/grpc+json", "application/grpcx"]
        {
            assert!(!accepted(bad), "{bad}");
        }
        assert!(!is_grpc(&HeaderMap::new()));
    }
}
