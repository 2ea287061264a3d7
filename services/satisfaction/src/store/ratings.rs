//! Ratings, every revision of them.

use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryOrder as _, Set};
use vocabulary::{InvitationId, Timestamp};

use super::broken;
use super::entities::rating::{ActiveModel, Column, Entity, Model};
use crate::domain::invitation::Rating;
use crate::domain::opinion::{Opinion, Reason};

/// The rating in force.
pub async fn find_latest(
    connection: &impl ConnectionTrait,
    invitation: InvitationId,
) -> Result<Option<Rating>, DbErr> {
    let row = Entity::find()
        .filter(Column::Invitation.eq(invitation.0))
        .order_by_desc(Column::Revision)
        .one(connection)
        .await?;
    row.map(from_row).transpose()
}

/// Every revision of the ratings of some invitations, each invitation's in order.
pub async fn list_of_invitations(
    connection: &impl ConnectionTrait,
    invitations: &[InvitationId],
) -> Result<Vec<Rating>, DbErr> {
    let rows = Entity::find()
        .filter(database::is_among(connection, Column::Invitation, invitations.iter().map(|id| id.0)))
        .order_by_asc(Column::Invitation)
        .order_by_asc(Column::Revision)
        .all(connection)
        .await?;
    rows.into_iter().map(from_row).collect()
}

/// Keeps one more revision.
pub async fn insert_rating(tx: &DatabaseTransaction, rating: &Rating) -> Result<(), DbErr> {
    let reasons: Vec<&str> = rating.opinion.reasons.iter().map(|reason| reason.as_str()).collect();
    let row = ActiveModel {
        invitation: Set(rating.invitation.0),
        revision: Set(i32::try_from(rating.revision).unwrap_or(i32::MAX)),
        verdict: Set(rating.opinion.verdict.as_str().to_owned()),
        resolved: Set(rating.opinion.resolved),
        reasons: Set(serde_json::to_string(&reasons).map_err(|_| broken("ratings", "reasons"))?),
        comment: Set(rating.opinion.comment.clone()),
        create_time: Set(rating.create_time.micros()),
        reopened: Set(rating.reopened),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

fn from_row(row: Model) -> Result<Rating, DbErr> {
    let wrong = |column| broken("ratings", column);
    let words: Vec<String> = serde_json::from_str(&row.reasons).map_err(|_| wrong("reasons"))?;
    let reasons: Option<_> = words.iter().map(|word| Reason::parse(word)).collect();
    Ok(Rating {
        invitation: InvitationId(row.invitation),
        revision: u32::try_from(row.revision).map_err(|_| wrong("revision"))?,
        opinion: Opinion {
            verdict: row.verdict.parse().map_err(|_| wrong("verdict"))?,
            resolved: row.resolved,
            reasons: reasons.ok_or_else(|| wrong("reasons"))?,
            comment: row.comment,
        },
        create_time: Timestamp::from_micros(row.create_time),
        reopened: row.reopened,
    })
}
