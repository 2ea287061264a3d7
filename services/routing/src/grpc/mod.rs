//! The transport adapter: parse → use case → encode, one file per gRPC service.

mod directory;
mod dispatch;
mod encode;
mod parse;
mod routes;

use contract::routing::v1::directory_service_server::DirectoryServiceServer;
use contract::routing::v1::dispatch_service_server::DispatchServiceServer;
use contract::routing::v1::routing_service_server::RoutingServiceServer;
use runtime::grpc::{Api, CONTROL_MESSAGE_LIMIT, ENCODE_LIMIT};

use crate::error::Error;
use crate::{NAME, Service};

impl From<Error> for tonic::Status {
    fn from(error: Error) -> Self {
        runtime::status(&error.problem())
    }
}

pub(crate) fn register(service: &Service, api: &mut Api) {
    let directory = DirectoryServiceServer::new(directory::Directory { service: service.clone() });
    let routes = RoutingServiceServer::new(routes::Routes { service: service.clone() });
    let dispatch = DispatchServiceServer::new(dispatch::Dispatch { service: service.clone() });
    let (decode, encode) = (CONTROL_MESSAGE_LIMIT, ENCODE_LIMIT);
    api.add(NAME, directory.max_decoding_message_size(decode).max_encoding_message_size(encode));
    api.add(NAME, routes.max_decoding_message_size(decode).max_encoding_message_size(encode));
    api.add(NAME, dispatch.max_decoding_message_size(decode).max_encoding_message_size(encode));
}
