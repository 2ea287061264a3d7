//! "Others have reported this": before somebody reports, and at the coordinators' desk.

use auth::Role;
use contract::classification::v1::{
    CountSimilarReportsRequest, ListSimilarReportsRequest, SearchReportsRequest, SimilarReport,
};
use contract::common::v1::{Location, ReportState};
use contract::google::r#type::LatLng;
use contract::intake::v1::Report;
use harness::{Anyone, CITY, World, eventually, fresh_id, header, photo, refusal, report, text, upload_of};
use tonic::Code;

use crate::stories::{answer, assigned};

fn here() -> Location {
    Location { point: Some(LatLng { latitude: CITY.0, longitude: CITY.1 }), address: String::new() }
}

async fn count(who: &Anyone, words: &str) -> i32 {
    let request = CountSimilarReportsRequest { text: words.to_owned(), location: Some(here()) };
    who.similar().count_similar_reports(request).await.expect("a number").into_inner().count
}

async fn search(who: &Anyone, query: &str) -> Result<Vec<String>, tonic::Status> {
    let request = SearchReportsRequest { query: query.to_owned(), ..Default::default() };
    let reply = who.similar().search_reports(request).await?.into_inner();
    Ok(reply.reports.into_iter().map(|found| found.report).collect())
}

#[tokio::test]
async fn a_photo_that_is_sent_twice_is_seen_whether_it_came_before_or_after_its_report() {
    let world = World::start().await;
    let (first, second) = (world.citizen("citizen-1"), world.citizen("citizen-2"));
    let early = first.upload_photo(&photo(1, "x")).await.expect("uploaded");
    let one = first.create(&Report { media: vec![early.name], ..report(text::ROAD) }).await.expect("taken");
    let (id, again) = (fresh_id(), photo(1, "another phone"));
    let elsewhere = Location {
        point: Some(LatLng { latitude: CITY.0 + 0.02, longitude: CITY.1 }),
        address: String::new(),
    };
    let announced =
        Report { media: vec![format!("media/{id}")], location: Some(elsewhere), ..report(text::ADVERTISING) };
    let two = second.create(&announced).await.expect("taken");
    second.upload(upload_of(header(&id, "image/jpeg", &again), &again)).await.expect("uploaded");
    let coordinator = world.coordinator();
    eventually("the coordinator sees that it is the same photo", async || {
        let of = ListSimilarReportsRequest { report: one.name.clone(), page_size: 0 };
        let found = coordinator.similar().list_similar_reports(of).await;
        let found = found.map(|found| found.into_inner().reports).map_err(|status| status.to_string())?;
        let reasons = |found: &SimilarReport| found.reasons.iter().any(|reason| reason.code == "SAME_PHOTO");
        match found.iter().find(|found| reasons(found)).and_then(|found| found.report.clone()) {
            Some(summary) if summary.report == two.name => Ok(()),
            _ => Err(format!("{found:?}")),
        }
    })
    .await;
    world.finish().await;
}

#[tokio::test]
async fn a_citizen_hears_of_others_before_sending_and_coordinators_see_them() {
    let world = World::start().await;
    let (first, second) = (world.citizen("citizen-1"), world.citizen("citizen-2"));
    assert_eq!(count(&second, text::ROAD).await, 0);
    let held = assigned(&world, &first).await;
    let sealed = first.create(&report(text::DENUNCIATION)).await.expect("taken");
    world.cleared_officer().review_of(&sealed.name).await;
    let asked = "Lộ trước chợ nhiều ổ gà quá, xe máy té hoài";
    assert_eq!(count(&second, asked).await, 1, "not the sealed one");
    assert_eq!(count(&second, text::DENUNCIATION).await, 0);
    let nowhere = CountSimilarReportsRequest { text: asked.to_owned(), location: None };
    let refused = refusal(second.similar().count_similar_reports(nowhere).await);
    assert_eq!((refused.code, refused.reason.as_str()), (Code::InvalidArgument, "LOCATION_MISSING"));

    let twin = assigned(&world, &second).await;
    let coordinator = world.coordinator();
    let of = |name: &str| ListSimilarReportsRequest { report: name.to_owned(), page_size: 0 };
    let found =
        coordinator.similar().list_similar_reports(of(&held.name)).await.expect("a list").into_inner();
    let similar = &found.reports[0];
    assert_eq!(similar.report.as_ref().expect("a report").report, twin.name);
    assert!(similar.score > 0.8 && similar.reasons.len() == 3, "{similar:?}");
    let hidden = coordinator.similar().list_similar_reports(of(&sealed.name)).await;
    assert_eq!(refusal(hidden).code, Code::PermissionDenied);
    let found = search(&coordinator, "o ga cho").await.expect("found");
    assert_eq!(found.len(), 2);
    assert_eq!(search(&coordinator, "thu nghiem hoi lo").await.expect("nothing"), Vec::<String>::new());
    assert_eq!(search(&world.cleared_officer(), "thu nghiem hoi lo").await.expect("found"), [sealed.name]);
    let stranger = world.anyone(Role::Public, "anybody", None);
    assert_eq!(refusal(search(&stranger, "o ga").await).code, Code::PermissionDenied);

    answer(&world, &first, &held).await;
    second.until(&twin.name, "assigned", |r| r.state() == ReportState::Assigned).await;
    world.until_idle().await;
    assert_eq!(count(&second, asked).await, 1, "what is settled is no news");
    world.finish().await;
}
