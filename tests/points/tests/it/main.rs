//! Every named fault point of the services is passed by a journey of a report, and made to fail there in every way.

mod client;
mod journeys;
mod list;
mod runs;
mod site;
