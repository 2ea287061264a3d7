//! Transport adapters, one per gRPC service: parse → use case → encode.

mod classification;
mod triage;

use tonic::Status;

pub(crate) use classification::Classifications;
pub(crate) use triage::Triage;

use crate::error::Error;

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        runtime::status(&error.problem())
    }
}
