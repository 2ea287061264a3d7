//! `ClassificationService`.

use auth::Role;
use contract::classification::v1::classification_service_server::ClassificationService;
use contract::classification::v1::{
    Classification, ClassifyTextRequest, GetClassificationRequest, Suggestion,
};
use runtime::grpc::caller;
use tonic::{Request, Response, Status};
use vocabulary::{Problem, ReportId};

use crate::usecases::{self, Desk};

const STAFF: [Role; 7] = [
    Role::Coordinator,
    Role::ClearedOfficer,
    Role::AgencyHandler,
    Role::AgencyLeader,
    Role::Supervisor,
    Role::Administrator,
    Role::Auditor,
];

pub(crate) struct Classifications {
    pub(crate) desk: Desk,
}

#[tonic::async_trait]
impl ClassificationService for Classifications {
    async fn classify_text(
        &self,
        request: Request<ClassifyTextRequest>,
    ) -> Result<Response<Suggestion>, Status> {
        caller(&request)?;
        let suggestion = usecases::classify_text(&self.desk, &request.get_ref().text);
        Ok(Response::new(suggestion.map_err(|problem| runtime::status(&problem))?))
    }

    async fn get_classification(
        &self,
        request: Request<GetClassificationRequest>,
    ) -> Result<Response<Classification>, Status> {
        let caller = caller(&request)?;
        caller.require(&STAFF).map_err(|problem| runtime::status(&problem))?;
        let report = parse_name(&request.get_ref().name).map_err(|problem| runtime::status(&problem))?;
        Ok(Response::new(usecases::get_classification(&self.desk, &caller, report).await?))
    }
}

/// A name that is none names nothing that exists.
fn parse_name(name: &str) -> Result<ReportId, Problem> {
    let report = name.strip_suffix("/classification").and_then(|name| ReportId::parse_name(name).ok());
    report.ok_or_else(Problem::denied)
}
