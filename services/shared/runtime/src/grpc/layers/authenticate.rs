//! No call without a caller.

use std::sync::Arc;

use auth::{Caller, Verifier};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use vocabulary::{ErrorCode, Problem};

use crate::grpc::methods::Method;

/// Puts the [`Caller`] that the bearer token proves beside the request; health and reflection need none.
pub(crate) async fn authenticate(
    State(verifier): State<Verifier>,
    mut request: Request,
    next: Next,
) -> Response {
    if request.extensions().get::<Arc<Method>>().is_some_and(|method| method.open) {
        return next.run(request).await;
    }
    match prove(&verifier, request.headers()) {
        Ok(caller) => {
            // From here on the token is nobody's business.
            request.headers_mut().remove(AUTHORIZATION);
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => super::answer(&problem),
    }
}

fn prove(verifier: &Verifier, headers: &HeaderMap) -> Result<Caller, Problem> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(token_missing()) };
    let (scheme, token) =
        value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(token_missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(token_missing());
    }
    verifier.verify(token.trim_start())
}

/// Nobody has said who is calling.
pub(crate) fn token_missing() -> Problem {
    Problem::new(
        ErrorCode::Unauthenticated,
        "TOKEN_MISSING",
        "send exactly one `authorization: Bearer <token>`",
        "Xin đăng nhập để tiếp tục.",
    )
}
