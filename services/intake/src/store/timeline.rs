//! Timelines.

use std::collections::HashSet;

use database::Inserts;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder as _, QuerySelect as _, Set};
use vocabulary::{EventId, ReportId, Timestamp};

use crate::domain::report::Words;
use crate::domain::timeline::{Entry, Happening};
use crate::store::corrupt;
use crate::store::entities::timeline::{ActiveModel, Column, Entity, Model};

/// Entries of a report after number `after`, in order.
pub async fn list(db: &impl ConnectionTrait, report: ReportId, after: i64) -> Result<Vec<Entry>, DbErr> {
    let rows = Entity::find()
        .filter(Column::ReportId.eq(report.0))
        .filter(Column::Sequence.gt(after))
        .order_by_asc(Column::Sequence)
        .all(db)
        .await?;
    rows.into_iter().map(to_entry).collect()
}

/// Which of these events are on a timeline already.
pub async fn known(db: &impl ConnectionTrait, events: Vec<Uuid>) -> Result<HashSet<Uuid>, DbErr> {
    if events.is_empty() {
        return Ok(HashSet::new());
    }
    let found: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::EventId)
        .filter(database::is_among(db, Column::EventId, events))
        .into_tuple()
        .all(db)
        .await?;
    Ok(found.into_iter().collect())
}

/// Adds entries.
pub fn add_all(inserts: &mut Inserts, entries: &[Entry]) -> Result<(), DbErr> {
    let rows = entries.iter().map(|entry| ActiveModel {
        report_id: Set(entry.report.0),
        sequence: Set(entry.sequence),
        event_id: Set(entry.happening.event.0),
        kind: Set(entry.happening.kind.clone()),
        state: Set(entry.state.as_str().to_owned()),
        text_vi: Set(entry.happening.text.vi.clone()),
        text_en: Set(entry.happening.text.en.clone()),
        time: Set(entry.time.micros()),
        hash: Set(entry.hash.to_vec()),
    });
    inserts.add(rows, None)
}

fn to_entry(row: Model) -> Result<Entry, DbErr> {
    Ok(Entry {
        report: ReportId(row.report_id),
        sequence: row.sequence,
        time: Timestamp::from_micros(row.time),
        happening: Happening {
            event: EventId(row.event_id),
            kind: row.kind,
            text: Words { vi: row.text_vi, en: row.text_en },
        },
        state: row.state.parse().map_err(|error| corrupt("timeline entry", error))?,
        hash: row
            .hash
            .as_slice()
            .try_into()
            .map_err(|_| corrupt("timeline entry", "its hash has another length"))?,
    })
}
