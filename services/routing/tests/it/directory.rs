//! Agencies, communes, points and routes, as any caller sees them.

use auth::Role;
use contract::common::v1 as common;
use contract::google::r#type::LatLng;
use contract::routing::v1 as api;
use province::ClockKind;
use runtime::wire::timestamp;
use tonic::Code;

use crate::world::{CITY, ELSEWHERE, World, morning, province, reason};

fn location((latitude, longitude): (f64, f64)) -> Option<common::Location> {
    Some(common::Location { point: Some(LatLng { latitude, longitude }), address: String::new() })
}

#[tokio::test]
async fn every_agency_comes_once_over_all_pages() {
    let world = World::start().await;
    let mut names = Vec::new();
    let mut page_token = String::new();
    loop {
        let request =
            world.as_role(Role::Public, None, api::ListAgenciesRequest { page_size: 7, page_token });
        let page = world.directory().list_agencies(request).await.expect("a page").into_inner();
        assert!(page.agencies.len() <= 7);
        names.extend(page.agencies.into_iter().map(|agency| agency.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let on = province().local_date(morning());
    let province = province();
    let mut expected: Vec<_> =
        province.agencies.all().iter().filter(|agency| agency.validity.contains(on)).collect();
    expected.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(names, expected.iter().map(|agency| agency.id.name()).collect::<Vec<_>>());
}

#[tokio::test]
async fn page_tokens_are_bound_to_their_list() {
    let world = World::start().await;
    let first = api::ListAgenciesRequest { page_size: 1, ..Default::default() };
    let page =
        world.directory().list_agencies(world.as_role(Role::Citizen, None, first)).await.expect("a page");
    let page_token = page.into_inner().next_page_token;
    let foreign = api::ListCommunesRequest { page_size: 1, page_token };
    let refusal = world.directory().list_communes(world.as_role(Role::Citizen, None, foreign)).await;
    let refusal = refusal.expect_err("a foreign token");
    assert_eq!(reason(&refusal), (Code::InvalidArgument, "PAGE_TOKEN_INVALID".to_owned()));
    let negative = api::ListCommunesRequest { page_size: -1, ..Default::default() };
    let refusal = world.directory().list_communes(world.as_role(Role::Citizen, None, negative)).await;
    let refusal = refusal.expect_err("a negative size");
    assert_eq!(reason(&refusal), (Code::InvalidArgument, "PAGE_SIZE_INVALID".to_owned()));
}

#[tokio::test]
async fn communes_carry_the_names_citizens_still_use() {
    let world = World::start().await;
    let request =
        world.as_role(Role::Public, None, api::ListCommunesRequest { page_size: 500, ..Default::default() });
    let page = world.directory().list_communes(request).await.expect("a page").into_inner();
    assert_eq!(page.communes.len(), province().communes.all().len());
    assert!(page.communes.iter().any(|commune| !commune.former_names.is_empty()));
}

#[tokio::test]
async fn an_agency_that_is_not_there_is_denied_like_a_bad_name() {
    let world = World::start().await;
    let get = async |name: &str| {
        let request = world.as_role(Role::Citizen, None, api::GetAgencyRequest { name: name.into() });
        world.directory().get_agency(request).await
    };
    let coordinator = province().profile.coordinating_agency.name();
    assert_eq!(get(&coordinator).await.expect("there").into_inner().name, coordinator);
    for missing in ["agencies/nobody", "agencies/", "nobody", "agencies/A%00"] {
        let refusal = get(missing).await.expect_err(missing);
        assert_eq!(refusal.code(), Code::PermissionDenied);
    }
}

#[tokio::test]
async fn points_are_found_or_refused_with_the_reason() {
    let world = World::start().await;
    let locate = async |point: Option<(f64, f64)>| {
        let request = api::LocatePointRequest { location: point.and_then(location) };
        world.directory().locate_point(world.as_role(Role::Citizen, None, request)).await
    };
    let inside = locate(Some(CITY)).await.expect("inside").into_inner();
    assert_eq!(inside.r#match(), common::CommuneMatch::Inside);
    assert_eq!(inside.commune_code.len(), 5);
    let outside = locate(Some(ELSEWHERE)).await.expect("outside").into_inner();
    assert_eq!((outside.r#match(), outside.commune_code.as_str()), (common::CommuneMatch::Outside, ""));
    for (point, expected) in [
        (None, "LOCATION_INVALID"),
        (Some((f64::NAN, 105.0)), "LOCATION_INVALID"),
        (Some((0.0, 0.0)), "LOCATION_INVALID"),
        (Some((91.0, 0.0)), "LOCATION_INVALID"),
        (Some((CITY.1, CITY.0)), "LOCATION_SWAPPED"),
    ] {
        let refusal = locate(point).await.expect_err(expected);
        assert_eq!(reason(&refusal), (Code::InvalidArgument, expected.to_owned()), "{point:?}");
    }
}

#[tokio::test]
async fn a_route_is_explained_with_agency_row_clocks_and_words() {
    let world = World::start().await;
    let explain = async |leaf: &str, point, urgency| {
        let arrival_time = Some(timestamp(morning()));
        let question =
            api::ExplainRouteRequest { location: location(point), leaf: leaf.into(), urgency, arrival_time };
        world.routes().explain_route(world.as_role(Role::Public, None, question)).await
    };
    let route = explain("infrastructure.road", CITY, 0).await.expect("a route").into_inner();
    assert!(route.agency.starts_with("agencies/ubnd-"), "{}", route.agency);
    assert_eq!(route.matrix_row, "road-commune");
    assert!(!route.candidates.is_empty() && !route.basis.is_empty());
    assert_eq!(route.pack_version, province().version());
    let due = province().due(ClockKind::Respond, morning(), &[]).due;
    assert_eq!(route.respond.expect("a clock").due_time, Some(timestamp(due)));
    let words = route.explanation.expect("words");
    assert!(words.vi.contains("road-commune") && words.en.contains("road-commune"));
    assert_eq!(route.missing_reason, "");

    let route = explain("infrastructure.road", ELSEWHERE, 0).await.expect("a route").into_inner();
    assert_eq!((route.agency.as_str(), route.missing_reason.as_str()), ("", "OUTSIDE_PROVINCE"));

    for (leaf, urgency, expected) in [
        ("out_of_scope.complaint", 0, "LEAF_UNKNOWN"),
        ("infrastructure.nothing", 0, "LEAF_UNKNOWN"),
        ("Ổ gà", 0, "LEAF_UNKNOWN"),
        ("infrastructure.road", 99, "ENUM_UNKNOWN"),
    ] {
        let refusal = explain(leaf, CITY, urgency).await.expect_err(leaf);
        assert_eq!(reason(&refusal), (Code::InvalidArgument, expected.to_owned()));
    }
}

#[tokio::test]
async fn clocks_are_explained_for_arrivals_of_this_century_only() {
    let world = World::start().await;
    let arrive = async |seconds: i64| {
        let at = vocabulary::Timestamp::from_micros(seconds * 1_000_000);
        let question = api::ExplainRouteRequest {
            location: location(CITY),
            leaf: "infrastructure.road".into(),
            urgency: 0,
            arrival_time: Some(timestamp(at)),
        };
        world.routes().explain_route(world.as_role(Role::Public, None, question)).await
    };
    for good in [946_684_800, 4_102_444_799] {
        assert!(arrive(good).await.expect("a route").into_inner().respond.is_some(), "{good}");
    }
    for wrong in [-62_135_596_800, 946_684_799, 4_102_444_800, 253_402_300_799] {
        let refusal = arrive(wrong).await.expect_err("another century");
        assert_eq!(reason(&refusal), (Code::InvalidArgument, "TIMESTAMP_INVALID".to_owned()), "{wrong}");
    }
}
