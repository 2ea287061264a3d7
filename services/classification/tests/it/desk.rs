//! The desk: claims, decisions in batches that can be taken back, questions, contests, danger, repetitions.

use std::time::Duration;

use auth::Role;
use contract::classification::v1::decide_review_request::Decision;
use contract::classification::v1::review_result::Result as Outcome;
use contract::classification::v1::{
    AskReporter, BatchDecideReviewsRequest, BatchUndoDecisionsRequest, ChangeLeaf, ClaimReviewRequest,
    Confirm, DecideReviewRequest, GetReviewRequest, ListReturnTemplatesRequest, ListReviewsRequest,
    MarkDuplicate, MarkEmergency, ReleaseReviewRequest, ReturnToCitizen, Review, ReviewResult, ReviewState,
    UndoDecisionRequest,
};
use contract::common::v1::{Access, Urgency};
use contract::event::v1::{
    Disposition, InfoRequested, ReportClassified, ReportReclassified, ReviewRequested,
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::pack::PACK;
use crate::triage::{classification, labels};
use crate::world::{MORNING, World, answered, contested, handed_back, reason, report, submitted, withdrawn};

const MINUTE: Duration = Duration::from_secs(60);
const DENIED: &str = "PERMISSION_DENIED_OR_MISSING";

/// Somebody at the desk.
#[derive(Clone, Copy)]
struct Clerk<'w> {
    world: &'w World,
    role: Role,
    name: &'static str,
}

fn fresh() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Uuid::from_u128(0xdeed_0000 + u128::from(NEXT.fetch_add(1, Ordering::Relaxed))).to_string()
}

impl Clerk<'_> {
    async fn claim(&self, review: &Review) -> Result<Review, Status> {
        let request = ClaimReviewRequest { name: review.name.clone(), request_id: fresh() };
        let request = self.world.request(self.role, self.name, request);
        self.world.triage().claim_review(request).await.map(tonic::Response::into_inner)
    }

    async fn release(&self, review: &Review) -> Result<Review, Status> {
        let request = ReleaseReviewRequest { name: review.name.clone(), request_id: fresh() };
        let request = self.world.request(self.role, self.name, request);
        self.world.triage().release_review(request).await.map(tonic::Response::into_inner)
    }

    async fn decide(&self, review: &Review, decision: Decision) -> Result<Review, Status> {
        let request = self.world.request(self.role, self.name, wish(review, decision));
        self.world.triage().decide_review(request).await.map(tonic::Response::into_inner)
    }

    async fn decide_all(&self, requests: Vec<DecideReviewRequest>) -> Result<Vec<ReviewResult>, Status> {
        let request = BatchDecideReviewsRequest { requests, request_id: fresh() };
        let request = self.world.request(self.role, self.name, request);
        let reply = self.world.triage().batch_decide_reviews(request).await?;
        Ok(reply.into_inner().results)
    }

    async fn undo(&self, name: &str) -> Result<Review, Status> {
        let request = UndoDecisionRequest { name: name.to_owned(), request_id: fresh() };
        let request = self.world.request(self.role, self.name, request);
        self.world.triage().undo_decision(request).await.map(tonic::Response::into_inner)
    }

    async fn get(&self, name: &str) -> Result<Review, Status> {
        let request = self.world.request(self.role, self.name, GetReviewRequest { name: name.to_owned() });
        self.world.triage().get_review(request).await.map(tonic::Response::into_inner)
    }

    async fn list(&self, state: ReviewState, unclaimed: bool) -> Vec<Review> {
        let request = ListReviewsRequest { state: state.into(), unclaimed, ..ListReviewsRequest::default() };
        let request = self.world.request(self.role, self.name, request);
        self.world.triage().list_reviews(request).await.unwrap().into_inner().reviews
    }
}

fn wish(review: &Review, decision: Decision) -> DecideReviewRequest {
    DecideReviewRequest {
        name: review.name.clone(),
        decision: Some(decision),
        request_id: fresh(),
        etag: review.etag.clone(),
    }
}

fn confirm() -> Decision {
    Decision::Confirm(Confirm {})
}

fn change(leaf: &str, urgency: Urgency) -> Decision {
    Decision::ChangeLeaf(ChangeLeaf { leaf: leaf.to_owned(), urgency: urgency.into() })
}

fn back(leaf: &str) -> Decision {
    Decision::ReturnToCitizen(ReturnToCitizen { leaf: leaf.to_owned(), ..ReturnToCitizen::default() })
}

fn lan(world: &World) -> Clerk<'_> {
    Clerk { world, role: Role::Coordinator, name: "lan" }
}

fn minh(world: &World) -> Clerk<'_> {
    Clerk { world, role: Role::Coordinator, name: "minh" }
}

/// A world with doubtful reports 1 to `count`, and their reviews in that order.
async fn desk(count: u128) -> (World, Vec<Review>) {
    let world = World::at(MORNING).await;
    let events: Vec<_> = (1..=count).map(|number| submitted(report(number), &PACK.texts.doubtful)).collect();
    world.tell(&events).await;
    let mut reviews = world.queue().await;
    reviews.sort_by(|a, b| a.report.cmp(&b.report));
    (world, reviews)
}

fn review(result: &ReviewResult) -> &Review {
    match &result.result {
        Some(Outcome::Review(review)) => review,
        other => panic!("{other:?}"),
    }
}

fn refused(result: &ReviewResult) -> (i32, &str) {
    match &result.result {
        Some(Outcome::Refusal(refusal)) => (refusal.code, &refusal.reason),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_claimed_review_is_one_persons_until_the_lease_ends() {
    let (world, reviews) = desk(2).await;
    let (lan, minh) = (lan(&world), minh(&world));
    let claimed = lan.claim(&reviews[0]).await.unwrap();
    let claim = claimed.claim.clone().unwrap();
    assert!(claim.mine && claim.holder_role == "coordinator" && claim.holder.len() == 8, "{claim:?}");
    assert_eq!(claimed.etag, reviews[0].etag, "what was read before the claim can be decided");

    let seen = minh.get(&claimed.name).await.unwrap().claim.unwrap();
    assert_eq!((seen.mine, &seen.holder, &seen.expire_time), (false, &claim.holder, &claim.expire_time));
    let denied = minh.claim(&reviews[0]).await.unwrap_err();
    assert_eq!(denied.code(), Code::FailedPrecondition);
    let info = denied.get_error_details().error_info().unwrap().clone();
    assert_eq!(info.reason, "REVIEW_CLAIMED");
    assert_eq!(
        (info.metadata["holder"].as_str(), info.metadata["holder_role"].as_str()),
        (claim.holder.as_str(), "coordinator")
    );
    assert!(info.metadata["expire_time"].starts_with("2026-11-20T03:10:00"), "{info:?}");
    assert!(!format!("{denied:?} {seen:?}").contains("lan"), "nobody is named");
    assert_eq!(reason(minh.decide(&reviews[0], confirm()).await), "REVIEW_CLAIMED");
    assert_eq!(reason(minh.release(&reviews[0]).await), "REVIEW_CLAIMED");
    assert_eq!(minh.list(ReviewState::Open, true).await.len(), 1);
    assert_eq!(minh.list(ReviewState::Open, false).await.len(), 2);
    assert_eq!(lan.list(ReviewState::Open, true).await.len(), 2, "one's own is free for oneself");

    world.platform.clock.advance(9 * MINUTE);
    lan.claim(&reviews[0]).await.unwrap();
    world.platform.clock.advance(9 * MINUTE);
    assert_eq!(reason(minh.claim(&reviews[0]).await), "REVIEW_CLAIMED", "renewed");
    world.platform.clock.advance(MINUTE);
    assert!(minh.claim(&reviews[0]).await.unwrap().claim.unwrap().mine, "the lease is over");
    assert_eq!(reason(lan.release(&reviews[0]).await), "REVIEW_CLAIMED");
    assert_eq!(minh.release(&reviews[0]).await.unwrap().claim, None);
    assert_eq!(minh.release(&reviews[0]).await.unwrap().claim, None, "free is free");
    assert_eq!(lan.decide(&reviews[0], confirm()).await.unwrap().state(), ReviewState::Decided);
    assert_eq!(reason(minh.claim(&reviews[0]).await), "REVIEW_DECIDED");
}

#[tokio::test]
async fn one_person_is_one_person_in_every_role() {
    let (world, reviews) = desk(1).await;
    lan(&world).claim(&reviews[0]).await.unwrap();
    let as_officer = Clerk { role: Role::ClearedOfficer, ..lan(&world) };
    assert!(as_officer.get(&reviews[0].name).await.unwrap().claim.unwrap().mine);
    assert!(as_officer.decide(&reviews[0], confirm()).await.is_ok());
}

#[tokio::test]
async fn a_batch_answers_for_each_and_can_be_taken_back_until_it_takes_effect() {
    let (world, reviews) = desk(5).await;
    let (lan, minh) = (lan(&world), minh(&world));
    minh.claim(&reviews[3]).await.unwrap();
    let stale = Review { etag: "v9".to_owned(), ..reviews[4].clone() };
    let nobody = Review { name: format!("reviews/{}", Uuid::from_u128(99)), ..reviews[0].clone() };
    let requests = vec![
        wish(&reviews[0], back("out_of_scope.other")),
        wish(&reviews[1], change("security.noise", Urgency::Unspecified)),
        wish(&reviews[2], change("security.fire_rescue", Urgency::Emergency)),
        wish(&reviews[3], confirm()),
        wish(&stale, confirm()),
        wish(&nobody, confirm()),
        wish(&reviews[4], change("out_of_scope.other", Urgency::Unspecified)),
    ];
    let twice = lan.decide_all(requests.clone()).await;
    assert_eq!(reason(twice), "BATCH_INVALID", "one review twice");
    let mut requests = requests;
    requests.pop();
    let batch = BatchDecideReviewsRequest { requests, request_id: fresh() };
    let send = async || {
        let request = world.request(Role::Coordinator, "lan", batch.clone());
        world.triage().batch_decide_reviews(request).await.unwrap().into_inner()
    };
    let reply = send().await;
    assert_eq!(send().await, reply, "a repeat gets the stored answer");
    let results = reply.results;
    let states: Vec<_> = results[..3].iter().map(|result| review(result).state()).collect();
    assert_eq!(states, [ReviewState::Pending, ReviewState::Pending, ReviewState::Decided]);
    let pending = review(&results[0]);
    assert_eq!(pending.undo_until_time.unwrap().seconds, MORNING.parts().0 + 60);
    let decided = pending.decided.clone().unwrap();
    assert_eq!((decided.decision.as_str(), decided.mine), ("return_to_citizen", true));
    assert_eq!(refused(&results[3]), (Code::FailedPrecondition as i32, "REVIEW_CLAIMED"));
    assert_eq!(refused(&results[4]), (Code::Aborted as i32, "ETAG_MISMATCH"));
    assert_eq!(refused(&results[5]), (Code::PermissionDenied as i32, DENIED));

    world.until_idle().await;
    let told = world.heard::<ReportClassified>();
    assert_eq!(told.len(), 1, "only danger to life has been told");
    assert_eq!(told[0].classification.as_ref().unwrap().urgency(), Urgency::Emergency);
    assert_eq!(labels(&world).await.len(), 1);
    let in_force = classification(&world, Role::Auditor, report(1)).await.unwrap();
    assert!(!in_force.decided_by_person, "nothing is in force that was not told");
    assert_eq!(minh.list(ReviewState::Pending, false).await.len(), 2);
    assert_eq!(reason(minh.undo(&reviews[0].name).await), DENIED, "another's decision");
    assert_eq!(reason(lan.undo(&reviews[2].name).await), "UNDO_EXPIRED", "it has taken effect");
    assert_eq!(reason(lan.undo(&reviews[3].name).await), DENIED, "nobody has decided");

    world.pass(MINUTE / 2).await;
    let undone = lan.undo(&reviews[0].name).await.unwrap();
    assert_eq!((undone.state(), &undone.decided), (ReviewState::Open, &None));
    assert_eq!(reason(lan.undo(&reviews[0].name).await), DENIED, "nothing is left to take back");
    world.pass(MINUTE / 2).await;
    assert_eq!(reason(lan.undo(&reviews[1].name).await), "UNDO_EXPIRED");
    let told = world.heard::<ReportClassified>();
    let leaves: Vec<_> = told.iter().map(|told| told.classification.clone().unwrap().leaf).collect();
    assert_eq!(leaves, ["security.fire_rescue", "security.noise"]);
    let kept = labels(&world).await;
    let words: Vec<_> = kept.iter().map(|label| label.1.clone().unwrap()).collect();
    assert_eq!(words.len(), 2, "what was taken back is no label: {words:?}");
    assert_eq!(minh.get(&reviews[1].name).await.unwrap().state(), ReviewState::Decided);
    assert!(lan.decide(&undone, confirm()).await.is_ok(), "decided anew");
}

#[tokio::test]
async fn a_batch_of_decisions_is_taken_back_in_one_call() {
    let (world, reviews) = desk(3).await;
    let requests = reviews[..2].iter().map(|review| wish(review, back("out_of_scope.other")));
    lan(&world).decide_all(requests.collect()).await.unwrap();
    let names: Vec<String> = reviews.iter().map(|review| review.name.clone()).collect();
    let undo = async |names: Vec<String>| {
        let request = BatchUndoDecisionsRequest { names, request_id: fresh() };
        let request = world.request(Role::Coordinator, "lan", request);
        world.triage().batch_undo_decisions(request).await.map(|reply| reply.into_inner().results)
    };
    for wrong in [Vec::new(), vec!["reviews/x".to_owned(); 2], vec![String::new(); 101]] {
        assert_eq!(reason(undo(wrong).await), "BATCH_INVALID");
    }
    let results = undo(names).await.unwrap();
    assert!(results[..2].iter().all(|result| review(result).state() == ReviewState::Open));
    assert_eq!(refused(&results[2]).1, DENIED);
    world.pass(10 * MINUTE).await;
    assert_eq!(world.heard::<ReportClassified>(), []);
    assert_eq!(world.queue().await.len(), 3);
}

#[tokio::test]
async fn a_withdrawal_overtakes_a_pending_decision() {
    let (world, reviews) = desk(1).await;
    lan(&world).decide_all(vec![wish(&reviews[0], back("out_of_scope.other"))]).await.unwrap();
    world.tell(&[withdrawn(report(1))]).await;
    world.pass(2 * MINUTE).await;
    assert_eq!(world.heard::<ReportClassified>(), []);
    assert_eq!(lan(&world).get(&reviews[0].name).await.unwrap().state(), ReviewState::Dropped);
}

#[tokio::test]
async fn a_graver_decision_is_withheld_from_colleagues_at_once_and_can_still_be_taken_back() {
    let (world, reviews) = desk(1).await;
    let (lan, minh) = (lan(&world), minh(&world));
    lan.decide_all(vec![wish(&reviews[0], back("out_of_scope.denunciation"))]).await.unwrap();
    assert_eq!(minh.list(ReviewState::Pending, false).await, []);
    assert_eq!(reason(minh.get(&reviews[0].name).await), DENIED);
    assert_eq!(lan.list(ReviewState::Pending, false).await.len(), 1);
    assert_eq!(lan.undo(&reviews[0].name).await.unwrap().state(), ReviewState::Open);
    assert_eq!(minh.list(ReviewState::Open, false).await.len(), 1);
}

#[tokio::test]
async fn a_question_goes_out_at_once_and_the_review_comes_back_with_the_answer() {
    let (world, reviews) = desk(2).await;
    let lan = lan(&world);
    let ask = || Decision::AskReporter(AskReporter { question: " Ở đâu? ".to_owned() });
    for review in &reviews {
        let asked = lan.decide(review, ask()).await.unwrap();
        assert_eq!((asked.state(), asked.question.as_str()), (ReviewState::Asked, "Ở đâu?"));
        assert_eq!(asked.answer_due_time.unwrap().seconds, MORNING.parts().0 + 3 * 86_400);
    }
    world.until_idle().await;
    assert_eq!(world.queue().await, []);
    assert_eq!(lan.list(ReviewState::Asked, false).await.len(), 2);
    let told = world.heard::<InfoRequested>();
    assert_eq!((told.len(), told[0].question.as_str()), (2, "Ở đâu?"));
    assert!(told[0].agency.starts_with("agencies/") && told[0].due_time.is_some());
    assert_eq!(labels(&world).await, [], "a question decides nothing");
    assert_eq!(reason(lan.decide(&reviews[0], confirm()).await), "REVIEW_DECIDED");

    world.tell(&[answered(report(1), 7, &PACK.texts.secret)]).await;
    let [review] = &world.queue().await[..] else { panic!("one review") };
    assert!(review.reasons.contains(&"INFO_PROVIDED".to_owned()), "{:?}", review.reasons);
    assert_eq!(review.text, format!("{}\n\n{}", PACK.texts.doubtful, PACK.texts.secret));
    let suggestion = review.suggestion.clone().unwrap();
    assert_eq!(suggestion.access(), Access::Quarantine, "what the answer reveals is withheld at once");
    assert_eq!(reason(lan.get(&review.name).await), DENIED);
    let asked = world.heard::<ReviewRequested>();
    let last = asked.last().unwrap();
    assert_eq!(last.suggestion.as_ref().unwrap().access(), Access::Quarantine);
    let places = suggestion.reasons.iter().filter(|reason| reason.kind == "WORD");
    for place in places {
        let (start, end) = (place.start_byte as usize, place.end_byte as usize);
        assert_eq!(review.text.get(start..end), Some(place.code.as_str()), "places lie in the whole text");
    }

    world.pass(Duration::from_secs(3 * 86_400)).await;
    let overdue = world.queue().await.into_iter().find(|review| review.report == report(2).name()).unwrap();
    assert!(overdue.reasons.contains(&"INFO_OVERDUE".to_owned()), "{:?}", overdue.reasons);
    let due = |review: &Review| review.due_time.unwrap().seconds;
    assert_eq!(due(&overdue), due(&reviews[1]) + 3 * 86_400, "the first clock stood still");
    world.tell(&[answered(report(2), 7, "Trước chợ.")]).await;
    let late = lan.get(&overdue.name).await.unwrap();
    assert!(late.text.ends_with("\n\nTrước chợ.") && late.reasons.contains(&"INFO_PROVIDED".to_owned()));
    assert!(!late.reasons.contains(&"INFO_OVERDUE".to_owned()));
    assert_eq!(world.outbox.parked().await.unwrap(), []);
}

#[tokio::test]
async fn a_contested_return_is_decided_by_somebody_else() {
    let (world, reviews) = desk(1).await;
    let (lan, minh) = (lan(&world), minh(&world));
    lan.decide(&reviews[0], back("out_of_scope.other")).await.unwrap();
    world.tell(&[contested(report(1), 5, "đường hư thật mà")]).await;
    let [review] = &world.queue().await[..] else { panic!("one review") };
    assert_eq!(
        (&review.reasons[..], review.note.as_str()),
        (&["RETURN_CONTESTED".to_owned()][..], "đường hư thật mà")
    );
    assert_eq!(review.suggestion.as_ref().unwrap().leaf, "out_of_scope.other");
    for role in [Role::Coordinator, Role::ClearedOfficer] {
        let lan = Clerk { role, ..lan };
        assert_eq!(reason(lan.decide(review, confirm()).await), "SECOND_PERSON_REQUIRED");
        assert_eq!(reason(lan.claim(review).await), "SECOND_PERSON_REQUIRED");
        let batch = lan.decide_all(vec![wish(review, confirm())]).await.unwrap();
        assert_eq!(refused(&batch[0]).1, "SECOND_PERSON_REQUIRED");
    }
    minh.decide(review, change("infrastructure.road", Urgency::Unspecified)).await.unwrap();
    world.until_idle().await;
    let told = world.heard::<ReportReclassified>();
    assert_eq!((told.len(), told[0].contested, told[0].disposition()), (1, true, Disposition::Route));
    world.tell(&[handed_back(report(1), 3, "không phải xã")]).await;
    let [review] = &world.queue().await[..] else { panic!("one review") };
    lan.decide(review, confirm()).await.unwrap();
    world.until_idle().await;
    assert!(!world.heard::<ReportReclassified>()[1].contested, "a hand-back is an ordinary matter");
}

#[tokio::test]
async fn danger_to_life_is_told_with_the_leaf_that_was_chosen() {
    let (world, reviews) = desk(2).await;
    let emergency = |leaf: &str| Decision::MarkEmergency(MarkEmergency { leaf: leaf.to_owned() });
    lan(&world).decide(&reviews[0], emergency("electricity_lighting.grid")).await.unwrap();
    let batch = lan(&world).decide_all(vec![wish(&reviews[1], emergency(""))]).await.unwrap();
    assert_eq!(review(&batch[0]).state(), ReviewState::Decided, "no window");
    world.until_idle().await;
    let told = world.heard::<ReportClassified>();
    let said: Vec<_> = told.iter().map(|told| told.classification.clone().unwrap()).collect();
    assert!(said.iter().all(|said| said.urgency() == Urgency::Emergency && said.decided_by_person));
    assert_eq!(said[0].leaf, "electricity_lighting.grid");
    world.tell(&[submitted(report(9), &PACK.texts.out_of_scope)]).await;
    let [review] = &world.queue().await[..] else { panic!("one review") };
    assert_eq!(reason(lan(&world).decide(review, emergency("")).await), "LEAF_UNKNOWN");
}

#[tokio::test]
async fn a_repetition_names_the_report_that_it_repeats() {
    let (world, reviews) = desk(3).await;
    let lan = lan(&world);
    let repeats = |number| Decision::MarkDuplicate(MarkDuplicate { report: report(number).name() });
    for number in [1, 2, 3] {
        assert_eq!(reason(lan.decide(&reviews[0], repeats(number)).await), "DUPLICATE_INVALID", "{number}");
    }
    lan.decide(&reviews[0], change("security.noise", Urgency::Urgent)).await.unwrap();
    lan.decide(&reviews[1], repeats(1)).await.unwrap();
    world.until_idle().await;
    let told = world.heard::<ReportClassified>();
    let said = told[1].classification.clone().unwrap();
    assert_eq!(
        (told[1].duplicate_of.as_str(), told[1].disposition()),
        (report(1).name().as_str(), Disposition::Route)
    );
    assert_eq!((said.leaf.as_str(), said.urgency()), ("security.noise", Urgency::Urgent));
    assert_eq!(reason(lan.decide(&reviews[2], repeats(2)).await), "DUPLICATE_INVALID", "a repetition itself");
    let kept: Vec<bool> = labels(&world).await.iter().map(|label| label.2).collect();
    assert_eq!(kept, [false, true], "a repetition teaches nothing about its own text");
}

#[tokio::test]
async fn a_return_carries_the_text_that_was_chosen() {
    let (world, reviews) = desk(1).await;
    let request = world.request(Role::Coordinator, "lan", ListReturnTemplatesRequest {});
    let templates = world.triage().list_return_templates(request).await.unwrap().into_inner().templates;
    let court = templates.iter().find(|template| template.key == "returned.court").unwrap();
    assert!(court.text.as_ref().unwrap().vi.contains("{code}") && !court.takes_note);
    assert!(templates.iter().any(|template| template.takes_note));
    let decision = Decision::ReturnToCitizen(ReturnToCitizen {
        leaf: "out_of_scope.other".to_owned(),
        note: "Đã nhắn tin.".to_owned(),
        template: court.key.clone(),
    });
    lan(&world).decide(&reviews[0], decision).await.unwrap();
    world.until_idle().await;
    let told = world.heard::<ReportClassified>();
    assert_eq!((told[0].template.as_str(), told[0].note.as_str()), ("returned.court", "Đã nhắn tin."));
}

#[tokio::test]
async fn nobody_else_works_at_the_desk() {
    let (world, reviews) = desk(1).await;
    world.tell(&[submitted(report(8), &PACK.texts.secret)]).await;
    let sealed = world.queue().await.into_iter().find(|review| review.report == report(8).name()).unwrap();
    for role in Role::ALL {
        let clerk = Clerk { world: &world, role: *role, name: "x" };
        let staff = matches!(role, Role::Coordinator | Role::ClearedOfficer);
        assert_eq!(clerk.get(&reviews[0].name).await.is_ok(), staff, "{role}");
        for target in [&reviews[0], &sealed] {
            let allowed = *role == Role::ClearedOfficer || (staff && target.name != sealed.name);
            let claimed = clerk.claim(target).await;
            assert_eq!(claimed.is_ok(), allowed, "{role}");
            if !allowed {
                assert_eq!(reason(claimed), DENIED, "{role}");
                assert_eq!(reason(clerk.release(target).await), DENIED, "{role}");
                assert_eq!(reason(clerk.undo(&target.name).await), DENIED, "{role}");
            } else {
                clerk.release(target).await.unwrap();
            }
        }
        let batch = clerk.decide_all(vec![wish(&sealed, confirm())]).await;
        match role {
            Role::ClearedOfficer => {}
            Role::Coordinator => assert_eq!(refused(&batch.unwrap()[0]).1, DENIED),
            _ => assert_eq!(reason(batch), DENIED, "{role}"),
        }
    }
}
