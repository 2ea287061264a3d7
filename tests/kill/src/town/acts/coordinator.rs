//! Coordinators and cleared officers: what the machine was not sure of, they decide.

use std::time::Duration;

use contract::classification::v1::decide_review_request::Decision;
use contract::classification::v1::triage_service_client::TriageServiceClient;
use contract::classification::v1::{
    ChangeLeaf, Confirm, DecideReviewRequest, ListReviewsRequest, Reject, ReturnToCitizen, Review,
};
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::json;
use tonic::Request;

use crate::cluster::Service;
use crate::town::people::Person;
use crate::town::{Town, fresh_id};

impl Town {
    /// Decides a review.
    pub(super) async fn decide(&self, rng: &mut StdRng) -> anyhow::Result<()> {
        let taken = self.memory.open().reviews.take(rng);
        let review = match taken {
            Some(review) => review,
            None => {
                let person = if rng.random_bool(0.7) { Person::Coordinator } else { Person::Officer };
                self.list_reviews(&person).await?;
                let Some(review) = self.memory.open().reviews.take(rng) else { return Ok(()) };
                review
            }
        };
        let decision = self.decision(rng);
        let returned = matches!(decision, Decision::ReturnToCitizen(_) | Decision::Reject(_));
        let details = json!({ "review": review.name, "report": review.report, "decision": word(&decision) });
        let request = DecideReviewRequest {
            name: review.name.clone(),
            decision: Some(decision),
            request_id: fresh_id(rng),
            etag: review.etag.clone(),
        };
        // Officers may decide what coordinators may not even see.
        let decided = self.ask(&Person::Officer, request, details, rng).await?.answer();
        self.memory.open().reviews.let_go(&key(&review));
        if let Some(decided) = decided {
            self.answers.keep("DecideReview", &decided);
            if returned {
                self.memory.open().was_answered(&review.report);
            }
        }
        Ok(())
    }

    fn decision(&self, rng: &mut StdRng) -> Decision {
        match rng.random_range(0..20) {
            0..11 => Decision::Confirm(Confirm {}),
            11..15 => Decision::ChangeLeaf(ChangeLeaf { leaf: self.script.leaf(rng), urgency: 0 }),
            15..19 => Decision::ReturnToCitizen(ReturnToCitizen {
                leaf: "out_of_scope.administrative_procedure".to_owned(),
                note: String::new(),
                ..Default::default()
            }),
            _ => {
                let note = "Không xác minh được.".to_owned();
                Decision::Reject(Reject { note, ..Default::default() })
            }
        }
    }

    async fn list_reviews(&self, person: &Person) -> anyhow::Result<()> {
        let listed = self.read_once(Service::Classification, person, |token, channel| async move {
            let mut request = Request::new(ListReviewsRequest { page_size: 100, ..Default::default() });
            request.metadata_mut().insert("authorization", token);
            request.set_timeout(Duration::from_secs(3));
            let listed = TriageServiceClient::new(channel).list_reviews(request).await?;
            Ok(listed.into_inner())
        });
        if let Some(page) = listed.await? {
            self.answers.keep("ListReviews", &page);
            let work = page.reviews.into_iter().map(|review| (key(&review), review));
            self.memory.open().reviews.add(work);
        }
        Ok(())
    }
}

/// A review as it stood: after a change it is new work.
fn key(review: &Review) -> String {
    format!("{} {}", review.name, review.etag)
}

fn word(decision: &Decision) -> &'static str {
    match decision {
        Decision::Confirm(_) => "confirm",
        Decision::ChangeLeaf(_) => "change_leaf",
        Decision::ReturnToCitizen(_) => "return",
        Decision::Reject(_) => "reject",
        Decision::AskReporter(_) => "ask_reporter",
        Decision::MarkEmergency(_) => "mark_emergency",
        Decision::MarkDuplicate(_) => "mark_duplicate",
    }
}
