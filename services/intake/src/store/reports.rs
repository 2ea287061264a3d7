//! Reports: written once, projected often, listed by keyset pages.

use database::Inserts;
use sea_orm::entity::prelude::*;
use sea_orm::{
    Condition, DatabaseTransaction, ExprTrait as _, QueryOrder as _, QuerySelect as _, Select, Set,
};
use vocabulary::{InvitationId, Point, ReportId, ReportState, Timestamp};

use crate::domain::report::Report;
use crate::store::corrupt;
use crate::store::entities::reports::{ActiveModel, Column, Entity, Model};

/// Which reports a list holds.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Pseudonym of the owner; none for the public list.
    pub owner: Option<Vec<u8>>,
    /// In one of these states; none for all.
    pub states: Option<Vec<ReportState>>,
    /// In this commune.
    pub commune: Option<String>,
    /// In this leaf, or in any leaf of this field.
    pub field: Option<String>,
}

/// One report.
pub async fn find(db: &impl ConnectionTrait, id: ReportId) -> Result<Option<Report>, DbErr> {
    Entity::find_by_id(id.0).one(db).await?.map(to_report).transpose()
}

/// Many reports at once.
pub async fn find_all(db: &impl ConnectionTrait, ids: Vec<Uuid>) -> Result<Vec<Report>, DbErr> {
    let rows = Entity::find().filter(database::is_among(db, Column::Id, ids)).all(db).await?;
    rows.into_iter().map(to_report).collect()
}

/// At most `limit` reports older than `before`, newest first.
pub async fn list(
    db: &impl ConnectionTrait,
    filter: &Filter,
    before: Option<ReportId>,
    limit: u64,
) -> Result<Vec<Report>, DbErr> {
    select(filter, before, limit).all(db).await?.into_iter().map(to_report).collect()
}

fn select(filter: &Filter, before: Option<ReportId>, limit: u64) -> Select<Entity> {
    let mut condition = match &filter.owner {
        Some(owner) => Condition::all().add(Column::Owner.eq(owner.clone())),
        // A literal, as in the partial index.
        None => Condition::all().add(Expr::cust("public")),
    };
    if let Some(before) = before {
        condition = condition.add(Column::Id.lt(before.0));
    }
    if let Some(states) = &filter.states {
        condition = condition.add(Column::State.is_in(states.iter().map(|state| state.as_str())));
    }
    if let Some(commune) = &filter.commune {
        condition = condition.add(Column::CommuneCode.eq(commune));
    }
    if let Some(field) = &filter.field {
        let leaves = Column::Leaf.gt(format!("{field}.")).and(Column::Leaf.lt(format!("{field}/")));
        condition = condition.add(Column::Leaf.eq(field).or(leaves));
    }
    Entity::find().filter(condition).order_by_desc(Column::Id).limit(limit)
}

/// Reports that have stood still since before `before` in a state that they should have left by themselves, the oldest
/// first: at most `limit` of one [`standing`], newer than `after`.
pub async fn list_stuck(
    db: &impl ConnectionTrait,
    standing: Expr,
    before: Timestamp,
    after: Option<ReportId>,
    limit: u64,
) -> Result<Vec<ReportId>, DbErr> {
    let select = select_stuck(standing, before, after, limit);
    let ids: Vec<Uuid> = select.into_tuple().all(db).await?;
    Ok(ids.into_iter().map(ReportId).collect())
}

fn select_stuck(standing: Expr, before: Timestamp, after: Option<ReportId>, limit: u64) -> Select<Entity> {
    let mut select = Entity::find().select_only().column(Column::Id).filter(standing);
    if let Some(after) = after {
        select = select.filter(Column::Id.gt(after.0));
    }
    select.filter(Column::UpdateTime.lt(before.micros())).order_by_asc(Column::Id).limit(limit)
}

/// Reports that should move on by themselves: to an agency or a person, and to an invitation to rate their end.
pub fn standing() -> [Expr; 2] {
    // Literals, as the partial indexes want them: a bound parameter could be any state.
    let moving = Expr::cust("state IN ('submitted', 'handed_back', 'reopened')");
    let uninvited = Expr::cust(
        "invitation IS NULL AND state IN ('resolved', 'answered_deferred', 'returned', 'rejected')",
    );
    [moving, uninvited]
}

/// Adds new reports.
pub fn add_all(inserts: &mut Inserts, reports: &[Report]) -> Result<(), DbErr> {
    let rows = reports.iter().map(to_row).collect::<Result<Vec<_>, _>>()?;
    inserts.add(rows, None)
}

/// Stores the projection of reports that exist.
pub async fn update_all(
    tx: &DatabaseTransaction,
    reports: impl Iterator<Item = &Report>,
) -> Result<(), DbErr> {
    let rows = reports.map(to_row).collect::<Result<Vec<_>, _>>()?;
    let projection = [
        Column::State,
        Column::UpdateTime,
        Column::Leaf,
        Column::Urgency,
        Column::Access,
        Column::Agency,
        Column::AgencyName,
        Column::CommuneCode,
        Column::CommuneName,
        Column::RespondDueTime,
        Column::Answer,
        Column::Invitation,
        Column::Question,
        Column::Contested,
        Column::Public,
        Column::LastSequence,
        Column::LastHash,
        Column::Applied,
    ];
    database::update_all(tx, rows, Column::Id, &projection).await
}

fn to_row(report: &Report) -> Result<ActiveModel, DbErr> {
    let json = |error: serde_json::Error| corrupt("report", error);
    Ok(ActiveModel {
        id: Set(report.id.0),
        code: Set(report.code.clone()),
        owner: Set(report.owner.clone()),
        text: Set(report.text.clone()),
        latitude: Set(report.point.latitude()),
        longitude: Set(report.point.longitude()),
        address: Set(report.address.clone()),
        source: Set(report.source),
        capture_time: Set(report.captured.map(Timestamp::micros)),
        publication_consent: Set(report.publication_consent),
        state: Set(report.state.as_str().to_owned()),
        create_time: Set(report.created.micros()),
        update_time: Set(report.updated.micros()),
        leaf: Set(report.leaf.as_ref().map(|leaf| leaf.as_str().to_owned())),
        urgency: Set(report.urgency.map(|urgency| urgency.as_str().to_owned())),
        access: Set(report.access.as_str().to_owned()),
        agency: Set(report.agency.as_ref().map(|(id, _)| id.as_str().to_owned())),
        agency_name: Set(report.agency.as_ref().map(|(_, name)| name.clone())),
        commune_code: Set(report.commune.as_ref().map(|(code, _)| code.clone())),
        commune_name: Set(report.commune.as_ref().map(|(_, name)| name.clone())),
        respond_due_time: Set(report.respond_due.map(Timestamp::micros)),
        answer: Set(report.answer.as_ref().map(serde_json::to_string).transpose().map_err(json)?),
        invitation: Set(report.invitation.map(|invitation| invitation.0)),
        question: Set(report.question.as_ref().map(serde_json::to_string).transpose().map_err(json)?),
        contested: Set(report.contested),
        public: Set(report.is_public()),
        last_sequence: Set(report.last_sequence),
        last_hash: Set(report.last_hash.to_vec()),
        applied: Set(serde_json::to_string(&report.applied).map_err(json)?),
    })
}

fn to_report(row: Model) -> Result<Report, DbErr> {
    fn wrong(error: impl std::fmt::Display) -> DbErr {
        corrupt("report", error)
    }
    Ok(Report {
        id: ReportId(row.id),
        code: row.code,
        owner: row.owner,
        text: row.text,
        point: Point::parse(row.latitude, row.longitude).map_err(wrong)?,
        address: row.address,
        source: row.source,
        captured: row.capture_time.map(Timestamp::from_micros),
        publication_consent: row.publication_consent,
        state: row.state.parse().map_err(wrong)?,
        created: Timestamp::from_micros(row.create_time),
        updated: Timestamp::from_micros(row.update_time),
        leaf: row.leaf.map(|leaf| leaf.parse()).transpose().map_err(wrong)?,
        urgency: row.urgency.map(|urgency| urgency.parse()).transpose().map_err(wrong)?,
        access: row.access.parse().map_err(wrong)?,
        agency: match row.agency {
            Some(agency) => Some((agency.parse().map_err(wrong)?, row.agency_name.unwrap_or_default())),
            None => None,
        },
        commune: row.commune_code.map(|code| (code, row.commune_name.unwrap_or_default())),
        respond_due: row.respond_due_time.map(Timestamp::from_micros),
        answer: row.answer.map(|json| serde_json::from_str(&json)).transpose().map_err(wrong)?,
        invitation: row.invitation.map(InvitationId),
        question: row.question.map(|json| serde_json::from_str(&json)).transpose().map_err(wrong)?,
        contested: row.contested,
        last_sequence: row.last_sequence,
        last_hash: row.last_hash.as_slice().try_into().map_err(wrong)?,
        applied: serde_json::from_str(&row.applied).map_err(wrong)?,
    })
}

#[cfg(test)]
mod tests {
    use engines::Ground;
    use sea_orm::{ConnectionTrait as _, DbBackend, QueryTrait as _, Statement};

    use super::*;
    use crate::Migrator;
    use crate::domain::report::sample;

    #[tokio::test]
    async fn lists_are_read_from_an_index_that_holds_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = database::Database::open(&folder.path().join("intake.db")).await.expect("a database");
        database.migrate::<Migrator>().await.expect("a schema");
        let [moving, uninvited] =
            standing().map(|standing| select_stuck(standing, Timestamp::EPOCH, Some(sample(1).id), 21));
        let public = select(&Filter::default(), Some(sample(1).id), 21);
        for (query, index) in
            [(moving, "reports_moving"), (uninvited, "reports_uninvited"), (public, "reports_public")]
        {
            let query = query.build(DbBackend::Sqlite);
            let explain = Statement { sql: format!("EXPLAIN QUERY PLAN {}", query.sql), ..query };
            let plan = database.read().query_all_raw(explain).await.expect("a plan");
            let steps: Vec<String> =
                plan.iter().map(|row| row.try_get("", "detail").expect("text")).collect();
            assert_eq!(steps.len(), 1, "nothing is sorted: {steps:?}");
            assert!(steps[0].contains(&format!("INDEX {index}")), "{steps:?}");
        }
    }

    /// PostgreSQL counts the changes of a transaction for which no index was touched.
    #[tokio::test]
    async fn to_classify_a_report_touches_no_index() {
        let (folder, ground) = (tempfile::tempdir().expect("a folder"), Ground::on_table_bus());
        if !ground.is_postgres() {
            return;
        }
        let database = ground.open::<Migrator>(crate::NAME, folder.path()).await;
        let tx = database.begin().await.expect("begun");
        let mut reports: Vec<Report> = (1..=100).map(sample).collect();
        let mut inserts = Inserts::new(tx.get_database_backend());
        add_all(&mut inserts, &reports).expect("rows");
        inserts.execute(&tx).await.expect("stored");
        for report in &mut reports {
            report.leaf = Some("traffic.bridge".parse().expect("a leaf"));
            report.updated = Timestamp::from_micros(1);
        }
        update_all(&tx, reports.iter()).await.expect("changed");
        let counted = "SELECT pg_stat_get_xact_tuples_hot_updated('reports'::regclass) AS count";
        let row = tx.query_one_raw(Statement::from_string(DbBackend::Postgres, counted)).await;
        let count: i64 = row.expect("an answer").expect("a row").try_get("", "count").expect("a count");
        assert!(count > 90, "{count} of 100");
    }
}
