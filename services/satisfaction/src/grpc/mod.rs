//! The transport adapter: parse → use case → encode, one file per gRPC service.

pub mod encode;
pub mod ratings;
pub mod scores;

use crate::error::Error;

impl From<Error> for tonic::Status {
    fn from(error: Error) -> Self {
        runtime::status(&error.problem())
    }
}
