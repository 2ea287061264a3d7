//! Agencies: accept, hand back, answer, approve, one step at a time.

use std::time::Duration;

use contract::common::v1::Outcome as Done;
use contract::routing::v1::dispatch_service_client::DispatchServiceClient;
use contract::routing::v1::{
    AcceptAssignmentRequest, ApproveResolutionRequest, Assignment, AssignmentState,
    HandBackAssignmentRequest, ListAssignmentsRequest, Resolution, SubmitResolutionRequest,
};
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::json;
use tonic::Request;

use crate::cluster::Service;
use crate::town::people::Person;
use crate::town::{Town, fresh_id};

impl Town {
    /// Takes the next step with some assignment.
    pub(super) async fn dispatch(&self, rng: &mut StdRng) -> anyhow::Result<()> {
        let taken = self.memory.open().assignments.take(rng);
        let assignment = match taken {
            Some(assignment) => assignment,
            None => {
                let person = if rng.random_bool(0.8) { Person::Supervisor } else { Person::Officer };
                self.list_assignments(&person).await?;
                let Some(assignment) = self.memory.open().assignments.take(rng) else { return Ok(()) };
                assignment
            }
        };
        let changed = self.step(&assignment, rng).await?;
        let mut known = self.memory.open();
        match changed {
            Some(changed) if is_open(&changed) => known.assignments.put_back(changed),
            Some(changed) => {
                known.was_answered(&changed.report);
                known.assignments.let_go(&assignment.name);
            }
            None => known.assignments.let_go(&assignment.name),
        }
        Ok(())
    }

    /// The assignment as it stands after the step; none if it was refused.
    async fn step(&self, assignment: &Assignment, rng: &mut StdRng) -> anyhow::Result<Option<Assignment>> {
        let agency = assignment.agency.trim_start_matches("agencies/").to_owned();
        let (name, etag) = (assignment.name.clone(), assignment.etag.clone());
        let details = json!({ "assignment": name, "report": assignment.report, "agency": agency });
        let request_id = fresh_id(rng);
        let handler = Person::Handler(agency.clone());
        let outcome = match assignment.state() {
            AssignmentState::Assigned if rng.random_bool(0.15) => {
                let reason = "Không thuộc thẩm quyền.".to_owned();
                let request = HandBackAssignmentRequest { name, reason, request_id, etag };
                self.ask(&handler, request, details, rng).await?
            }
            AssignmentState::Assigned => {
                let request = AcceptAssignmentRequest { name, request_id, etag };
                self.ask(&handler, request, details, rng).await?
            }
            AssignmentState::InProgress => {
                let resolution = Some(resolution(&assignment.report, rng));
                let request = SubmitResolutionRequest { name, resolution, request_id, etag };
                self.ask(&handler, request, details, rng).await?
            }
            AssignmentState::PendingApproval => {
                let request = ApproveResolutionRequest { name, request_id, etag };
                self.ask(&Person::Leader(agency), request, details, rng).await?
            }
            AssignmentState::Unspecified
            | AssignmentState::Resolved
            | AssignmentState::Deferred
            | AssignmentState::HandedBack
            | AssignmentState::Cancelled => return Ok(None),
        };
        let changed = outcome.answer();
        if let Some(changed) = &changed {
            self.answers.keep("Assignment", changed);
        }
        Ok(changed)
    }

    async fn list_assignments(&self, person: &Person) -> anyhow::Result<()> {
        let mut page_token = String::new();
        loop {
            let message = ListAssignmentsRequest { page_size: 100, page_token, ..Default::default() };
            let listed = self.read_once(Service::Routing, person, |token, channel| async move {
                let mut request = Request::new(message);
                request.metadata_mut().insert("authorization", token);
                request.set_timeout(Duration::from_secs(3));
                Ok(DispatchServiceClient::new(channel).list_assignments(request).await?.into_inner())
            });
            let Some(page) = listed.await? else { return Ok(()) };
            self.answers.keep("ListAssignments", &page);
            let work = page.assignments.into_iter().map(|assignment| (assignment.name.clone(), assignment));
            let new = self.memory.open().assignments.add(work);
            // The head of the queue may be in other hands; look further.
            if new > 0 || page.next_page_token.is_empty() {
                return Ok(());
            }
            page_token = page.next_page_token;
        }
    }
}

fn is_open(assignment: &Assignment) -> bool {
    matches!(
        assignment.state(),
        AssignmentState::Assigned | AssignmentState::InProgress | AssignmentState::PendingApproval
    )
}

fn resolution(report: &str, rng: &mut StdRng) -> Resolution {
    let reply = format!("Kính gửi Ông/Bà, đơn vị đã xem xét {report} và trả lời.");
    if rng.random_bool(0.1) {
        // Far ahead: the promise must lie in the future whenever the request is answered.
        let promised_time = Some(prost_types::Timestamp { seconds: 1_893_456_000, nanos: 0 });
        return Resolution { outcome: Done::Planned.into(), reply, evidence: Vec::new(), promised_time };
    }
    Resolution { outcome: Done::Explained.into(), reply, evidence: Vec::new(), promised_time: None }
}
