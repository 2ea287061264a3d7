//! One request, one report: alone, repeated, side by side, and with other content.

use std::collections::HashSet;

use tonic::Code;
use uuid::Uuid;

use crate::world::{World, submission};

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_twins_at_once_make_one_report() {
    let world = World::start().await;
    let id = Uuid::from_u128(1).to_string();
    let mut answers = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let mut client = world.client.clone();
        let request = world.as_citizen("citizen-1", submission("Cầu gãy nhịp giữa", &id));
        answers.spawn(async move { client.create_report(request).await.unwrap().into_inner() });
    }
    let answers = answers.join_all().await;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "a twin got another answer");
    assert!(!answers[0].code.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_are_all_kept_apart() {
    let world = World::start().await;
    let mut answers = tokio::task::JoinSet::new();
    for number in 1..=300_u128 {
        let mut client = world.client.clone();
        let message =
            submission(&format!("Đèn số {number} không sáng"), &Uuid::from_u128(number).to_string());
        let request = world.as_citizen(&format!("citizen-{}", number % 7), message);
        answers.spawn(async move { client.create_report(request).await.unwrap().into_inner() });
    }
    let answers = answers.join_all().await;
    let names: HashSet<&str> = answers.iter().map(|report| report.name.as_str()).collect();
    let texts: HashSet<&str> = answers.iter().map(|report| report.text.as_str()).collect();
    assert_eq!((names.len(), texts.len()), (300, 300));
}

#[tokio::test]
async fn the_same_id_with_other_content_is_refused_and_harms_nothing() {
    let world = World::start().await;
    let id = Uuid::from_u128(5).to_string();
    let mut client = world.client.clone();
    let first =
        client.create_report(world.as_citizen("citizen-1", submission("Cống nghẹt", &id))).await.unwrap();
    let refused =
        client.create_report(world.as_citizen("citizen-1", submission("Cống khác", &id))).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let other =
        client.create_report(world.as_citizen("citizen-2", submission("Cống khác", &id))).await.unwrap();
    assert_ne!(other.into_inner().name, first.get_ref().name, "another caller's id is another request");
    let again =
        client.create_report(world.as_citizen("citizen-1", submission("Cống nghẹt", &id))).await.unwrap();
    assert_eq!(again.into_inner(), first.into_inner());
}

#[tokio::test]
async fn the_same_words_in_another_unicode_form_are_the_same_text() {
    let world = World::start().await;
    let decomposed = "Ca\u{302}\u{300}u ga\u{303}y";
    let message = submission(decomposed, &Uuid::from_u128(9).to_string());
    let report = world.client.clone().create_report(world.as_citizen("citizen-1", message)).await.unwrap();
    assert_eq!(report.into_inner().text, "Cầu gãy");
}

#[tokio::test]
async fn whatever_is_written_is_stored_as_it_was_written() {
    let world = World::start().await;
    let odd = [
        r#"nói "cầu gãy" rồi"#,
        r"C:\cau\{1,2}",
        "NULL",
        "{NULL,\"a\"}",
        "' ; --",
        "dòng một\ndòng hai",
        "🚧 đứt",
    ];
    for (number, text) in (20..).zip(odd) {
        let message = submission(text, &Uuid::from_u128(number).to_string());
        let sent = world.client.clone().create_report(world.as_citizen("citizen-1", message)).await.unwrap();
        let sent = sent.into_inner();
        assert_eq!(sent.text, text);
        let stored = world.read("citizen-1", &sent.name).await;
        assert_eq!((stored.text, stored.code), (sent.text, sent.code));
    }
}

#[tokio::test]
async fn reports_are_taken_for_as_long_as_the_server_takes_calls() {
    let world = World::start().await;
    world.lifecycle.stop();
    let message = submission("Cầu gãy", &Uuid::from_u128(40).to_string());
    let report = world.client.clone().create_report(world.as_citizen("citizen-1", message)).await.unwrap();
    assert!(!report.into_inner().code.is_empty());
}

#[tokio::test]
async fn reads_that_wait_keep_no_report_from_being_stored() {
    let world = World::start().await;
    let database = world.outbox.database();
    // More than there are connections, and none is given back.
    let mut reads = std::pin::pin!(futures::future::join_all((0..20).map(|_| database.snapshot())));
    let begun = tokio::select! {
        biased;
        _ = &mut reads => panic!("no read waits"),
        begun = database.begin() => begun,
    };
    assert!(begun.is_ok());
}
