//! Transport adapters, one per gRPC service: parse → use case → encode.

mod classification;
mod decision;
mod encode;
mod similar;
mod triage;

use tonic::Status;
use vocabulary::Problem;

pub(crate) use classification::Classifications;
pub(crate) use similar::Similar;
pub(crate) use triage::Triage;

use crate::error::Error;

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        runtime::status(&error.problem())
    }
}

fn unknown_enum(field: &str) -> Problem {
    Problem::invalid(field, "ENUM_UNKNOWN", "has a value this version does not know", "Giá trị không hợp lệ.")
}
