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
mod files;
mod fixtures;
mod refusal;
mod spy;
pub mod text;
mod timeline;
mod world;

pub use actors::{Agency, Citizen, Triage};
pub use caller::{Anyone, Api, Bearer, Secured};
pub use eventually::eventually;
pub use files::Files;
pub use fixtures::{CITY, OUTSIDE_PROVINCE, fresh_id, header, photo, repaired, report, upload_of};
pub use refusal::{Refusal, refusal};
pub use spy::Spy;
pub use timeline::{kinds, verify_timeline};
pub use world::{World, config_of, pack, province};
