//! Load on a running system, by people who behave as people do, and figures that can be trusted.
//!
//! As a library it gives other tests the same people: a [`Cast`] (texts, places, tokens), a [`System`] (where services
//! listen), a [`Ledger`], a [`Driver`] that performs one operation and records it, and [`Citizens`], [`Agencies`],
//! [`Raters`], [`Readers`] who know what to ask.
//!
//! ```text
//! let driver = Driver::new(system, Ledger::open(&file, clock)?, Arc::new(Recorder::default()), patience);
//! let citizens = Citizens::new(cast, driver);
//! let report = citizens.create(17, Instant::now()).await?;     // number 17 of this seed, acknowledged and in the ledger
//! ```

mod agencies;
mod arrivals;
mod cast;
mod ceiling;
mod citizens;
pub mod code;
mod compare;
mod driver;
mod figures;
mod follow;
mod ledger;
mod mix;
mod operation;
pub mod options;
mod pace;
mod photos;
mod processes;
mod raters;
mod readers;
mod recorder;
mod reply;
mod run;
pub mod seed;
mod server;
mod stage;
mod system;
mod table;
mod target;
mod wire;

pub use agencies::Agencies;
pub use cast::{Cast, Pass};
pub use ceiling::{Step, find as find_ceiling};
pub use citizens::Citizens;
pub use compare::{Row, compare, render as render_comparison};
pub use driver::{Answer, Ask, Driver, Failure, Patience};
pub use figures::Figures;
pub use follow::{Follower, Way};
pub use ledger::Ledger;
pub use mix::{Action, Mix};
pub use operation::{Operation, Service};
pub use photos::Album;
pub use processes::{Usage, Watch, Watched};
pub use raters::Raters;
pub use readers::Readers;
pub use recorder::{Acknowledged, Measured, Recorder};
pub use reply::{Identity, Reply};
pub use run::{Theatre, load_province};
pub use server::Server;
pub use stage::{Play, Stage};
pub use system::{Addresses, System};
pub use table::render as render_figures;
pub use target::Target;
