//! Explains routes without any effect.

use contract::common::v1 as common;
use contract::routing::v1 as api;
use contract::routing::v1::routing_service_server::RoutingService;
use province::{ClockKind, Match, Province};
use runtime::grpc::caller;
use runtime::wire::parse_timestamp;
use tonic::{Request, Response, Status};
use vocabulary::{LeafCode, Point, Problem, Scope, Timestamp, Urgency};

use super::{encode, parse};
use crate::Service;
use crate::domain::{Missing, Route, route};
use crate::error::Error;
use crate::events::agency_name;
use crate::wire;

pub(super) struct Routes {
    pub(super) service: Service,
}

#[tonic::async_trait]
impl RoutingService for Routes {
    async fn explain_route(
        &self,
        request: Request<api::ExplainRouteRequest>,
    ) -> Result<Response<api::Route>, Status> {
        caller(&request)?;
        let province = &self.service.desk.province;
        let now = self.service.desk.clock.now();
        let question = Question::parse(province, request.into_inner(), now).map_err(Error::from)?;
        Ok(Response::new(question.answer(province)))
    }
}

struct Question {
    point: Point,
    leaf: LeafCode,
    urgency: Urgency,
    arrival: Timestamp,
}

impl Question {
    fn parse(
        province: &Province,
        message: api::ExplainRouteRequest,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let urgency =
            common::Urgency::try_from(message.urgency).map_err(|_| parse::enum_unknown("urgency"))?;
        let leaf = message.leaf.parse::<LeafCode>().ok();
        let in_scope =
            |leaf: &LeafCode| province.taxonomy.find_leaf(leaf).is_some_and(|leaf| leaf.scope == Scope::In);
        let leaf = leaf.filter(in_scope).ok_or_else(|| {
            let description = "is no leaf of the taxonomy that is in scope, e.g. infrastructure.road";
            Problem::invalid("leaf", "LEAF_UNKNOWN", description, "Lĩnh vực không hợp lệ.")
        })?;
        let arrival = match message.arrival_time {
            None => now,
            given => parse::arrival("arrival_time", parse_timestamp("arrival_time", given)?)?,
        };
        let point = parse::point(province, "location.point", message.location)?;
        Ok(Self { point, leaf, urgency: wire::parse_urgency(urgency).unwrap_or(Urgency::Normal), arrival })
    }

    fn answer(&self, province: &Province) -> api::Route {
        let route = route(province, &self.leaf, self.urgency, self.point, self.arrival);
        let explanation = Some(in_words(&route));
        let clock = |kind| Some(encode::due(&province.due(kind, self.arrival, &[])));
        let mut answer = api::Route {
            place: Some(encode::place(&route.place)),
            receive: clock(ClockKind::Receive),
            respond: clock(ClockKind::Respond),
            pack_version: province.version().to_owned(),
            explanation,
            ..api::Route::default()
        };
        match route.competence {
            Err(missing) => missing.reason().clone_into(&mut answer.missing_reason),
            Ok(routed) => {
                answer.agency = routed.owner.name();
                answer.agency_name = agency_name(province, &routed.owner);
                answer.executor = routed.executor.map(|executor| executor.name()).unwrap_or_default();
                answer.matrix_row.clone_from(&routed.row.id);
                answer.basis.clone_from(&routed.row.basis);
                let candidates = routed.candidates.iter().map(|candidate| api::RouteCandidate {
                    agency: candidate.owner.name(),
                    agency_name: agency_name(province, &candidate.owner),
                    level: candidate.row.level.to_string(),
                    matrix_row: candidate.row.id.clone(),
                });
                answer.candidates = candidates.collect();
            }
        }
        answer
    }
}

fn in_words(route: &Route<'_>) -> common::LocalizedText {
    let (place_vi, place_en) = match &route.place.place {
        Match::Inside(commune) => {
            let name = commune.full_name();
            (format!("Điểm nằm trong {name}"), format!("The point lies in {name}"))
        }
        Match::Nearest { commune, metres } => {
            let name = commune.full_name();
            let vi = format!("Điểm không thuộc xã, phường nào; gần nhất là {name}, cách {metres:.0} m");
            (vi, format!("The point lies in no commune; the nearest is {name}, {metres:.0} m away"))
        }
        Match::Outside { nearest, metres } => {
            let name = nearest.full_name();
            let vi = format!("Điểm nằm ngoài tỉnh, cách {name} {metres:.0} m");
            (vi, format!("The point lies outside the province, {metres:.0} m from {name}"))
        }
    };
    let (agency_vi, agency_en) = match &route.competence {
        Ok(routed) => {
            let why = &routed.explanation;
            let vi = format!(
                "dòng {} của ma trận thẩm quyền, cụ thể nhất trong {} dòng phù hợp; căn cứ: {}",
                why.row_id, why.rows_matched, why.basis
            );
            (vi, why.to_string())
        }
        Err(Missing::OutsideProvince) => {
            ("người điều phối quyết định".to_owned(), "a coordinator decides".to_owned())
        }
        Err(Missing::NoMatrixRow) => (
            "ma trận thẩm quyền không có dòng phù hợp; người điều phối quyết định".to_owned(),
            "no row of the competence matrix is valid; a coordinator decides".to_owned(),
        ),
    };
    common::LocalizedText { vi: format!("{place_vi}; {agency_vi}."), en: format!("{place_en}; {agency_en}.") }
}
