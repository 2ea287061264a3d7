//! Lists by pages: everything once, nothing twice, and a page belongs to the list and the caller it was cut from.

use std::collections::HashSet;

use contract::intake::v1::{ListReportsRequest, ListScope, Report};
use futures::future::join_all;
use harness::{Citizen, World, refusal, report, text};
use tonic::Code;

async fn page(who: &Citizen, page_size: i32, page_token: &str, scope: ListScope) -> (Vec<Report>, String) {
    let request = ListReportsRequest {
        page_size,
        page_token: page_token.to_owned(),
        scope: scope.into(),
        ..ListReportsRequest::default()
    };
    let page = who.intake().list_reports(request).await.expect("a page").into_inner();
    (page.reports, page.next_page_token)
}

#[tokio::test]
async fn pages_hold_everything_once_also_while_reports_come_in() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let draft = report(text::ROAD);
    let created = join_all((0..23).map(|_| citizen.create(&draft))).await;
    let names: HashSet<String> = created.into_iter().map(|report| report.expect("taken").name).collect();
    for size in [1, 7, 23, 100, i32::MAX] {
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let (reports, next) = page(&citizen, size, &token, ListScope::Own).await;
            assert!(reports.len() <= usize::try_from(size).expect("a size").min(100));
            seen.extend(reports);
            // Somebody else's reports that come in between do not disturb.
            world.citizen("citizen-2").create(&draft).await.expect("taken");
            if next.is_empty() {
                break;
            }
            token = next;
        }
        let found: HashSet<String> = seen.iter().map(|report| report.name.clone()).collect();
        assert_eq!((seen.len(), found), (23, names.clone()), "pages of {size}");
        assert!(seen.is_sorted_by(|a, b| a.name > b.name), "newest first");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_page_token_fits_one_list_of_one_caller() {
    let world = World::start().await;
    let (citizen, other) = (world.citizen("citizen-1"), world.citizen("citizen-2"));
    for who in [&citizen, &citizen, &other, &other] {
        who.create(&report(text::ROAD)).await.expect("taken");
    }
    let (_, token) = page(&citizen, 1, "", ListScope::Own).await;
    let request = |page_token: &str, commune_code: &str, scope: ListScope| ListReportsRequest {
        page_size: 1,
        page_token: page_token.to_owned(),
        commune_code: commune_code.to_owned(),
        scope: scope.into(),
        ..ListReportsRequest::default()
    };
    let mut shortened = token.clone();
    shortened.pop();
    let foreign = [
        (&other, request(&token, "", ListScope::Own)),
        (&citizen, request(&token, "32025", ListScope::Own)),
        (&citizen, request(&token, "", ListScope::Public)),
        (&citizen, request(&shortened, "", ListScope::Own)),
    ];
    for (who, request) in foreign {
        let refused = refusal(who.intake().list_reports(request).await);
        assert_eq!((refused.code, refused.reason.as_str()), (Code::InvalidArgument, "PAGE_TOKEN_INVALID"));
        assert_eq!(refused.fields, ["page_token"]);
    }
    assert_eq!(page(&citizen, 1, &token, ListScope::Own).await.0.len(), 1);
    world.finish().await;
}
