//! Events as routing and intake send them.

use contract::common::v1::{Access, LocalizedText, Outcome};
use contract::event::v1 as event;
use runtime::wire;
use vocabulary::{Clock, Timestamp};

use crate::world::{HOUR, World, id};

/// The citizen who sent every report of these stories.
pub const CITIZEN: &str = "citizen-1";

/// A closing of an ordinary report about a road, answered one hour before it was due.
pub fn closing(world: &World, report: u128, round: i32) -> event::Closing {
    let close_time = world.clock.now();
    event::Closing {
        round,
        agency: "agencies/ubnd-32002".to_owned(),
        leaf: "infrastructure.road".to_owned(),
        access: Access::Ordinary.into(),
        commune_code: "32002".to_owned(),
        close_time: Some(wire::timestamp(close_time)),
        respond_due_time: Some(wire::timestamp(close_time + HOUR)),
        held: Some(wire::duration(HOUR * 3)),
        reporter_proof: proof(world, report),
    }
}

pub fn proof(world: &World, report: u128) -> prost::bytes::Bytes {
    world.seal.proof(id(report), &CITIZEN.parse().unwrap()).to_vec().into()
}

pub fn resolved(world: &World, report: u128, round: i32) -> event::ReportResolved {
    resolved_with(report, closing(world, report, round))
}

pub fn resolved_with(report: u128, closing: event::Closing) -> event::ReportResolved {
    event::ReportResolved {
        report: id(report).name(),
        outcome: Outcome::Repaired.into(),
        reply: "Kính gửi Ông/Bà.".to_owned(),
        closing: Some(closing),
        ..event::ReportResolved::default()
    }
}

pub fn deferred(world: &World, report: u128, round: i32) -> event::ReportDeferred {
    event::ReportDeferred {
        report: id(report).name(),
        closing: Some(closing(world, report, round)),
        ..event::ReportDeferred::default()
    }
}

pub fn returned(world: &World, report: u128, access: Access) -> event::ReportReturned {
    event::ReportReturned {
        report: id(report).name(),
        round: 1,
        leaf: "out_of_scope.administrative_procedure".to_owned(),
        access: access.into(),
        channel: Some(LocalizedText::default()),
        guidance: None,
        commune_code: String::new(),
        return_time: Some(wire::timestamp(world.clock.now())),
        reporter_proof: proof(world, report),
        agency: "agencies/trung-tam-dieu-phoi".to_owned(),
    }
}

pub fn rejected(world: &World, report: u128) -> event::ReportRejected {
    event::ReportRejected {
        report: id(report).name(),
        round: 1,
        leaf: "infrastructure.road".to_owned(),
        access: Access::Ordinary.into(),
        reason: "Không xác minh được.".to_owned(),
        commune_code: "32005".to_owned(),
        reject_time: Some(wire::timestamp(world.clock.now())),
        reporter_proof: proof(world, report),
        agency: "agencies/trung-tam-dieu-phoi".to_owned(),
    }
}

pub fn withdrawn(report: u128, clock: &Clock) -> event::ReportWithdrawn {
    event::ReportWithdrawn { report: id(report).name(), withdraw_time: Some(wire::timestamp(clock.now())) }
}

/// A timestamp for the wire.
pub fn at(at: Timestamp) -> Option<prost_types::Timestamp> {
    Some(wire::timestamp(at))
}
