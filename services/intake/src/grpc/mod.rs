//! The transport adapter: parse → use case → encode. The only place in intake that knows gRPC.

mod encode;
mod media;
mod reconciliation;
mod reports;

pub use encode::own_report;
pub use media::Media;
pub use reports::Reports;
use tonic::Status;

use crate::Error;

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        runtime::status(&error.problem())
    }
}
