//! `SimilarService`.

use auth::{Caller, Role};
use contract::classification::v1::similar_service_server::SimilarService;
use contract::classification::v1::{
    CountSimilarReportsRequest, CountSimilarReportsResponse, ListSimilarReportsRequest,
    ListSimilarReportsResponse, SearchReportsRequest, SearchReportsResponse,
};
use contract::common::v1::Location;
use runtime::grpc::caller;
use runtime::wire::page_size;
use tonic::{Request, Response, Status};
use vocabulary::{Point, Problem, ReportId, Text};

use crate::domain::similar::search_patterns;
use crate::error::Error;
use crate::usecases::{self, Desk, Search};

const SEES_SIMILAR: [Role; 2] = [Role::Coordinator, Role::ClearedOfficer];
const SEARCHES: [Role; 4] = [Role::Coordinator, Role::ClearedOfficer, Role::Supervisor, Role::Auditor];
const SIMILAR_DEFAULT: u32 = 10;
const SIMILAR_MAXIMUM: u32 = 50;
const PAGE_DEFAULT: u32 = 20;
const PAGE_MAXIMUM: u32 = 100;
const QUERY_MAXIMUM: usize = 200;

pub(crate) struct Similar {
    pub(crate) desk: Desk,
}

#[tonic::async_trait]
impl SimilarService for Similar {
    async fn count_similar_reports(
        &self,
        request: Request<CountSimilarReportsRequest>,
    ) -> Result<Response<CountSimilarReportsResponse>, Status> {
        caller(&request)?;
        let CountSimilarReportsRequest { text, location } = request.into_inner();
        let maximum = self.desk.province.policies.text.maximum_code_points;
        let text = Text::parse("text", &text, maximum).map_err(Error::from)?;
        let point = parse_point(location).map_err(Error::from)?;
        Ok(Response::new(usecases::count_similar(&self.desk, &text, point).await?))
    }

    async fn list_similar_reports(
        &self,
        request: Request<ListSimilarReportsRequest>,
    ) -> Result<Response<ListSimilarReportsResponse>, Status> {
        let caller = authorise(&request, &SEES_SIMILAR)?;
        let ListSimilarReportsRequest { report, page_size: asked } = request.into_inner();
        let size = page_size(asked, SIMILAR_DEFAULT, SIMILAR_MAXIMUM).map_err(Error::from)?;
        // A name that is none names nothing that exists.
        let report = ReportId::parse_name(&report).map_err(|_| Error::from(Problem::denied()))?;
        Ok(Response::new(usecases::list_similar(&self.desk, &caller, report, size).await?))
    }

    async fn search_reports(
        &self,
        request: Request<SearchReportsRequest>,
    ) -> Result<Response<SearchReportsResponse>, Status> {
        let caller = authorise(&request, &SEARCHES)?;
        let search = parse_search(request.into_inner()).map_err(Error::from)?;
        Ok(Response::new(usecases::search_reports(&self.desk, &caller, search).await?))
    }
}

fn authorise<T>(request: &Request<T>, roles: &[Role]) -> Result<Caller, Status> {
    let caller = caller(request)?;
    caller.require(roles).map_err(Error::from)?;
    Ok(caller)
}

fn parse_point(location: Option<Location>) -> Result<Point, Problem> {
    let point = location.and_then(|location| location.point).ok_or_else(|| {
        Problem::invalid(
            "location.point",
            "LOCATION_MISSING",
            "is required",
            "Xin cho biết vị trí của sự việc.",
        )
    })?;
    Point::parse(point.latitude, point.longitude).map_err(|error| {
        Problem::invalid("location.point", "LOCATION_INVALID", error.to_string(), "Vị trí không hợp lệ.")
    })
}

fn parse_search(request: SearchReportsRequest) -> Result<Search, Problem> {
    let size = page_size(request.page_size, PAGE_DEFAULT, PAGE_MAXIMUM)?;
    let query = Text::parse("query", &request.query, QUERY_MAXIMUM)?;
    let patterns = search_patterns(query.as_str()).ok_or_else(|| {
        Problem::invalid("query", "TEXT_EMPTY", "holds no word to look for", "Xin nhập từ cần tìm.")
    })?;
    Ok(Search { patterns, size, token: request.page_token })
}
