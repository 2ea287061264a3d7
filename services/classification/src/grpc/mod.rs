//! Transport adapters, one per gRPC service: parse → use case → encode.

mod classification;
mod decision;
mod encode;
mod learning;
mod similar;
mod triage;

use auth::Caller;
use database::requests::Request as Recorded;
use tonic::Status;
use vocabulary::{Problem, RequestId};

pub(crate) use classification::Classifications;
pub(crate) use learning::Learning;
pub(crate) use similar::Similar;
pub(crate) use triage::Triage;

use crate::error::Error;
use crate::usecases::Desk;

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        runtime::status(&error.problem())
    }
}

/// A request by which its repeat is recognised.
fn recorded(
    desk: &Desk,
    caller: &Caller,
    request_id: &str,
    method: &str,
    content: &[u8],
) -> Result<Recorded, Error> {
    let id = RequestId::parse(request_id).map_err(|error| {
        Problem::invalid(
            "request_id",
            "REQUEST_ID_INVALID",
            format!("must be {}", error.expected),
            "Mã yêu cầu không hợp lệ.",
        )
    })?;
    Ok(Recorded::new(&desk.seal.caller(caller), id, method, content))
}

fn unknown_enum(field: &str) -> Problem {
    Problem::invalid(field, "ENUM_UNKNOWN", "has a value this version does not know", "Giá trị không hợp lệ.")
}
