//! Worlds and actors for tests that need the whole system: start it, act as people do, wait for states.
//!
//! ```text
//! let world = World::start().await;
//! let citizen = world.citizen("citizen-1");
//! let report = citizen.create(&report(text::ROAD)).await?;
//! world.until_idle().await;
//! world.finish().await;                  // fails if an event was given up
//! ```

mod actors;
mod caller;
mod eventually;
mod fixtures;
mod refusal;
mod stores;
pub mod text;
mod timeline;
mod world;

pub use actors::{Agency, Citizen, Triage};
pub use caller::{Anyone, Api, Bearer, Secured};
pub use eventually::eventually;
pub use fixtures::{CITY, OUTSIDE_PROVINCE, fresh_id, header, photo, repaired, report, upload_of};
pub use refusal::{Refusal, refusal};
pub use stores::Stores;
pub use timeline::{kinds, verify_timeline};
pub use world::{World, config_of, config_on, pack, province};
