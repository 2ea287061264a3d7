//! What is known about photos and videos, and to which report they belong.

use database::Inserts;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{DatabaseTransaction, QueryOrder as _, Set, UpdateMany};
use vocabulary::{MediaId, ReportId, Timestamp};

use crate::domain::media::{Media, Part};
use crate::store::entities::{media, media_parts, report_media};

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
    let rows = media::Entity::find().filter(database::is_among(db, media::Column::Id, ids)).all(db).await?;
    Ok(rows.into_iter().map(to_media).collect())
}

/// Stores a medium that is announced for the first time.
pub async fn insert(tx: &DatabaseTransaction, medium: &Media) -> Result<(), DbErr> {
    let row = media::ActiveModel {
        id: Set(medium.id.0),
        owner: Set(medium.owner.clone()),
        content_type: Set(medium.content_type.clone()),
        size: Set(to_i64(medium.size)),
        sha256: Set(medium.sha256.clone()),
        received: Set(to_i64(medium.received)),
        ready: Set(medium.ready),
        public_copy: Set(medium.public_copy),
        image_hash: Set(medium.image_hash.cast_signed()),
        create_time: Set(medium.created.micros()),
        update_time: Set(medium.updated.micros()),
        stream: Set(medium.stream),
    };
    media::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// A new stream takes an unfinished upload over; the one before finds its writes refused from now on.
pub async fn take_over(tx: &DatabaseTransaction, id: MediaId, stream: Uuid) -> Result<(), DbErr> {
    let taken = media::Entity::update_many().filter(media::Column::Id.eq(id.0));
    taken.col_expr(media::Column::Stream, Expr::value(stream)).exec(tx).await?;
    Ok(())
}

/// Counts one more durable part, unless another stream has taken over or the medium is whole: then nothing, and `false`.
pub async fn advance(
    tx: &DatabaseTransaction,
    medium: &Media,
    part: Part,
    now: Timestamp,
) -> Result<bool, DbErr> {
    let grown = held_by(media::Entity::update_many(), medium)
        .filter(media::Column::Received.eq(to_i64(part.start)))
        .col_expr(media::Column::Received, Expr::value(to_i64(medium.received)))
        .col_expr(media::Column::UpdateTime, Expr::value(now.micros()))
        .exec(tx)
        .await?;
    if grown.rows_affected == 0 {
        return Ok(false);
    }
    let row = media_parts::ActiveModel {
        media_id: Set(medium.id.0),
        start: Set(to_i64(part.start)),
        object: Set(part.object),
    };
    media_parts::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(true)
}

/// Shows a whole medium, unless another stream has taken over: then nothing, and `false`.
pub async fn complete(tx: &DatabaseTransaction, medium: &Media) -> Result<bool, DbErr> {
    let done = held_by(media::Entity::update_many(), medium)
        .col_expr(media::Column::Ready, Expr::value(true))
        .col_expr(media::Column::PublicCopy, Expr::value(medium.public_copy))
        .col_expr(media::Column::ImageHash, Expr::value(medium.image_hash.cast_signed()))
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Forgets an upload that came to nothing, unless another stream has taken over or it is whole: then nothing, and `false`.
pub async fn forget(tx: &DatabaseTransaction, medium: &Media) -> Result<bool, DbErr> {
    let gone = media::Entity::delete_many()
        .filter(media::Column::Id.eq(medium.id.0))
        .filter(media::Column::Stream.eq(medium.stream))
        .filter(media::Column::Ready.eq(false))
        .exec(tx)
        .await?;
    if gone.rows_affected == 0 {
        return Ok(false);
    }
    media_parts::Entity::delete_many().filter(media_parts::Column::MediaId.eq(medium.id.0)).exec(tx).await?;
    Ok(true)
}

fn held_by(update: UpdateMany<media::Entity>, medium: &Media) -> UpdateMany<media::Entity> {
    update
        .filter(media::Column::Id.eq(medium.id.0))
        .filter(media::Column::Stream.eq(medium.stream))
        .filter(media::Column::Ready.eq(false))
}

/// The pieces of an original, in order.
pub async fn parts(db: &impl ConnectionTrait, id: MediaId) -> Result<Vec<Part>, DbErr> {
    let rows = media_parts::Entity::find()
        .filter(media_parts::Column::MediaId.eq(id.0))
        .order_by_asc(media_parts::Column::Start)
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| Part { start: u64::try_from(row.start).unwrap_or(0), object: row.object })
        .collect())
}

/// The objects that hold the pieces of these media's originals.
pub async fn objects_of(db: &impl ConnectionTrait, ids: Vec<Uuid>) -> Result<Vec<String>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = media_parts::Entity::find()
        .filter(database::is_among(db, media_parts::Column::MediaId, ids))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| row.object).collect())
}

/// Unfinished uploads that have not grown since `before`.
pub async fn stale(db: &impl ConnectionTrait, before: Timestamp) -> Result<Vec<Media>, DbErr> {
    let rows = media::Entity::find()
        .filter(media::Column::Ready.eq(false))
        .filter(media::Column::UpdateTime.lt(before.micros()))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(to_media).collect())
}

fn to_i64(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// The links of these media.
pub async fn links_of(db: &impl ConnectionTrait, ids: Vec<Uuid>) -> Result<Vec<Link>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = report_media::Entity::find()
        .filter(database::is_among(db, report_media::Column::MediaId, ids))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(to_link).collect())
}

/// What belongs to these reports, in order.
pub async fn links_to(db: &impl ConnectionTrait, reports: Vec<Uuid>) -> Result<Vec<Link>, DbErr> {
    let rows = report_media::Entity::find()
        .filter(database::is_among(db, report_media::Column::ReportId, reports))
        .order_by_asc(report_media::Column::ReportId)
        .order_by_asc(report_media::Column::Position)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(to_link).collect())
}

/// Adds links; media that belong to a report already keep their place.
pub fn link_all(inserts: &mut Inserts, links: &[Link]) -> Result<(), DbErr> {
    let rows = links.iter().map(|link| report_media::ActiveModel {
        media_id: Set(link.media.0),
        report_id: Set(link.report.0),
        position: Set(link.position),
        evidence: Set(link.evidence),
    });
    let keep = OnConflict::column(report_media::Column::MediaId).do_nothing().to_owned();
    inserts.add(rows, Some(keep))
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
        image_hash: row.image_hash.cast_unsigned(),
        created: Timestamp::from_micros(row.create_time),
        updated: Timestamp::from_micros(row.update_time),
        stream: row.stream,
    }
}
