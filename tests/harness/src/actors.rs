//! The people of a journey: what each of them does, in one call.

use std::ops::Deref;

use contract::classification::v1::decide_review_request::Decision;
use contract::classification::v1::{
    BatchDecideReviewsRequest, BatchUndoDecisionsRequest, ClaimReviewRequest, DecideReviewRequest,
    GetReviewRequest, ListReturnTemplatesRequest, ListReviewsRequest, ReleaseReviewRequest, ReturnTemplate,
    Review, ReviewResult, UndoDecisionRequest,
};
use contract::common::v1::Verdict;
use contract::intake::v1::{
    ContestReturnRequest, CreateReportRequest, ProvideInfoRequest, Report, Reporter, WatchReportRequest,
    WatchReportResponse, WithdrawReportRequest,
};
use contract::routing::v1::{
    AcceptAssignmentRequest, ApproveResolutionRequest, Assignment, HandBackAssignmentRequest,
    ListAssignmentsRequest, Resolution, SubmitResolutionRequest,
};
use contract::satisfaction::v1::{
    DissatisfactionReason, GetInvitationRequest, Invitation, Rating, SubmitRatingRequest,
};
use tonic::{Status, Streaming};

use crate::{Anyone, eventually, fresh_id};

macro_rules! actor {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(pub Anyone);

        impl Deref for $name {
            type Target = Anyone;
            fn deref(&self) -> &Anyone {
                &self.0
            }
        }
    };
}

actor!(
    /// Somebody who reports.
    Citizen
);
actor!(
    /// Somebody at the coordinators' queue: a coordinator or a cleared officer.
    Triage
);
actor!(
    /// Somebody who works for an agency: a handler or a leader.
    Agency
);

impl Citizen {
    /// Sends a report under a fresh request id.
    pub async fn create(&self, report: &Report) -> Result<Report, Status> {
        self.create_as(&fresh_id(), report, None).await
    }

    /// Sends a report under this request id, with a name and a phone number if given.
    pub async fn create_as(
        &self,
        request_id: &str,
        report: &Report,
        reporter: Option<Reporter>,
    ) -> Result<Report, Status> {
        let request = CreateReportRequest {
            report: Some(report.clone()),
            request_id: request_id.to_owned(),
            reporter,
            validate_only: false,
        };
        Ok(self.intake().create_report(request).await?.into_inner())
    }

    /// Takes a report back.
    pub async fn withdraw(&self, report: &str) -> Result<Report, Status> {
        let request = WithdrawReportRequest { name: report.to_owned(), request_id: fresh_id() };
        Ok(self.intake().withdraw_report(request).await?.into_inner())
    }

    /// Answers what was asked.
    pub async fn provide_info(&self, report: &str, text: &str) -> Result<Report, Status> {
        let request =
            ProvideInfoRequest { name: report.to_owned(), text: text.to_owned(), request_id: fresh_id() };
        Ok(self.intake().provide_info(request).await?.into_inner())
    }

    /// Contests a return or refusal.
    pub async fn contest(&self, report: &str, reason: &str) -> Result<Report, Status> {
        let request = ContestReturnRequest {
            name: report.to_owned(),
            reason: reason.to_owned(),
            request_id: fresh_id(),
        };
        Ok(self.intake().contest_return(request).await?.into_inner())
    }

    /// Follows a report; an empty token begins at the beginning.
    pub async fn watch(
        &self,
        report: &str,
        resume_token: &str,
    ) -> Result<Streaming<WatchReportResponse>, Status> {
        let request = WatchReportRequest { name: report.to_owned(), resume_token: resume_token.to_owned() };
        Ok(self.intake().watch_report(request).await?.into_inner())
    }

    /// Reads an invitation.
    pub async fn invitation(&self, name: &str) -> Result<Invitation, Status> {
        let request = GetInvitationRequest { name: name.to_owned() };
        Ok(self.ratings().get_invitation(request).await?.into_inner())
    }

    /// Rates a closing.
    pub async fn rate(&self, invitation: &str, verdict: Verdict) -> Result<Rating, Status> {
        let unsatisfied = verdict == Verdict::Unsatisfied;
        let request = SubmitRatingRequest {
            invitation: invitation.to_owned(),
            resolved: !unsatisfied,
            verdict: verdict.into(),
            reasons: if unsatisfied { vec![DissatisfactionReason::NotDone.into()] } else { Vec::new() },
            comment: String::new(),
            request_id: fresh_id(),
        };
        Ok(self.ratings().submit_rating(request).await?.into_inner())
    }
}

impl Triage {
    /// The first page of the queue.
    pub async fn reviews(&self) -> Result<Vec<Review>, Status> {
        let request = ListReviewsRequest { page_size: 100, ..ListReviewsRequest::default() };
        Ok(self.triage().list_reviews(request).await?.into_inner().reviews)
    }

    /// Waits until the report stands in the queue, and answers its review.
    pub async fn review_of(&self, report: &str) -> Review {
        eventually(&format!("{report} waits for a person"), async || {
            let reviews = self.reviews().await.map_err(|status| status.to_string())?;
            let waiting = reviews.iter().map(|review| review.report.clone()).collect::<Vec<_>>();
            reviews
                .into_iter()
                .find(|review| review.report == report)
                .ok_or_else(|| format!("waiting: {waiting:?}"))
        })
        .await
    }

    /// Reads one review.
    pub async fn review(&self, name: &str) -> Result<Review, Status> {
        let request = GetReviewRequest { name: name.to_owned() };
        Ok(self.triage().get_review(request).await?.into_inner())
    }

    /// Takes a review, or renews the lease.
    pub async fn claim(&self, review: &Review) -> Result<Review, Status> {
        let request = ClaimReviewRequest { name: review.name.clone(), request_id: fresh_id() };
        Ok(self.triage().claim_review(request).await?.into_inner())
    }

    /// Gives a review back to the queue.
    pub async fn release(&self, review: &Review) -> Result<Review, Status> {
        let request = ReleaseReviewRequest { name: review.name.clone(), request_id: fresh_id() };
        Ok(self.triage().release_review(request).await?.into_inner())
    }

    /// Decides a review as it was read.
    pub async fn decide(&self, review: &Review, decision: Decision) -> Result<Review, Status> {
        Ok(self.triage().decide_review(as_read(review, decision)).await?.into_inner())
    }

    /// Decides many reviews as they were read, in one call.
    pub async fn decide_all(&self, decisions: Vec<(Review, Decision)>) -> Result<Vec<ReviewResult>, Status> {
        let requests = decisions.into_iter().map(|(review, decision)| as_read(&review, decision)).collect();
        let request = BatchDecideReviewsRequest { requests, request_id: fresh_id() };
        Ok(self.triage().batch_decide_reviews(request).await?.into_inner().results)
    }

    /// Takes a decision back.
    pub async fn undo(&self, review: &str) -> Result<Review, Status> {
        let request = UndoDecisionRequest { name: review.to_owned(), request_id: fresh_id() };
        Ok(self.triage().undo_decision(request).await?.into_inner())
    }

    /// Takes many decisions back, in one call.
    pub async fn undo_all(&self, names: Vec<String>) -> Result<Vec<ReviewResult>, Status> {
        let request = BatchUndoDecisionsRequest { names, request_id: fresh_id() };
        Ok(self.triage().batch_undo_decisions(request).await?.into_inner().results)
    }

    /// The ready texts for returns and refusals.
    pub async fn return_templates(&self) -> Result<Vec<ReturnTemplate>, Status> {
        let request = ListReturnTemplatesRequest {};
        Ok(self.triage().list_return_templates(request).await?.into_inner().templates)
    }
}

fn as_read(review: &Review, decision: Decision) -> DecideReviewRequest {
    DecideReviewRequest {
        name: review.name.clone(),
        decision: Some(decision),
        request_id: fresh_id(),
        etag: review.etag.clone(),
    }
}

impl Agency {
    /// The first page of the agency's queue, or of every agency's for callers who see all.
    pub async fn assignments(&self) -> Result<Vec<Assignment>, Status> {
        let request = ListAssignmentsRequest { page_size: 100, ..ListAssignmentsRequest::default() };
        Ok(self.dispatch().list_assignments(request).await?.into_inner().assignments)
    }

    /// Waits until the report stands in the queue, and answers its open assignment.
    pub async fn assignment_of(&self, report: &str) -> Assignment {
        eventually(&format!("{report} is assigned"), async || {
            let assignments = self.assignments().await.map_err(|status| status.to_string())?;
            let queue = assignments.iter().map(|found| found.report.clone()).collect::<Vec<_>>();
            assignments
                .into_iter()
                .find(|found| found.report == report)
                .ok_or_else(|| format!("queue: {queue:?}"))
        })
        .await
    }

    /// Accepts.
    pub async fn accept(&self, assignment: &Assignment) -> Result<Assignment, Status> {
        let request = AcceptAssignmentRequest {
            name: assignment.name.clone(),
            request_id: fresh_id(),
            etag: assignment.etag.clone(),
        };
        Ok(self.dispatch().accept_assignment(request).await?.into_inner())
    }

    /// Hands back.
    pub async fn hand_back(&self, assignment: &Assignment, reason: &str) -> Result<Assignment, Status> {
        let request = HandBackAssignmentRequest {
            name: assignment.name.clone(),
            reason: reason.to_owned(),
            request_id: fresh_id(),
            etag: assignment.etag.clone(),
        };
        Ok(self.dispatch().hand_back_assignment(request).await?.into_inner())
    }

    /// Writes the reply.
    pub async fn submit(
        &self,
        assignment: &Assignment,
        resolution: Resolution,
    ) -> Result<Assignment, Status> {
        let request = SubmitResolutionRequest {
            name: assignment.name.clone(),
            resolution: Some(resolution),
            request_id: fresh_id(),
            etag: assignment.etag.clone(),
        };
        Ok(self.dispatch().submit_resolution(request).await?.into_inner())
    }

    /// Makes the reply public.
    pub async fn approve(&self, assignment: &Assignment) -> Result<Assignment, Status> {
        let request = ApproveResolutionRequest {
            name: assignment.name.clone(),
            request_id: fresh_id(),
            etag: assignment.etag.clone(),
        };
        Ok(self.dispatch().approve_resolution(request).await?.into_inner())
    }
}
