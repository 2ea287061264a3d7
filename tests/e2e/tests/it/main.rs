//! Journeys and attacks through the whole system: real files, real bus, real gRPC, the province pack that ships.

mod journeys;
mod requests;
mod stories;
mod visibility;
