//! The timeline comes out the same however the other services' events are shuffled and repeated on the way.

use contract::Event;
use contract::common::v1::{Access, Outcome, ReportState, Scope, Urgency};
use contract::event::v1 as event;
use contract::intake::v1::Report;
use messaging::Envelope;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use runtime::wire::timestamp;
use uuid::Uuid;
use vocabulary::{EventId, ReportId, Timestamp};

use crate::world::{World, eventually, submission};

/// Later than any run of the test, so that the report itself is the oldest entry.
const BASE: i64 = 4_000_000_000_000_000;

struct Teller {
    report: ReportId,
    events: Vec<Envelope>,
}

impl Teller {
    fn tell<E: Event>(&mut self, source: &str, cause: Option<usize>, body: &E) {
        let number = self.events.len();
        let of_source = self.events.iter().filter(|event| event.source == source).count();
        self.events.push(Envelope {
            id: EventId(Uuid::from_u128(self.report.0.as_u128() ^ (number as u128 + 1))),
            source: source.to_owned(),
            event_type: E::TYPE.to_owned(),
            report: self.report,
            sequence: i64::try_from(of_source).unwrap() + 1,
            time: at(number),
            cause: cause.map(|index| self.events[index].id),
            traceparent: None,
            body: body.encode_to_vec().into(),
        });
    }
}

fn at(number: usize) -> Timestamp {
    Timestamp::from_micros(BASE + i64::try_from(number).unwrap() * 1_000_000)
}

/// A whole life: reviewed, decided, assigned, worked on, resolved, rated, reopened, assigned again, resolved, closed.
fn story(report: ReportId) -> Vec<Envelope> {
    let name = report.name();
    let mut teller = Teller { report, events: Vec::new() };
    let classification = event::Classification {
        leaf: "infrastructure.road".to_owned(),
        scope: Scope::In.into(),
        urgency: Urgency::Normal.into(),
        access: Access::Ordinary.into(),
        confidence: 0.9,
        ..event::Classification::default()
    };
    let assigned = |round| event::ReportAssigned {
        report: name.clone(),
        round,
        agency: "agencies/ubnd-32002".to_owned(),
        agency_name: "UBND phường An Xuyên".to_owned(),
        leaf: "infrastructure.road".to_owned(),
        urgency: Urgency::Normal.into(),
        access: Access::Ordinary.into(),
        commune_code: "32002".to_owned(),
        commune_name: "An Xuyên".to_owned(),
        respond_due_time: Some(timestamp(at(100))),
        ..event::ReportAssigned::default()
    };
    let resolved = |round| event::ReportResolved {
        report: name.clone(),
        outcome: Outcome::Repaired.into(),
        reply: format!("Đã vá mặt đường, lần {round}"),
        closing: Some(event::Closing {
            round,
            close_time: Some(timestamp(at(50))),
            ..event::Closing::default()
        }),
        ..event::ReportResolved::default()
    };
    let invited = |round: i32| event::RatingInvited {
        report: name.clone(),
        invitation: format!("invitations/{}", Uuid::from_u128(round.unsigned_abs().into())),
        round,
        expire_time: Some(timestamp(at(200))),
    };
    let suggested = event::ReviewRequested { suggestion: Some(classification.clone()), ..Default::default() };
    teller.tell("classification", None, &suggested);
    let decided = event::ReportClassified { classification: Some(classification), ..Default::default() };
    teller.tell("classification", None, &decided);
    teller.tell("routing", Some(1), &assigned(1));
    teller.tell("routing", None, &event::WorkStarted::default());
    teller.tell("routing", None, &event::ResolutionSubmitted::default());
    teller.tell("routing", None, &resolved(1));
    teller.tell("satisfaction", Some(5), &invited(1));
    let rated = event::RatingSubmitted { revise_until_time: Some(timestamp(at(300))), ..Default::default() };
    teller.tell("satisfaction", None, &rated);
    teller.tell("satisfaction", None, &event::ReportReopened::default());
    teller.tell("routing", Some(8), &assigned(2));
    teller.tell("routing", None, &resolved(2));
    teller.tell("satisfaction", Some(10), &invited(2));
    teller.tell("satisfaction", None, &event::ReportClosed::default());
    teller.events
}

type Ending = (Vec<(i64, String, ReportState)>, ReportState, Option<String>, String, i64);

/// What must not depend on the order of arrival: everything but the report's own names, times and hashes.
fn outcome(report: &Report) -> Ending {
    let steps =
        report.timeline.iter().map(|entry| (entry.sequence, entry.event.clone(), entry.state())).collect();
    let reply = report.answer.as_ref().and_then(|answer| answer.text.clone()).map(|text| text.vi);
    let last = report.timeline.last().and_then(|entry| entry.time).map_or(0, |time| time.seconds);
    (steps, report.state(), reply, report.invitation.clone(), last)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_with_repeats_gives_the_same_timeline() {
    let world = World::start().await;
    let mut rng = StdRng::seed_from_u64(7);
    let (mut outcomes, mut last) = (Vec::new(), Report::default());
    for round in 0..40_u128 {
        let message = submission("Đường hư nặng", &Uuid::from_u128(round + 1).to_string());
        let sent = world.client.clone().create_report(world.as_citizen("citizen-1", message)).await.unwrap();
        let name = sent.into_inner().name;
        let mut events = story(ReportId::parse_name(&name).unwrap());
        if round > 0 {
            let repeats = events.clone();
            events.extend(repeats.into_iter().step_by(2));
            events.shuffle(&mut rng);
        }
        // In two halves, so that holding back works across batches too.
        let half = events.len() / 2;
        world.bus.publish(&events[..half]).await.unwrap();
        eventually("the first half is handled", async || world.bus.depth(intake::NAME).await.unwrap() == 0)
            .await;
        world.bus.publish(&events[half..]).await.unwrap();
        eventually("the second half is handled", async || world.bus.depth(intake::NAME).await.unwrap() == 0)
            .await;
        last = world.read("citizen-1", &name).await;
        outcomes.push(outcome(&last));
    }
    assert!(world.outbox.parked().await.unwrap().is_empty());
    let first = &outcomes[0];
    assert_eq!(first.0.len(), 14, "ReportSubmitted and thirteen events: {first:?}");
    assert_eq!(first.1, ReportState::Closed);
    assert_eq!(first.2.as_deref(), Some("Đã vá mặt đường, lần 2"));
    let times: Vec<i64> =
        last.timeline.iter().filter_map(|entry| entry.time).map(|time| time.seconds).collect();
    assert!(times.is_sorted(), "a timeline goes back in time: {times:?}");
    for (number, other) in outcomes.iter().enumerate() {
        assert_eq!(other, first, "order {number} ended differently");
    }
    world.lifecycle.stop();
}

#[tokio::test]
async fn an_event_about_a_report_that_was_never_taken_is_parked() {
    let world = World::start().await;
    let events = story(ReportId(Uuid::from_u128(77)));
    world.bus.publish(&events[..1]).await.unwrap();
    eventually("it is parked", async || world.outbox.parked().await.unwrap().len() == 1).await;
}

#[tokio::test]
async fn an_unreadable_event_is_parked_even_when_it_comes_too_early() {
    let world = World::start().await;
    let message = submission("Đường hư nặng", &Uuid::from_u128(900).to_string());
    let sent = world.client.clone().create_report(world.as_citizen("citizen-1", message)).await.unwrap();
    let name = sent.into_inner().name;
    let mut events = story(ReportId::parse_name(&name).unwrap());
    events[1].body = vec![0xff; 7].into();
    world.bus.publish(&events[1..2]).await.unwrap();
    eventually("it is parked", async || world.outbox.parked().await.unwrap().len() == 1).await;
    world.bus.publish(&events[..1]).await.unwrap();
    eventually("the one before it is told", async || {
        world.read("citizen-1", &name).await.timeline.len() == 2
    })
    .await;
}
