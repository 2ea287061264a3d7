//! Threads.

use sea_orm::entity::prelude::*;
use sea_orm::{DatabaseTransaction, QueryOrder as _, Set};
use vocabulary::{MessageId, ReportId, Timestamp};

use crate::domain::message::Message;
use crate::store::corrupt;
use crate::store::entities::messages::{ActiveModel, Column, Entity, Model};

/// The thread of a report, in order.
pub async fn list(db: &impl ConnectionTrait, report: ReportId) -> Result<Vec<Message>, DbErr> {
    let rows = Entity::find().filter(Column::ReportId.eq(report.0)).order_by_asc(Column::Id).all(db).await?;
    rows.into_iter().map(to_message).collect()
}

/// Adds a message.
pub async fn insert(tx: &DatabaseTransaction, message: &Message) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(message.id.0),
        report_id: Set(message.report.0),
        author_role: Set(message.author.as_str().to_owned()),
        internal: Set(message.internal),
        text: Set(message.text.clone()),
        create_time: Set(message.created.micros()),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

fn to_message(row: Model) -> Result<Message, DbErr> {
    Ok(Message {
        id: MessageId(row.id),
        report: ReportId(row.report_id),
        author: row.author_role.parse().map_err(|error| corrupt("message", error))?,
        internal: row.internal,
        text: row.text,
        created: Timestamp::from_micros(row.create_time),
    })
}
