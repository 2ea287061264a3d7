//! `IntakeService`.

use std::collections::BTreeSet;
use std::pin::Pin;

use auth::{Caller, Role};
use contract::common::v1::{ReportState as WireState, Source};
use contract::intake::v1::intake_service_server::IntakeService;
use contract::intake::v1::{
    ContestReturnRequest, CreateReportRequest, GetReportRequest, ListReportsRequest, ListReportsResponse,
    ListScope, Message, PostMessageRequest, ProvideInfoRequest, ReconcileReportsRequest,
    ReconcileReportsResponse, Report, ReportView, WatchReportRequest, WatchReportResponse,
    WithdrawReportRequest,
};
use database::requests::Request as Repeatable;
use futures::Stream;
use prost::Message as _;
use runtime::grpc::caller;
use runtime::wire::{page_size, parse_timestamp, scope};
use tonic::{Request, Response, Status};
use vocabulary::{Point, Problem, ReportId, RequestId, Text};

use crate::domain::identity::Reporter;
use crate::domain::submission::{Draft, Submission};
use crate::grpc::{encode, reconciliation};
use crate::store::reports::Filter;
use crate::usecases::contest_return::contest_return;
use crate::usecases::create_report::CreateReport;
use crate::usecases::get_report::{find_visible, get_report};
use crate::usecases::list_reports::list_reports;
use crate::usecases::post_message::{PostMessage, post_message};
use crate::usecases::provide_info::provide_info;
use crate::usecases::reconcile_reports::{patience, reconcile_reports};
use crate::usecases::withdraw_report::withdraw_report;
use crate::{Error, Intake, Parts, store};

const DEFAULT_PAGE: u32 = 20;
const LARGEST_PAGE: u32 = 100;

/// Reports over gRPC.
pub struct Reports {
    pub(crate) intake: Intake,
}

#[tonic::async_trait]
impl IntakeService for Reports {
    type WatchReportStream = Pin<Box<dyn Stream<Item = Result<WatchReportResponse, Status>> + Send>>;

    async fn create_report(&self, request: Request<CreateReportRequest>) -> Result<Response<Report>, Status> {
        let caller = authorise(&request, &[Role::Citizen, Role::Assistant])?;
        let message = request.into_inner();
        let submission = self.parse_submission(&message).map_err(Error::from)?;
        let contact = message.reporter.clone().unwrap_or_default();
        let reporter = Reporter::parse(&contact.display_name, &contact.phone).map_err(Error::from)?;
        let repeatable =
            self.repeatable(&caller, &message.request_id, "CreateReport", &content_of(&message))?;
        if message.validate_only {
            return Ok(Response::new(checked(&submission)));
        }
        let command = CreateReport {
            request: repeatable,
            submission,
            owner: self.intake.platform.reporters.owner(caller.subject()),
            subject: caller.subject().clone(),
            reporter,
        };
        let reply = self.intake.desk.hand_in(command).await?;
        decode(&reply)
    }

    async fn get_report(&self, request: Request<GetReportRequest>) -> Result<Response<Report>, Status> {
        let caller = caller(&request)?;
        let message = request.into_inner();
        let id = parse_report("name", &message.name)?;
        let full = match ReportView::try_from(message.view) {
            Ok(ReportView::Unspecified | ReportView::Basic) => false,
            Ok(ReportView::Full) => true,
            Err(_) => return Err(Error::from(unknown_enum("view")).into()),
        };
        let reading = get_report(&self.intake, &caller, id, full).await?;
        let mut report =
            encode::report(&reading.report, reading.sight, &reading.media, &self.intake.province);
        report.timeline = reading
            .timeline
            .iter()
            .map(|entry| encode::entry(entry, reading.sight, &self.intake.province))
            .collect();
        report.messages = reading.messages.iter().map(encode::message).collect();
        Ok(Response::new(report))
    }

    async fn list_reports(
        &self,
        request: Request<ListReportsRequest>,
    ) -> Result<Response<ListReportsResponse>, Status> {
        let caller = caller(&request)?;
        let message = request.into_inner();
        let size = page_size(message.page_size, DEFAULT_PAGE, LARGEST_PAGE).map_err(Error::from)?;
        let filter = self.parse_filter(&caller, &message).map_err(Error::from)?;
        let bound = list_scope(&caller, &message);
        let key = &self.intake.platform.page_key;
        let id = |cursor: &[u8]| uuid::Uuid::from_slice(cursor).ok().map(ReportId);
        let before = key.decode(&bound, &message.page_token, id).map_err(Error::from)?;
        let page = list_reports(&self.intake, &caller, &filter, before, size).await?;
        let province = &self.intake.province;
        Ok(Response::new(ListReportsResponse {
            reports: page
                .reports
                .iter()
                .map(|(report, sight, media)| encode::report(report, *sight, media, province))
                .collect(),
            next_page_token: page.next.map(|id| key.encode(&bound, id.0.as_bytes())).unwrap_or_default(),
        }))
    }

    async fn watch_report(
        &self,
        request: Request<WatchReportRequest>,
    ) -> Result<Response<Self::WatchReportStream>, Status> {
        let caller = caller(&request)?;
        let message = request.into_inner();
        let id = parse_report("name", &message.name)?;
        let bound = scope(&[b"watch", id.0.as_bytes()]);
        let sequence = |cursor: &[u8]| cursor.try_into().ok().map(i64::from_be_bytes);
        let key = &self.intake.platform.page_key;
        let after = key.decode(&bound, &message.resume_token, sequence).map_err(|_| resume_problem())?;
        let db = self.intake.outbox.database().read();
        find_visible(&self.intake, db, &caller, id).await?;
        Ok(Response::new(Box::pin(watch(self.intake.clone(), caller, id, after.unwrap_or(0), bound))))
    }

    async fn withdraw_report(
        &self,
        request: Request<WithdrawReportRequest>,
    ) -> Result<Response<Report>, Status> {
        let caller = authorise(&request, &[Role::Citizen, Role::Assistant])?;
        let message = request.into_inner();
        let id = parse_report("name", &message.name)?;
        let content = message.name.as_bytes();
        let repeatable = self.repeatable(&caller, &message.request_id, "WithdrawReport", content)?;
        let owner = self.intake.platform.reporters.owner(caller.subject());
        let intake = self.intake.clone();
        let work = async move { withdraw_report(&intake, repeatable, &owner, id).await };
        decode(&self.intake.platform.lifecycle.shielded(work).await?)
    }

    async fn provide_info(&self, request: Request<ProvideInfoRequest>) -> Result<Response<Report>, Status> {
        let caller = authorise(&request, &[Role::Citizen, Role::Assistant])?;
        let message = request.into_inner();
        let id = parse_report("name", &message.name)?;
        let text = self.parse_text("text", &message.text)?;
        let content = [message.name.as_bytes(), b"\n", message.text.as_bytes()].concat();
        let repeatable = self.repeatable(&caller, &message.request_id, "ProvideInfo", &content)?;
        let owner = self.intake.platform.reporters.owner(caller.subject());
        let intake = self.intake.clone();
        let work = async move { provide_info(&intake, repeatable, &owner, id, text).await };
        decode(&self.intake.platform.lifecycle.shielded(work).await?)
    }

    async fn contest_return(
        &self,
        request: Request<ContestReturnRequest>,
    ) -> Result<Response<Report>, Status> {
        let caller = authorise(&request, &[Role::Citizen, Role::Assistant])?;
        let message = request.into_inner();
        let id = parse_report("name", &message.name)?;
        let reason = self.parse_text("reason", &message.reason)?;
        let content = [message.name.as_bytes(), b"\n", message.reason.as_bytes()].concat();
        let repeatable = self.repeatable(&caller, &message.request_id, "ContestReturn", &content)?;
        let owner = self.intake.platform.reporters.owner(caller.subject());
        let intake = self.intake.clone();
        let work = async move { contest_return(&intake, repeatable, &owner, id, reason).await };
        decode(&self.intake.platform.lifecycle.shielded(work).await?)
    }

    async fn post_message(&self, request: Request<PostMessageRequest>) -> Result<Response<Message>, Status> {
        let caller = caller(&request)?;
        let message = request.into_inner();
        let report = parse_report("parent", &message.parent)?;
        let content = content_of_message(&message);
        let repeatable = self.repeatable(&caller, &message.request_id, "PostMessage", &content)?;
        let posted = message.message.unwrap_or_default();
        let text = self.parse_text("message.text", &posted.text)?;
        let command = PostMessage { request: repeatable, report, text, internal: posted.internal };
        let intake = self.intake.clone();
        let work = async move { post_message(&intake, &caller, command, encode::message_bytes).await };
        decode(&self.intake.platform.lifecycle.shielded(work).await?)
    }

    async fn reconcile_reports(
        &self,
        request: Request<ReconcileReportsRequest>,
    ) -> Result<Response<ReconcileReportsResponse>, Status> {
        authorise(&request, &[Role::Auditor, Role::Administrator])?;
        let Parts { outbox, province, stuck_after, .. } = &*self.intake;
        let now = outbox.clock().now();
        let days = reconciliation::parse_days(&request.into_inner(), province.local_date(now))
            .map_err(Error::from)?;
        let stuck_before = now - patience(*stuck_after);
        let found = reconcile_reports(outbox.database(), province, days, stuck_before, reconciliation::NAMED)
            .await
            .map_err(Error::from)?;
        Ok(Response::new(reconciliation::encode(&found)))
    }
}

impl Reports {
    fn parse_text(&self, field: &str, text: &str) -> Result<Text, Error> {
        Ok(Text::parse(field, text, self.intake.province.policies.text.maximum_code_points)?)
    }

    fn repeatable(
        &self,
        caller: &Caller,
        request_id: &str,
        method: &str,
        content: &[u8],
    ) -> Result<Repeatable, Error> {
        let id = RequestId::parse(request_id).map_err(|error| {
            Problem::invalid(
                "request_id",
                "REQUEST_ID_INVALID",
                error.to_string(),
                "Mã yêu cầu không hợp lệ.",
            )
        })?;
        Ok(Repeatable::new(&self.intake.platform.reporters.caller(caller), id, method, content))
    }

    fn parse_submission(&self, message: &CreateReportRequest) -> Result<Submission, Problem> {
        let report = message.report.as_ref().ok_or_else(|| {
            Problem::invalid("report", "FIELD_REQUIRED", "is missing", "Xin gửi nội dung phản ánh.")
        })?;
        let source = Source::try_from(report.source).map_err(|_| unknown_enum("report.source"))?;
        let location = report.location.clone().unwrap_or_default();
        let captured = match report.capture_time {
            None => None,
            given => Some(parse_timestamp("report.capture_time", given)?),
        };
        let draft = Draft {
            text: &report.text,
            degrees: location.point.map(|point| (point.latitude, point.longitude)),
            address: &location.address,
            media: &report.media,
            source: if source == Source::Unspecified { Source::CitizenApp.into() } else { source.into() },
            captured,
            publication_consent: report.publication_consent,
        };
        let province = &self.intake.province;
        let is_near = |point: Point| province.communes.locate(point).commune().is_some();
        Submission::parse(&draft, &province.policies, self.intake.outbox.clock().now(), is_near)
    }

    fn parse_filter(&self, caller: &Caller, message: &ListReportsRequest) -> Result<Filter, Problem> {
        let scope = ListScope::try_from(message.scope).map_err(|_| unknown_enum("scope"))?;
        let owner = match scope {
            ListScope::Unspecified | ListScope::Own => {
                Some(self.intake.platform.reporters.owner(caller.subject()).to_vec())
            }
            ListScope::Public => None,
        };
        let known =
            |state: &i32| WireState::try_from(*state).ok().filter(|state| *state != WireState::Unspecified);
        let asked: Option<BTreeSet<WireState>> = message.states.iter().map(known).collect();
        let asked = asked.ok_or_else(|| unknown_enum("states"))?;
        let states = (!asked.is_empty()).then(|| encode::states_shown_as(&asked));
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Ok(Filter { owner, states, commune: given(&message.commune_code), field: given(&message.field) })
    }
}

/// How soon a stream notices what another process has written.
const LOOK: std::time::Duration = std::time::Duration::from_secs(1);

/// Follows a timeline: what has happened, then what happens, until the report or the process ends.
fn watch(
    intake: Intake,
    caller: Caller,
    id: ReportId,
    after: i64,
    bound: Vec<u8>,
) -> impl Stream<Item = Result<WatchReportResponse, Status>> + Send {
    let (sender, receiver) = tokio::sync::mpsc::channel(16);
    let lifecycle = intake.platform.lifecycle.clone();
    lifecycle.spawn("watch-report", async move {
        if let Err(error) = follow(&intake, &caller, id, after, &bound, &sender).await {
            // The client is gone when this fails, and there is nobody left to tell.
            drop(sender.send(Err(Status::from(error))).await);
        }
        Ok::<(), Error>(())
    });
    tokio_stream::wrappers::ReceiverStream::new(receiver)
}

async fn follow(
    intake: &Intake,
    caller: &Caller,
    id: ReportId,
    mut after: i64,
    bound: &[u8],
    sender: &tokio::sync::mpsc::Sender<Result<WatchReportResponse, Status>>,
) -> Result<(), Error> {
    let mut watching = intake.watchers.watch(id);
    // Another process of this service may write the timeline; only the wake-up is ours alone.
    let alone = intake.platform.bus.is_in_process();
    let stopping = intake.platform.lifecycle.stopping();
    loop {
        watching.grown.borrow_and_update();
        // Rights may have been taken away since the last step: a report can be quarantined while it is watched.
        let db = intake.outbox.database().snapshot().await?;
        let (report, sight) = find_visible(intake, &db, caller, id).await?;
        let grown_by = store::timeline::list(&db, id, after).await?;
        drop(db);
        for entry in grown_by {
            after = entry.sequence;
            let resume_token = intake.platform.page_key.encode(bound, &after.to_be_bytes());
            let step = WatchReportResponse {
                entry: Some(encode::entry(&entry, sight, &intake.province)),
                resume_token,
            };
            if sender.send(Ok(step)).await.is_err() {
                return Ok(());
            }
        }
        let ended = matches!(
            report.state,
            vocabulary::ReportState::Closed
                | vocabulary::ReportState::Withdrawn
                | vocabulary::ReportState::Merged
        );
        if ended && after >= report.last_sequence {
            return Ok(());
        }
        tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            () = sender.closed() => return Ok(()),
            changed = watching.grown.changed() => if changed.is_err() { return Ok(()) },
            () = tokio::time::sleep(LOOK), if !alone => {}
        }
    }
}

fn authorise<T>(request: &Request<T>, roles: &[Role]) -> Result<Caller, Status> {
    let caller = caller(request)?;
    caller.require(roles).map_err(Error::from)?;
    Ok(caller)
}

fn parse_report(field: &str, name: &str) -> Result<ReportId, Error> {
    ReportId::parse_name(name).map_err(|error| {
        Problem::invalid(field, "NAME_INVALID", error.to_string(), "Mã phản ánh không hợp lệ.").into()
    })
}

fn resume_problem() -> Error {
    let description = "is not a token of this report's stream";
    Problem::invalid("resume_token", "RESUME_TOKEN_INVALID", description, "Mã tiếp tục không hợp lệ.").into()
}

fn unknown_enum(field: &str) -> Problem {
    Problem::invalid(field, "ENUM_UNKNOWN", "has a value this version does not know", "Giá trị không hợp lệ.")
}

fn list_scope(caller: &Caller, message: &ListReportsRequest) -> Vec<u8> {
    let states: Vec<u8> = message.states.iter().flat_map(|state| state.to_be_bytes()).collect();
    scope(&[
        b"list",
        caller.role().as_str().as_bytes(),
        caller.subject().as_str().as_bytes(),
        &message.scope.to_be_bytes(),
        &states,
        message.commune_code.as_bytes(),
        message.field.as_bytes(),
    ])
}

/// What makes two requests the same: everything but the id, and not what the service sets itself.
fn content_of(message: &CreateReportRequest) -> Vec<u8> {
    let sent = message.report.clone().unwrap_or_default();
    let report = Report {
        text: sent.text,
        location: sent.location,
        media: sent.media,
        source: sent.source,
        capture_time: sent.capture_time,
        publication_consent: sent.publication_consent,
        ..Report::default()
    };
    let content = CreateReportRequest {
        report: Some(report),
        reporter: message.reporter.clone(),
        ..CreateReportRequest::default()
    };
    content.encode_to_vec()
}

fn content_of_message(message: &PostMessageRequest) -> Vec<u8> {
    PostMessageRequest { request_id: String::new(), ..message.clone() }.encode_to_vec()
}

/// The answer to `validate_only`: what would be stored, without name and code.
fn checked(submission: &Submission) -> Report {
    Report {
        text: submission.text.as_str().to_owned(),
        location: Some(contract::common::v1::Location {
            point: Some(contract::google::r#type::LatLng {
                latitude: submission.point.latitude(),
                longitude: submission.point.longitude(),
            }),
            address: submission.address.clone(),
        }),
        media: submission.media.iter().map(|id| id.name()).collect(),
        source: submission.source,
        publication_consent: submission.publication_consent,
        ..Report::default()
    }
}

fn decode<M: prost::Message + Default>(reply: &[u8]) -> Result<Response<M>, Status> {
    let message = M::decode(reply).map_err(|_| Error::from(Problem::internal("stored-reply")))?;
    Ok(Response::new(message))
}
