//! What happens to every request on its way in, in this order: refuse, observe, catch panics, limit, authenticate,
//! repeat.

pub(crate) mod authenticate;
pub(crate) mod deadline;
pub(crate) mod observe;
pub(crate) mod panics;
pub(crate) mod refuse;
pub(crate) mod repeat;

use axum::response::Response;
use vocabulary::Problem;

/// A problem as a gRPC answer without a body.
fn answer(problem: &Problem) -> Response {
    crate::status(problem).into_http()
}
