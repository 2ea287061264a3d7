//! Invitations.

use std::collections::BTreeMap;
use std::time::Duration;

use database::{Inserts, is_among};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryOrder as _, QuerySelect as _, Set};
use time::Date;
use vocabulary::{InvitationId, ReportId, Timestamp};

use super::broken;
use super::entities::invitation::{ActiveModel, Column, Entity, Model};
use crate::domain::invitation::{Answer, Closing, EndedAs, Invitation, Standing};

/// The invitation of an id.
pub async fn find_invitation(
    connection: &impl ConnectionTrait,
    id: InvitationId,
) -> Result<Option<Invitation>, DbErr> {
    Entity::find_by_id(id.0).one(connection).await?.map(from_row).transpose()
}

/// The invitation of an id, which nobody else may change until this transaction ends.
pub async fn lock_invitation(
    tx: &DatabaseTransaction,
    id: InvitationId,
) -> Result<Option<Invitation>, DbErr> {
    Entity::find_by_id(id.0).lock_exclusive().one(tx).await?.map(from_row).transpose()
}

/// Every invitation of every report given, which nobody else may change until this transaction ends.
pub async fn lock_of_reports(
    tx: &DatabaseTransaction,
    reports: &[ReportId],
) -> Result<Vec<Invitation>, DbErr> {
    let ids = reports.iter().map(|report| report.0);
    let rows = Entity::find().filter(is_among(tx, Column::Report, ids)).lock_exclusive().all(tx).await?;
    rows.into_iter().map(from_row).collect()
}

/// Open invitations whose window is over and that nobody else is changing, oldest first; nobody else may change them until
/// this transaction ends.
pub async fn lock_expired(
    tx: &DatabaseTransaction,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<Invitation>, DbErr> {
    let rows = Entity::find()
        .filter(Column::Standing.eq(Standing::Open.as_str()))
        .filter(Column::ExpireTime.lte(now.micros()))
        .order_by_asc(Column::ExpireTime)
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(tx)
        .await?;
    rows.into_iter().map(from_row).collect()
}

/// Invitations in the order of their ids, from the one after `after`.
pub async fn list_after(
    connection: &impl ConnectionTrait,
    after: Option<InvitationId>,
    limit: u64,
) -> Result<Vec<Invitation>, DbErr> {
    let mut query = Entity::find().order_by_asc(Column::Id).limit(limit);
    if let Some(after) = after {
        query = query.filter(Column::Id.gt(after.0));
    }
    query.all(connection).await?.into_iter().map(from_row).collect()
}

/// How many invitations wait for their answer or the end of their window.
pub async fn count_open(connection: &impl ConnectionTrait) -> Result<u64, DbErr> {
    Entity::find().filter(Column::Standing.eq(Standing::Open.as_str())).count(connection).await
}

/// Adds new invitations. The database refuses a second one for the same report and round.
pub fn add_invitations(inserts: &mut Inserts, invitations: &[Invitation]) -> Result<(), DbErr> {
    inserts.add(invitations.iter().map(to_row), None)
}

/// Gives locked invitations another standing.
pub async fn update_standing(
    tx: &DatabaseTransaction,
    ids: &[InvitationId],
    standing: Standing,
) -> Result<(), DbErr> {
    if ids.is_empty() {
        return Ok(());
    }
    Entity::update_many()
        .filter(is_among(tx, Column::Id, ids.iter().map(|id| id.0)))
        .col_expr(Column::Standing, Expr::value(standing.as_str()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Replaces the rating in force of a locked invitation.
pub async fn update_answer(tx: &DatabaseTransaction, after: &Invitation) -> Result<(), DbErr> {
    let answer = after.answer;
    Entity::update_many()
        .filter(Column::Id.eq(after.id.0))
        .col_expr(Column::Revision, Expr::value(revision(answer)))
        .col_expr(Column::Verdict, Expr::value(answer.map(|answer| answer.verdict.as_str())))
        .col_expr(Column::FirstRatingTime, Expr::value(answer.map(|answer| answer.first_time.micros())))
        .col_expr(Column::Reopened, Expr::value(after.reopened))
        .exec(tx)
        .await?;
    Ok(())
}

/// The last round of each of the reports that has ended.
pub async fn last_rounds(
    tx: &DatabaseTransaction,
    reports: &[ReportId],
) -> Result<BTreeMap<ReportId, u32>, DbErr> {
    let rows: Vec<(Uuid, i32)> = Entity::find()
        .select_only()
        .column(Column::Report)
        .column_as(Column::Round.max(), "round")
        .filter(is_among(tx, Column::Report, reports.iter().map(|report| report.0)))
        .group_by(Column::Report)
        .into_tuple()
        .all(tx)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(report, round)| (ReportId(report), u32::try_from(round).unwrap_or(0)))
        .collect())
}

fn number(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

fn revision(answer: Option<Answer>) -> i32 {
    number(answer.map_or(0, |answer| answer.revision))
}

fn to_row(invitation: &Invitation) -> ActiveModel {
    let closing = &invitation.closing;
    let held = closing.held.map(|held| i64::try_from(held.as_micros()).unwrap_or(i64::MAX));
    ActiveModel {
        id: Set(invitation.id.0),
        report: Set(closing.report.0),
        round: Set(number(closing.round)),
        ended_as: Set(closing.ended_as.state().as_str().to_owned()),
        agency: Set(closing.agency.as_str().to_owned()),
        leaf: Set(closing.leaf.as_str().to_owned()),
        commune: Set(closing.commune.as_ref().map(|code| code.as_str().to_owned())),
        access: Set(closing.access.as_str().to_owned()),
        close_time: Set(closing.close_time.micros()),
        close_day: Set(closing.close_day.to_julian_day()),
        respond_due_time: Set(closing.respond_due_time.map(Timestamp::micros)),
        held_micros: Set(held),
        reporter_proof: Set(closing.reporter_proof.to_vec()),
        create_time: Set(invitation.create_time.micros()),
        expire_time: Set(invitation.expire_time.micros()),
        standing: Set(invitation.standing.as_str().to_owned()),
        reopened: Set(invitation.reopened),
        revision: Set(revision(invitation.answer)),
        verdict: Set(invitation.answer.map(|answer| answer.verdict.as_str().to_owned())),
        first_rating_time: Set(invitation.answer.map(|answer| answer.first_time.micros())),
    }
}

fn from_row(row: Model) -> Result<Invitation, DbErr> {
    let wrong = |column| broken("invitations", column);
    let answer = match (row.verdict, row.first_rating_time) {
        (Some(verdict), Some(first_time)) => Some(Answer {
            revision: u32::try_from(row.revision).map_err(|_| wrong("revision"))?,
            verdict: verdict.parse().map_err(|_| wrong("verdict"))?,
            first_time: Timestamp::from_micros(first_time),
        }),
        _ => None,
    };
    let closing = Closing {
        report: ReportId(row.report),
        round: u32::try_from(row.round).map_err(|_| wrong("round"))?,
        ended_as: EndedAs::parse(&row.ended_as).ok_or_else(|| wrong("ended_as"))?,
        agency: row.agency.parse().map_err(|_| wrong("agency"))?,
        leaf: row.leaf.parse().map_err(|_| wrong("leaf"))?,
        commune: row.commune.map(|code| code.parse()).transpose().map_err(|_| wrong("commune"))?,
        access: row.access.parse().map_err(|_| wrong("access"))?,
        close_time: Timestamp::from_micros(row.close_time),
        close_day: Date::from_julian_day(row.close_day).map_err(|_| wrong("close_day"))?,
        respond_due_time: row.respond_due_time.map(Timestamp::from_micros),
        held: row.held_micros.map(|micros| Duration::from_micros(u64::try_from(micros).unwrap_or(0))),
        reporter_proof: row.reporter_proof.try_into().map_err(|_| wrong("reporter_proof"))?,
    };
    Ok(Invitation {
        id: InvitationId(row.id),
        closing,
        create_time: Timestamp::from_micros(row.create_time),
        expire_time: Timestamp::from_micros(row.expire_time),
        standing: Standing::parse(&row.standing).ok_or_else(|| wrong("standing"))?,
        reopened: row.reopened,
        answer,
    })
}
