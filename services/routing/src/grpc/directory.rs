//! Agencies and communes, straight from the province pack.

use contract::routing::v1 as api;
use contract::routing::v1::directory_service_server::DirectoryService;
use runtime::grpc::caller;
use runtime::wire::scope;
use tonic::{Request, Response, Status};
use vocabulary::{AgencyId, Problem};

use super::{encode, parse};
use crate::Service;
use crate::error::Error;

const PAGE: u32 = 100;
const LARGEST_PAGE: u32 = 500;

pub(super) struct Directory {
    pub(super) service: Service,
}

impl Directory {
    /// One page of `items`, which are in the order of `key`, and the token of the next.
    fn page<'i, T>(
        &self,
        list: &'static str,
        items: &[&'i T],
        key: fn(&T) -> &str,
        asked: (i32, &str),
    ) -> Result<(Vec<&'i T>, String), Error> {
        let (size, token) = asked;
        let size = parse::page_size(size, PAGE, LARGEST_PAGE)? as usize;
        let scope = scope(&[list.as_bytes()]);
        let pages = &self.service.platform.page_key;
        let after = pages.decode(&scope, token, |key| Some(key.to_vec()))?.unwrap_or_default();
        let first = items.partition_point(|item| key(item).as_bytes() <= after.as_slice());
        let page = &items[first..items.len().min(first + size)];
        let more = first + size < items.len();
        let next = page.last().filter(|_| more).map(|last| pages.encode(&scope, key(last).as_bytes()));
        Ok((page.to_vec(), next.unwrap_or_default()))
    }
}

#[tonic::async_trait]
impl DirectoryService for Directory {
    async fn list_agencies(
        &self,
        request: Request<api::ListAgenciesRequest>,
    ) -> Result<Response<api::ListAgenciesResponse>, Status> {
        caller(&request)?;
        let message = request.into_inner();
        let province = &self.service.desk.province;
        let today = province.local_date(self.service.desk.clock.now());
        let in_force = province.agencies.all().iter().filter(|agency| agency.validity.contains(today));
        let mut agencies: Vec<_> = in_force.collect();
        agencies.sort_by(|one, other| one.id.cmp(&other.id));
        let asked = (message.page_size, message.page_token.as_str());
        let (page, next_page_token) = self.page("agencies", &agencies, |agency| agency.id.as_str(), asked)?;
        let agencies = page.into_iter().map(encode::agency).collect();
        Ok(Response::new(api::ListAgenciesResponse { agencies, next_page_token }))
    }

    async fn get_agency(
        &self,
        request: Request<api::GetAgencyRequest>,
    ) -> Result<Response<api::Agency>, Status> {
        caller(&request)?;
        let id = AgencyId::parse_name(&request.into_inner().name).ok();
        let agency = id.and_then(|id| self.service.desk.province.agencies.find(&id));
        let agency = agency.ok_or_else(|| Error::from(Problem::denied()))?;
        Ok(Response::new(encode::agency(agency)))
    }

    async fn list_communes(
        &self,
        request: Request<api::ListCommunesRequest>,
    ) -> Result<Response<api::ListCommunesResponse>, Status> {
        caller(&request)?;
        let message = request.into_inner();
        let province = &self.service.desk.province;
        let communes: Vec<_> = province.communes.all().iter().collect();
        let asked = (message.page_size, message.page_token.as_str());
        let (page, next_page_token) =
            self.page("communes", &communes, |commune| commune.code.as_str(), asked)?;
        let communes = page.into_iter().map(|commune| encode::commune(province, commune)).collect();
        Ok(Response::new(api::ListCommunesResponse { communes, next_page_token }))
    }

    async fn locate_point(
        &self,
        request: Request<api::LocatePointRequest>,
    ) -> Result<Response<api::LocatePointResponse>, Status> {
        caller(&request)?;
        let province = &self.service.desk.province;
        let location = request.into_inner().location;
        let point = parse::point(province, "location.point", location).map_err(Error::from)?;
        Ok(Response::new(encode::place(&province.communes.locate(point))))
    }
}
