//! Who reported stays unknown: the marks of one person are looked for in everything that leaves or stays.

use std::path::Path;

use auth::Role;
use contract::classification::v1::{GetClassificationRequest, ListReviewsRequest};
use contract::common::v1::Verdict;
use contract::intake::v1::{ListReportsRequest, ListScope, Reporter};
use contract::routing::v1::ListAssignmentsRequest;
use harness::{World, fresh_id, header, photo, report, text, upload_of};
use prost::Message;

use crate::stories::{answer, bring_to_agency};

const SUBJECT: &str = "vneid:canary-7Q4X";
const NAME: &str = "Nguyễn Thị Chim Hoàng Yến 7Q4X";
const PHONE: &str = "+84909774431";

/// The marks as they may stand somewhere: as sent, decomposed, in JSON, without the sign.
fn marks() -> Vec<Vec<u8>> {
    let name: String = unicode_normalization::UnicodeNormalization::nfd(NAME).collect();
    let json = serde_json::to_string(NAME).expect("JSON");
    [SUBJECT, NAME, &name, json.trim_matches('"'), PHONE, &PHONE[1..], "canary-7Q4X", "Hoàng Yến"]
        .iter()
        .map(|mark| mark.as_bytes().to_vec())
        .collect()
}

fn find_mark(bytes: &[u8]) -> Option<String> {
    let found =
        marks().into_iter().find(|mark| bytes.windows(mark.len()).any(|window| window == mark.as_slice()));
    found.map(|mark| String::from_utf8_lossy(&mark).into_owned())
}

/// Everything that was answered to anybody.
#[derive(Default)]
struct Answers(Vec<(String, Vec<u8>)>);

impl Answers {
    fn keep(&mut self, what: &str, message: &impl Message) {
        self.0.push((what.to_owned(), message.encode_to_vec()));
    }
}

fn files_below(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files_below(&path, found) } else { found.push(path) }
    }
}

#[test]
fn the_search_finds_what_it_looks_for() {
    assert!(find_mark(format!("… {PHONE} …").as_bytes()).is_some());
    assert!(find_mark(serde_json::to_string(NAME).expect("JSON").as_bytes()).is_some());
    assert_eq!(find_mark(b"nothing of the kind"), None);
}

#[tokio::test]
async fn the_reporter_is_found_nowhere() {
    let mut world = World::start().await;
    let citizen = world.citizen(SUBJECT);
    let mut answers = Answers::default();
    let reporter = Reporter { display_name: NAME.to_owned(), phone: PHONE.to_owned() };
    let mut names = Vec::new();
    for words in [text::ROAD, text::DENUNCIATION, text::PROCEDURE] {
        let (id, jpeg) = (fresh_id(), photo(2, "x"));
        let mut sent = report(words);
        (sent.publication_consent, sent.media) = (true, vec![format!("media/{id}")]);
        let created = citizen.create_as(&fresh_id(), &sent, Some(reporter.clone())).await.expect("taken");
        answers.keep("CreateReport", &created);
        let medium =
            citizen.upload(upload_of(header(&id, "image/jpeg", &jpeg), &jpeg)).await.expect("uploaded");
        answers.keep("UploadMedia", &medium);
        names.push(created.name);
    }
    let held = bring_to_agency(&world, &citizen, &names[0]).await;
    answers.keep("PostMessage", &citizen.post(&held.name, "Trước nhà số 12.", false).await.expect("posted"));
    let done = answer(&world, &citizen, &held).await;
    answers.keep("GetInvitation", &citizen.invitation(&done.invitation).await.expect("own"));
    answers.keep("SubmitRating", &citizen.rate(&done.invitation, Verdict::Unsatisfied).await.expect("rated"));
    answers.keep("WithdrawReport", &citizen.withdraw(&names[2]).await.expect("withdrawn"));
    world.until_idle().await;

    for role in Role::ALL {
        let agency = held.agency.strip_prefix("agencies/").filter(|_| role.needs_agency());
        let who = world.anyone(*role, if *role == Role::Citizen { SUBJECT } else { "somebody-else" }, agency);
        for name in &names {
            if let Ok(report) = who.get(name).await {
                answers.keep("GetReport", &report);
            }
            let request = GetClassificationRequest { name: format!("{name}/classification") };
            if let Ok(found) = who.classification().get_classification(request).await {
                answers.keep("GetClassification", found.get_ref());
            }
        }
        for scope in [ListScope::Own, ListScope::Public] {
            let request = ListReportsRequest { scope: scope.into(), ..Default::default() };
            answers.keep("ListReports", who.intake().list_reports(request).await.expect("a list").get_ref());
        }
        let request = ListAssignmentsRequest { include_ended: true, ..Default::default() };
        if let Ok(found) = who.dispatch().list_assignments(request).await {
            answers.keep("ListAssignments", found.get_ref());
        }
        if let Ok(found) = who.triage().list_reviews(ListReviewsRequest::default()).await {
            answers.keep("ListReviews", found.get_ref());
        }
    }
    assert!(answers.0.len() > 60, "{} answers are too few to prove anything", answers.0.len());
    for (what, bytes) in &answers.0 {
        assert_eq!(find_mark(bytes), None, "in an answer of {what}");
    }
    let events = world.stores().events().await;
    assert!(events.len() >= 12, "{} events are too few to prove anything", events.len());
    for event in &events {
        assert_eq!(find_mark(&event.body), None, "in a {}", event.short_type());
    }
    // Even the sealed identity is not readable, in the tables, in their file or in its log.
    let mut files = Vec::new();
    files_below(world.data(), &mut files);
    if world.is_embedded() {
        assert!(files.iter().any(|file| file.ends_with("intake.db")));
    } else {
        let tables = world.stores().dump().await;
        assert!(tables.iter().any(|(table, rows)| table.ends_with("identities") && !rows.is_empty()));
        for (table, rows) in tables {
            assert_eq!(find_mark(&rows), None, "in the table {table}");
        }
    }
    for file in files {
        assert_eq!(find_mark(&std::fs::read(&file).expect("a file")), None, "in {}", file.display());
    }
    assert_eq!(world.stop().await, runtime::Ending::Clean);
    world.resume().await;
    world.finish().await;
}
