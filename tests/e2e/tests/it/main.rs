//! Journeys and attacks through the whole system: real files, real bus, real gRPC, the province pack that ships.

mod architecture;
mod bad_input;
mod canary;
mod chaos;
mod desk;
mod journeys;
mod learning;
mod media;
mod pages;
mod requests;
mod similar;
mod stories;
mod tokens;
mod visibility;
mod watching;
