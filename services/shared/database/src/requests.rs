//! The record of answered requests (AIP-155): the same `request_id` of the same caller never has a second effect, and a
//! repeat gets the stored answer byte for byte. Rows are written in the transaction of the effect.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{DatabaseTransaction, ExprTrait as _, QueryOrder as _, QuerySelect as _, Set};
use sha2::{Digest as _, Sha256};
use vocabulary::{Problem, RequestId, Timestamp};

use crate::{Inserts, is_among, lock};

#[expect(
    clippy::disallowed_methods,
    reason = "`sea_orm::model` writes a `begin()` of its own that nobody calls"
)]
mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "requests")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub caller: Vec<u8>,
        #[sea_orm(primary_key, auto_increment = false)]
        pub request_id: Uuid,
        pub digest: Vec<u8>,
        pub reply: Vec<u8>,
        pub create_time: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// One request of one caller, recognised by what it asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    caller: Vec<u8>,
    id: RequestId,
    digest: Vec<u8>,
}

/// Whether a request was answered before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Never seen.
    Fresh,
    /// Answered: these are the bytes of the answer.
    Answered(Vec<u8>),
}

impl Request {
    /// `caller` separates the namespaces of callers; pass a digest, never a readable subject. `method` and `content`
    /// (the encoded request) say what is asked for.
    pub fn new(caller: &[u8], id: RequestId, method: &str, content: &[u8]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(method.as_bytes());
        hasher.update([0]);
        hasher.update(content);
        Self { caller: caller.to_vec(), id, digest: hasher.finalize().to_vec() }
    }

    /// Looks the request up in the transaction that will answer it, and keeps its twins waiting until that has ended. The
    /// same id with other content is refused.
    pub async fn look_up(&self, tx: &DatabaseTransaction) -> Result<Result<Known, Problem>, DbErr> {
        lock(tx, vec![self.subject()]).await?;
        let row = entity::Entity::find_by_id((self.caller.clone(), self.id.0)).one(tx).await?;
        Ok(match row {
            None => Ok(Known::Fresh),
            Some(row) if row.digest == self.digest => Ok(Known::Answered(row.reply)),
            Some(_) => Err(Self::reused()),
        })
    }

    /// Looks many requests up at once, in order. Their twins do not wait: of two transactions that answer the same request,
    /// the second to write its answer fails with [`crate::Fault::Conflict`], and finds the first one's when it is made again.
    pub async fn look_up_all(
        requests: &[Self],
        tx: &DatabaseTransaction,
    ) -> Result<Vec<Result<Known, Problem>>, DbErr> {
        let ids = requests.iter().map(|request| request.id.0);
        let rows =
            entity::Entity::find().filter(is_among(tx, entity::Column::RequestId, ids)).all(tx).await?;
        let answer = |request: &Self| match rows
            .iter()
            .find(|row| row.request_id == request.id.0 && row.caller == request.caller)
        {
            None => Ok(Known::Fresh),
            Some(row) if row.digest == request.digest => Ok(Known::Answered(row.reply.clone())),
            Some(_) => Err(Self::reused()),
        };
        Ok(requests.iter().map(answer).collect())
    }

    /// What transactions that answer this id of this caller wait for.
    fn subject(&self) -> Uuid {
        Uuid::new_v5(&self.id.0, &self.caller)
    }

    /// Adds the answer.
    pub fn answer(&self, inserts: &mut Inserts, reply: Vec<u8>, now: Timestamp) -> Result<(), DbErr> {
        Self::answer_all(inserts, vec![(self.clone(), reply)], now)
    }

    /// Adds many answers at once, in one order, so that two transactions with the same requests never wait for each other.
    pub fn answer_all(
        inserts: &mut Inserts,
        mut answers: Vec<(Self, Vec<u8>)>,
        now: Timestamp,
    ) -> Result<(), DbErr> {
        answers.sort_by(|(one, _), (other, _)| (one.id.0, &one.caller).cmp(&(other.id.0, &other.caller)));
        let rows = answers.into_iter().map(|(request, reply)| entity::ActiveModel {
            caller: Set(request.caller),
            request_id: Set(request.id.0),
            digest: Set(request.digest),
            reply: Set(reply),
            create_time: Set(now.micros()),
        });
        inserts.add(rows, None)
    }

    /// Whether both are the same id of the same caller.
    pub fn same_id(&self, other: &Self) -> bool {
        self.caller == other.caller && self.id == other.id
    }

    /// The refusal of an id that was used for something else.
    pub fn reused() -> Problem {
        Problem::invalid(
            "request_id",
            "REQUEST_ID_REUSED",
            "this id was used for a request with other content; mint a fresh UUID for a new request",
            "Mã yêu cầu đã được dùng cho một nội dung khác.",
        )
    }
}

/// An answer that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// When it was given.
    pub time: Timestamp,
    request: (Uuid, Vec<u8>),
}

/// Answers given from `start` to before `end`, at most `limit` after `last`, in one order.
pub async fn list_replies(
    db: &impl ConnectionTrait,
    (start, end): (Timestamp, Timestamp),
    last: Option<&Reply>,
    limit: u64,
) -> Result<Vec<Reply>, DbErr> {
    use entity::Column;
    let start = last.map_or(start, |last| last.time);
    let mut query = entity::Entity::find()
        .select_only()
        .columns([Column::CreateTime, Column::RequestId, Column::Caller, Column::Reply])
        .filter(Column::CreateTime.gte(start.micros()))
        .filter(Column::CreateTime.lt(end.micros()))
        .order_by_asc(Column::CreateTime)
        .order_by_asc(Column::RequestId)
        .order_by_asc(Column::Caller)
        .limit(limit);
    if let Some(Reply { time, request: (id, caller), .. }) = last {
        let key = [Column::CreateTime, Column::RequestId, Column::Caller].map(Expr::col);
        let seen = [Expr::value(time.micros()), Expr::value(*id), Expr::value(caller.clone())];
        query = query.filter(Expr::tuple(key).gt(Expr::tuple(seen)));
    }
    let rows: Vec<(i64, Uuid, Vec<u8>, Vec<u8>)> = query.into_tuple().all(db).await?;
    let reply = |(time, id, caller, bytes)| Reply {
        bytes,
        time: Timestamp::from_micros(time),
        request: (id, caller),
    };
    Ok(rows.into_iter().map(reply).collect())
}
