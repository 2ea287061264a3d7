//! What the photos of reports look like.

use std::collections::{BTreeMap, BTreeSet};

use database::is_among;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryOrder as _, QuerySelect as _, Set};
use vocabulary::ReportId;

use super::entities::photo;
use crate::domain::similar::PhotoHash;

/// Keeps what photos look like, each once.
pub async fn insert_photos(
    tx: &DatabaseTransaction,
    photos: &BTreeSet<(ReportId, PhotoHash)>,
) -> Result<(), DbErr> {
    if photos.is_empty() {
        return Ok(());
    }
    let rows = photos
        .iter()
        .map(|(report, photo)| photo::ActiveModel { report: Set(report.0), hash: Set(to_column(*photo)) });
    photo::Entity::insert_many(rows)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// The photos of reports.
pub async fn photos_of(
    connection: &impl ConnectionTrait,
    reports: impl IntoIterator<Item = ReportId>,
) -> Result<BTreeMap<ReportId, Vec<PhotoHash>>, DbErr> {
    let reports = reports.into_iter().map(|report| report.0);
    let rows = photo::Entity::find()
        .filter(is_among(connection, photo::Column::Report, reports))
        .order_by_asc(photo::Column::Hash)
        .all(connection)
        .await?;
    let mut photos: BTreeMap<ReportId, Vec<PhotoHash>> = BTreeMap::new();
    for row in rows {
        photos.entry(ReportId(row.report)).or_default().extend(PhotoHash::of(row.hash.cast_unsigned()));
    }
    Ok(photos)
}

/// The newest reports with exactly these photos.
pub(super) async fn reports_with(
    connection: &impl ConnectionTrait,
    photos: &[PhotoHash],
    limit: u64,
) -> Result<Vec<Uuid>, DbErr> {
    if photos.is_empty() {
        return Ok(Vec::new());
    }
    photo::Entity::find()
        .select_only()
        .column(photo::Column::Report)
        .filter(is_among(connection, photo::Column::Hash, photos.iter().copied().map(to_column)))
        .order_by_desc(photo::Column::Report)
        .limit(limit)
        .into_tuple()
        .all(connection)
        .await
}

/// A signed column holds the same bits.
const fn to_column(photo: PhotoHash) -> i64 {
    photo.bits().cast_signed()
}
