//! Domain types become messages of the contract.

use contract::common::v1 as common;
use contract::google::r#type::LatLng;
use contract::routing::v1 as api;
use province::{Agency, Commune, Due, Extent, Located, Province};
use runtime::wire::{duration, timestamp};
use vocabulary::{AgencyId, MediaId, Timestamp};

use crate::domain::{Assignment, AssignmentState, Case, Resolution};
use crate::events::{agency_name, number};
use crate::wire;

pub(super) fn assignment(
    province: &Province,
    case: &Case,
    assignment: &Assignment,
    now: Timestamp,
) -> api::Assignment {
    let snapshot = case.snapshot.as_ref();
    let matter = case.matter.as_ref();
    let commune_code = case.place.as_ref().and_then(|place| place.commune.as_ref());
    let commune = commune_code.and_then(|code| province.communes.find(code));
    api::Assignment {
        name: assignment.id.name(),
        report: case.report.name(),
        code: snapshot.map(|snapshot| snapshot.code.clone()).unwrap_or_default(),
        agency: assignment.agency.name(),
        agency_name: agency_name(province, &assignment.agency),
        executor: assignment.executor.as_ref().map(AgencyId::name).unwrap_or_default(),
        text: snapshot.map(|snapshot| snapshot.text.clone()).unwrap_or_default(),
        location: snapshot.map(|snapshot| common::Location {
            point: Some(LatLng {
                latitude: snapshot.point.latitude(),
                longitude: snapshot.point.longitude(),
            }),
            address: snapshot.address.clone(),
        }),
        media: snapshot.map(|snapshot| names(&snapshot.media)).unwrap_or_default(),
        leaf: matter.map(|matter| matter.leaf.to_string()).unwrap_or_default(),
        urgency: matter.map_or(0, |matter| wire::urgency(matter.urgency).into()),
        commune_code: commune_code.map(ToString::to_string).unwrap_or_default(),
        commune_name: commune.map(|commune| commune.name.clone()).unwrap_or_default(),
        state: state(assignment.state).into(),
        round: number(assignment.round),
        assign_time: Some(timestamp(assignment.assign_time)),
        due_time: Some(timestamp(assignment.due)),
        overdue: assignment.is_overdue(now),
        resolution: assignment.resolution.as_ref().map(resolution),
        etag: format!("v{}", assignment.version),
    }
}

fn names(media: &[MediaId]) -> Vec<String> {
    media.iter().copied().map(MediaId::name).collect()
}

fn resolution(resolution: &Resolution) -> api::Resolution {
    api::Resolution {
        outcome: wire::outcome(resolution.outcome).into(),
        reply: resolution.reply.clone(),
        evidence: names(&resolution.evidence),
        promised_time: resolution.promised.map(timestamp),
    }
}

fn state(state: AssignmentState) -> api::AssignmentState {
    match state {
        AssignmentState::Assigned => api::AssignmentState::Assigned,
        AssignmentState::InProgress => api::AssignmentState::InProgress,
        AssignmentState::PendingApproval => api::AssignmentState::PendingApproval,
        AssignmentState::Resolved => api::AssignmentState::Resolved,
        AssignmentState::Deferred => api::AssignmentState::Deferred,
        AssignmentState::HandedBack => api::AssignmentState::HandedBack,
        AssignmentState::Cancelled => api::AssignmentState::Cancelled,
    }
}

pub(super) fn agency(agency: &Agency) -> api::Agency {
    api::Agency {
        name: agency.id.name(),
        display_name: Some(wire::localized(&agency.name)),
        kind: agency.kind.to_string(),
        parent: agency.parent.as_ref().map(AgencyId::name).unwrap_or_default(),
        commune_code: agency.commune.as_ref().map(ToString::to_string).unwrap_or_default(),
    }
}

pub(super) fn commune(province: &Province, commune: &Commune) -> api::Commune {
    let merged_into_it = |unit: &&province::FormerUnit| {
        // An unchanged unit has the name that the commune has.
        unit.successors
            .iter()
            .any(|successor| successor.commune == commune.code && successor.extent != Extent::Unchanged)
    };
    let former = province.former_units.all().iter().filter(merged_into_it);
    api::Commune {
        code: commune.code.to_string(),
        display_name: commune.name.clone(),
        kind: commune.kind.clone(),
        former_names: former.map(|unit| format!("{} {}", unit.kind, unit.name)).collect(),
    }
}

pub(super) fn place(place: &Located<'_>) -> api::LocatePointResponse {
    let commune = place.commune();
    let (found, metres) = crate::domain::matched(place);
    let candidates = place.candidates.iter().map(|candidate| api::CommuneCandidate {
        code: candidate.commune.code.to_string(),
        display_name: candidate.commune.name.clone(),
        distance_metres: candidate.metres,
    });
    api::LocatePointResponse {
        commune_code: commune.map(|commune| commune.code.to_string()).unwrap_or_default(),
        commune_name: commune.map(|commune| commune.name.clone()).unwrap_or_default(),
        r#match: wire::commune_match(found).into(),
        distance_metres: metres,
        candidates: candidates.collect(),
    }
}

pub(super) fn due(due: &Due) -> api::Due {
    api::Due {
        due_time: Some(timestamp(due.due)),
        limit: Some(duration(due.limit)),
        day_kind: due.day_kind.to_string(),
    }
}
