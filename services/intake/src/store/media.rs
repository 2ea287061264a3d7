//! What is known about photos and videos, and to which report they belong.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{DatabaseTransaction, QueryOrder as _, Set};
use vocabulary::{MediaId, ReportId, Timestamp};

use crate::domain::media::Media;
use crate::store::entities::{media, report_media};

/// A medium's place in a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The medium.
    pub media: MediaId,
    /// The report.
    pub report: ReportId,
    /// Order within the report.
    pub position: i32,
    /// Shown by the agency.
    pub evidence: bool,
}

/// One medium.
pub async fn find(db: &impl ConnectionTrait, id: MediaId) -> Result<Option<Media>, DbErr> {
    Ok(media::Entity::find_by_id(id.0).one(db).await?.map(to_media))
}

/// Many media at once.
pub async fn find_all(db: &impl ConnectionTrait, ids: Vec<Uuid>) -> Result<Vec<Media>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = media::Entity::find().filter(media::Column::Id.is_in(ids)).all(db).await?;
    Ok(rows.into_iter().map(to_media).collect())
}

/// Stores a medium or how far it has come.
pub async fn save(tx: &DatabaseTransaction, medium: &Media) -> Result<(), DbErr> {
    let row = media::ActiveModel {
        id: Set(medium.id.0),
        owner: Set(medium.owner.clone()),
        content_type: Set(medium.content_type.clone()),
        size: Set(i64::try_from(medium.size).unwrap_or(i64::MAX)),
        sha256: Set(medium.sha256.clone()),
        received: Set(i64::try_from(medium.received).unwrap_or(i64::MAX)),
        ready: Set(medium.ready),
        public_copy: Set(medium.public_copy),
        create_time: Set(medium.created.micros()),
    };
    let progress = OnConflict::column(media::Column::Id)
        .update_columns([media::Column::Received, media::Column::Ready, media::Column::PublicCopy])
        .to_owned();
    media::Entity::insert(row).on_conflict(progress).exec_without_returning(tx).await?;
    Ok(())
}

/// Forgets a medium whose upload came to nothing.
pub async fn remove(tx: &DatabaseTransaction, id: MediaId) -> Result<(), DbErr> {
    media::Entity::delete_by_id(id.0).exec(tx).await?;
    Ok(())
}

/// Uploads that began before `before` and never ended.
pub async fn stale(db: &impl ConnectionTrait, before: Timestamp) -> Result<Vec<Media>, DbErr> {
    let rows = media::Entity::find()
        .filter(media::Column::Ready.eq(false))
        .filter(media::Column::CreateTime.lt(before.micros()))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(to_media).collect())
}

/// The links of these media.
pub async fn links_of(db: &impl ConnectionTrait, ids: Vec<Uuid>) -> Result<Vec<Link>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = report_media::Entity::find().filter(report_media::Column::MediaId.is_in(ids)).all(db).await?;
    Ok(rows.into_iter().map(to_link).collect())
}

/// What belongs to these reports, in order.
pub async fn links_to(db: &impl ConnectionTrait, reports: Vec<Uuid>) -> Result<Vec<Link>, DbErr> {
    let rows = report_media::Entity::find()
        .filter(report_media::Column::ReportId.is_in(reports))
        .order_by_asc(report_media::Column::ReportId)
        .order_by_asc(report_media::Column::Position)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(to_link).collect())
}

/// Adds links; media that belong to a report already keep their place.
pub async fn link_all(tx: &DatabaseTransaction, links: &[Link]) -> Result<(), DbErr> {
    if links.is_empty() {
        return Ok(());
    }
    let rows = links.iter().map(|link| report_media::ActiveModel {
        media_id: Set(link.media.0),
        report_id: Set(link.report.0),
        position: Set(link.position),
        evidence: Set(link.evidence),
    });
    let keep = OnConflict::column(report_media::Column::MediaId).do_nothing().to_owned();
    report_media::Entity::insert_many(rows).on_conflict(keep).exec_without_returning(tx).await?;
    Ok(())
}

fn to_link(row: report_media::Model) -> Link {
    Link {
        media: MediaId(row.media_id),
        report: ReportId(row.report_id),
        position: row.position,
        evidence: row.evidence,
    }
}

fn to_media(row: media::Model) -> Media {
    Media {
        id: MediaId(row.id),
        owner: row.owner,
        content_type: row.content_type,
        size: u64::try_from(row.size).unwrap_or(0),
        sha256: row.sha256,
        received: u64::try_from(row.received).unwrap_or(0),
        ready: row.ready,
        public_copy: row.public_copy,
        created: Timestamp::from_micros(row.create_time),
    }
}
