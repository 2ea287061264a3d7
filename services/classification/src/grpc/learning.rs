//! `LearningService`.

use auth::{Caller, Role};
use contract::classification::v1::learning_service_server::LearningService;
use contract::classification::v1::{
    ApproveTrainingRequest, ConfirmLabelRequest, GetLearningReportRequest, Label, LearningReport,
    ListBlindTasksRequest, ListBlindTasksResponse, ListLabelsRequest, ListLabelsResponse, ListModelsRequest,
    ListModelsResponse, RollbackModelRequest, RollbackModelResponse, SubmitBlindLabelRequest,
    SubmitBlindLabelResponse, TrainModelRequest, TrainModelResponse,
};
use prost::Message as _;
use runtime::Lifecycle;
use runtime::grpc::caller;
use runtime::wire::page_size;
use tonic::{Request, Response, Status};
use uuid::Uuid;
use vocabulary::{Problem, Text};

use super::{recorded, unknown_enum};
use crate::domain::labels::Mark;
use crate::error::Error;
use crate::usecases::{self, Desk, MarkLabel, SubmitBlindLabel};
use crate::words;

const SEES_LABELS: [Role; 4] = [Role::Supervisor, Role::Administrator, Role::Auditor, Role::ClearedOfficer];
const CONFIRMS: [Role; 2] = [Role::Supervisor, Role::ClearedOfficer];
const APPROVES: [Role; 1] = [Role::ClearedOfficer];
const LABELS: [Role; 2] = [Role::Coordinator, Role::ClearedOfficer];
const SEES_REPORT: [Role; 3] = [Role::Supervisor, Role::Administrator, Role::Auditor];
const SEES_MODELS: [Role; 2] = [Role::Administrator, Role::Auditor];
const CHANGES_MODELS: [Role; 1] = [Role::Administrator];
const PAGE_DEFAULT: u32 = 20;
const PAGE_MAXIMUM: u32 = 100;

pub(crate) struct Learning {
    pub(crate) desk: Desk,
    pub(crate) lifecycle: Lifecycle,
}

#[tonic::async_trait]
impl LearningService for Learning {
    async fn list_labels(
        &self,
        request: Request<ListLabelsRequest>,
    ) -> Result<Response<ListLabelsResponse>, Status> {
        let caller = authorise(&request, &SEES_LABELS)?;
        let ListLabelsRequest { page_size: asked, page_token } = request.into_inner();
        let size = page_size(asked, PAGE_DEFAULT, PAGE_MAXIMUM).map_err(Error::from)?;
        Ok(Response::new(usecases::list_labels(&self.desk, &caller, size, &page_token).await?))
    }

    async fn confirm_label(&self, request: Request<ConfirmLabelRequest>) -> Result<Response<Label>, Status> {
        let caller = authorise(&request, &CONFIRMS)?;
        let request = request.into_inner();
        let content = request.encode_to_vec();
        let recorded = recorded(&self.desk, &caller, &request.request_id, "ConfirmLabel", &content)?;
        let mark = if request.correct { Mark::Confirmed } else { Mark::Refuted };
        let label = parse_name("labels/", &request.name)?;
        let command = MarkLabel { caller, label, mark, reason: String::new(), request: recorded };
        let marked = usecases::mark_label(self.desk.clone(), command);
        Ok(Response::new(self.lifecycle.shielded::<Label, Error>(marked).await?))
    }

    async fn approve_training(
        &self,
        request: Request<ApproveTrainingRequest>,
    ) -> Result<Response<Label>, Status> {
        let caller = authorise(&request, &APPROVES)?;
        let request = request.into_inner();
        let content = request.encode_to_vec();
        let recorded = recorded(&self.desk, &caller, &request.request_id, "ApproveTraining", &content)?;
        let mark = if request.approved { Mark::TrainingApproved } else { Mark::TrainingRevoked };
        let reason = self.parse_reason(&request.reason).map_err(Error::from)?;
        let label = parse_name("labels/", &request.name)?;
        let command = MarkLabel { caller, label, mark, reason, request: recorded };
        let marked = usecases::mark_label(self.desk.clone(), command);
        Ok(Response::new(self.lifecycle.shielded::<Label, Error>(marked).await?))
    }

    async fn list_blind_tasks(
        &self,
        request: Request<ListBlindTasksRequest>,
    ) -> Result<Response<ListBlindTasksResponse>, Status> {
        let caller = authorise(&request, &LABELS)?;
        let size = page_size(request.get_ref().page_size, PAGE_DEFAULT, PAGE_MAXIMUM).map_err(Error::from)?;
        Ok(Response::new(usecases::list_blind_tasks(&self.desk, &caller, size).await?))
    }

    async fn submit_blind_label(
        &self,
        request: Request<SubmitBlindLabelRequest>,
    ) -> Result<Response<SubmitBlindLabelResponse>, Status> {
        let caller = authorise(&request, &LABELS)?;
        let command = self.parse_blind(caller, request.into_inner())?;
        let submitted = usecases::submit_blind_label(self.desk.clone(), command);
        let reply = self.lifecycle.shielded::<SubmitBlindLabelResponse, Error>(submitted).await?;
        Ok(Response::new(reply))
    }

    async fn get_learning_report(
        &self,
        request: Request<GetLearningReportRequest>,
    ) -> Result<Response<LearningReport>, Status> {
        authorise(&request, &SEES_REPORT)?;
        Ok(Response::new(usecases::report_learning(&self.desk).await?))
    }

    async fn list_models(
        &self,
        request: Request<ListModelsRequest>,
    ) -> Result<Response<ListModelsResponse>, Status> {
        authorise(&request, &SEES_MODELS)?;
        Ok(Response::new(usecases::list_models(&self.desk).await?))
    }

    async fn train_model(
        &self,
        request: Request<TrainModelRequest>,
    ) -> Result<Response<TrainModelResponse>, Status> {
        let caller = authorise(&request, &CHANGES_MODELS)?;
        let recorded = recorded(&self.desk, &caller, &request.get_ref().request_id, "TrainModel", &[])?;
        let asked = usecases::ask_for_training(self.desk.clone(), recorded);
        Ok(Response::new(self.lifecycle.shielded::<TrainModelResponse, Error>(asked).await?))
    }

    async fn rollback_model(
        &self,
        request: Request<RollbackModelRequest>,
    ) -> Result<Response<RollbackModelResponse>, Status> {
        let caller = authorise(&request, &CHANGES_MODELS)?;
        let recorded = recorded(&self.desk, &caller, &request.get_ref().request_id, "RollbackModel", &[])?;
        let rolled_back = usecases::roll_back(self.desk.clone(), caller, recorded);
        let reply = self.lifecycle.shielded::<RollbackModelResponse, Error>(rolled_back).await?;
        Ok(Response::new(reply))
    }
}

impl Learning {
    fn parse_reason(&self, reason: &str) -> Result<String, Problem> {
        let maximum = self.desk.province.policies.text.maximum_code_points;
        let reason = Text::parse_optional("reason", reason, maximum)?;
        reason
            .map(String::from)
            .ok_or_else(|| Problem::invalid("reason", "REASON_REQUIRED", "must say why", "Xin nêu lý do."))
    }

    fn parse_blind(
        &self,
        caller: Caller,
        request: SubmitBlindLabelRequest,
    ) -> Result<SubmitBlindLabel, Error> {
        let content = request.encode_to_vec();
        let recorded = recorded(&self.desk, &caller, &request.request_id, "SubmitBlindLabel", &content)?;
        let leaf = self.desk.machine().find_leaf(&request.leaf).map(|leaf| leaf.code.clone());
        let leaf = leaf.ok_or_else(|| {
            Problem::invalid(
                "leaf",
                "LEAF_UNKNOWN",
                "must be a leaf of the province's taxonomy",
                "Lĩnh vực không hợp lệ.",
            )
        })?;
        let urgency = words::parse_urgency(request.urgency).ok().flatten();
        let urgency = urgency.ok_or_else(|| unknown_enum("urgency"))?;
        let task = parse_name("blindTasks/", &request.name)?;
        Ok(SubmitBlindLabel { caller, task, leaf, urgency, request: recorded })
    }
}

fn authorise<T>(request: &Request<T>, roles: &[Role]) -> Result<Caller, Status> {
    let caller = caller(request)?;
    caller.require(roles).map_err(Error::from)?;
    Ok(caller)
}

/// A name that is none names nothing that exists.
fn parse_name(collection: &str, name: &str) -> Result<Uuid, Error> {
    let id = name.strip_prefix(collection).and_then(|id| Uuid::try_parse(id).ok());
    Ok(id.ok_or_else(Problem::denied)?)
}
