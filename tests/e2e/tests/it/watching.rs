//! Following a report: nothing is missed, nothing comes twice, whatever breaks in between.

use contract::common::v1::ReportState;
use contract::intake::v1::{TimelineEntry, WatchReportResponse};
use harness::{World, refusal, report, text};
use tonic::{Code, Streaming};

use crate::stories::{answer, bring_to_agency};

/// Reads until an entry of this kind has come.
async fn read_to(
    stream: &mut Streaming<WatchReportResponse>,
    kind: &str,
    entries: &mut Vec<TimelineEntry>,
) -> String {
    loop {
        let step = stream.message().await.expect("a living stream").expect("more to come");
        let entry = step.entry.expect("an entry");
        let found = entry.event == kind;
        entries.push(entry);
        if found {
            return step.resume_token;
        }
    }
}

#[tokio::test]
async fn a_stream_goes_on_over_a_restart_without_gap_or_repetition() {
    let mut world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let created = citizen.create(&report(text::ROAD)).await.expect("taken");
    let mut stream = citizen.watch(&created.name, "").await.expect("a stream");
    let mut entries = Vec::new();
    let token = read_to(&mut stream, "ReportClassified", &mut entries).await;

    assert_eq!(world.stop().await, runtime::Ending::Clean, "an open stream does not hold up the stop");
    world.resume().await;
    let mut stream = citizen.watch(&created.name, &token).await.expect("a stream");
    read_to(&mut stream, "ReportAssigned", &mut entries).await;
    let first = bring_to_agency(&world, &citizen, &created.name).await;
    answer(&world, &citizen, &first).await;
    read_to(&mut stream, "RatingInvited", &mut entries).await;
    let read = citizen.get(&created.name).await.expect("own");
    assert_eq!(entries, read.timeline, "the stream tells what the report tells");
    world.finish().await;
}

#[tokio::test]
async fn a_stream_ends_with_its_report() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let created = citizen.create(&report(text::ROAD)).await.expect("taken");
    let mut stream = citizen.watch(&created.name, "").await.expect("a stream");
    citizen.withdraw(&created.name).await.expect("withdrawn");
    let mut last = None;
    let told = tokio::time::timeout(std::time::Duration::from_secs(60), async {
        while let Some(step) = stream.message().await.expect("a living stream") {
            last = step.entry;
        }
    });
    told.await.expect("the stream ends by itself");
    assert_eq!(last.expect("an entry").state(), ReportState::Withdrawn);
    world.finish().await;
}

#[tokio::test]
async fn a_resume_token_belongs_to_one_report() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let first = citizen.create(&report(text::ROAD)).await.expect("taken");
    let second = citizen.create(&report(text::ROAD)).await.expect("taken");
    let mut stream = citizen.watch(&first.name, "").await.expect("a stream");
    let token = read_to(&mut stream, "ReportSubmitted", &mut Vec::new()).await;
    drop(stream);
    let mut forged = token.clone();
    forged.push('A');
    for (report, token) in [(&second.name, &token), (&first.name, &forged), (&first.name, &"?".to_owned())] {
        let refused = refusal(citizen.watch(report, token).await);
        assert_eq!((refused.code, refused.reason.as_str()), (Code::InvalidArgument, "RESUME_TOKEN_INVALID"));
        assert_eq!(refused.fields, ["resume_token"]);
    }
    world.finish().await;
}

#[tokio::test]
async fn a_stream_is_cut_when_its_report_is_sealed() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let created = citizen.create(&report(text::ROAD)).await.expect("taken");
    let first = bring_to_agency(&world, &citizen, &created.name).await;
    let public = world.citizen("citizen-2");
    let mut stream = public.watch(&created.name, "").await.expect("a stream");
    read_to(&mut stream, "ReportAssigned", &mut Vec::new()).await;

    let handler = world.handler(&first.agency);
    let assignment = handler.assignment_of(&created.name).await;
    handler.hand_back(&assignment, "Đây là đơn tố cáo.").await.expect("handed back");
    let officer = world.cleared_officer();
    let review = officer.review_of(&created.name).await;
    let leaf = "out_of_scope.denunciation".to_owned();
    let back = contract::classification::v1::ReturnToCitizen { leaf, ..Default::default() };
    let decision = contract::classification::v1::decide_review_request::Decision::ReturnToCitizen(back);
    officer.decide(&review, decision).await.expect("decided");
    let end = loop {
        match stream.message().await {
            Ok(Some(step)) => {
                let entry = step.entry.expect("an entry");
                assert_ne!(entry.event, "ReportReturned", "what is sealed is not told to strangers");
            }
            Ok(None) => panic!("the stream must say why it ends"),
            Err(status) => break status,
        }
    };
    assert_eq!(end.code(), Code::PermissionDenied);
    world.finish().await;
}
