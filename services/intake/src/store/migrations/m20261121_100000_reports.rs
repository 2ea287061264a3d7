//! Reports, identities, media, messages, timeline.

use sea_orm_migration::prelude::*;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261121_100000_reports"
    }
}

fn index(name: &str, table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(table);
    for column in columns {
        index.col(*column);
    }
    index
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            reports(),
            identities(),
            media(),
            media_parts(),
            report_media(),
            messages(),
            timeline(),
            held_events(),
        ] {
            manager.create_table(table).await?;
        }
        manager.create_index(index("reports_code", "reports", &["code"]).unique().to_owned()).await?;
        manager.create_index(index("reports_owner", "reports", &["owner", "id"])).await?;
        manager.create_index(index("reports_public", "reports", &["public", "id"])).await?;
        manager
            .create_index(index("report_media_report", "report_media", &["report_id", "position"]))
            .await?;
        manager.create_index(index("messages_report", "messages", &["report_id", "id"])).await?;
        manager.create_index(index("timeline_event", "timeline", &["event_id"])).await?;
        manager.create_index(index("held_events_report", "held_events", &["report_id"])).await
    }
}

fn reports() -> TableCreateStatement {
    Table::create()
        .table("reports")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("code").text().not_null())
        .col(ColumnDef::new("owner").binary().not_null())
        .col(ColumnDef::new("text").text().not_null())
        .col(ColumnDef::new("latitude").double().not_null())
        .col(ColumnDef::new("longitude").double().not_null())
        .col(ColumnDef::new("address").text().not_null())
        .col(ColumnDef::new("source").integer().not_null())
        .col(ColumnDef::new("capture_time").big_integer())
        .col(ColumnDef::new("publication_consent").boolean().not_null())
        .col(ColumnDef::new("state").text().not_null())
        .col(ColumnDef::new("create_time").big_integer().not_null())
        .col(ColumnDef::new("update_time").big_integer().not_null())
        .col(ColumnDef::new("leaf").text())
        .col(ColumnDef::new("urgency").text())
        .col(ColumnDef::new("access").text().not_null())
        .col(ColumnDef::new("agency").text())
        .col(ColumnDef::new("agency_name").text())
        .col(ColumnDef::new("commune_code").text())
        .col(ColumnDef::new("commune_name").text())
        .col(ColumnDef::new("respond_due_time").big_integer())
        .col(ColumnDef::new("answer").text())
        .col(ColumnDef::new("invitation").uuid())
        .col(ColumnDef::new("public").boolean().not_null())
        .col(ColumnDef::new("last_sequence").big_integer().not_null())
        .col(ColumnDef::new("last_hash").binary().not_null())
        .col(ColumnDef::new("applied").text().not_null())
        .to_owned()
}

fn identities() -> TableCreateStatement {
    Table::create()
        .table("identities")
        .col(ColumnDef::new("report_id").uuid().not_null().primary_key())
        .col(ColumnDef::new("sealed").binary().not_null())
        .col(ColumnDef::new("key_version").integer().not_null())
        .to_owned()
}

fn media() -> TableCreateStatement {
    Table::create()
        .table("media")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("owner").binary().not_null())
        .col(ColumnDef::new("content_type").text().not_null())
        .col(ColumnDef::new("size").big_integer().not_null())
        .col(ColumnDef::new("sha256").binary().not_null())
        .col(ColumnDef::new("received").big_integer().not_null())
        .col(ColumnDef::new("ready").boolean().not_null())
        .col(ColumnDef::new("public_copy").boolean().not_null())
        .col(ColumnDef::new("create_time").big_integer().not_null())
        .col(ColumnDef::new("update_time").big_integer().not_null())
        .col(ColumnDef::new("stream").uuid().not_null())
        .to_owned()
}

fn media_parts() -> TableCreateStatement {
    Table::create()
        .table("media_parts")
        .col(ColumnDef::new("media_id").uuid().not_null())
        .col(ColumnDef::new("start").big_integer().not_null())
        .col(ColumnDef::new("object").text().not_null())
        .primary_key(Index::create().col("media_id").col("start"))
        .to_owned()
}

fn report_media() -> TableCreateStatement {
    Table::create()
        .table("report_media")
        .col(ColumnDef::new("media_id").uuid().not_null().primary_key())
        .col(ColumnDef::new("report_id").uuid().not_null())
        .col(ColumnDef::new("position").integer().not_null())
        .col(ColumnDef::new("evidence").boolean().not_null())
        .to_owned()
}

fn messages() -> TableCreateStatement {
    Table::create()
        .table("messages")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("report_id").uuid().not_null())
        .col(ColumnDef::new("author_role").text().not_null())
        .col(ColumnDef::new("internal").boolean().not_null())
        .col(ColumnDef::new("text").text().not_null())
        .col(ColumnDef::new("create_time").big_integer().not_null())
        .to_owned()
}

fn timeline() -> TableCreateStatement {
    Table::create()
        .table("timeline")
        .col(ColumnDef::new("report_id").uuid().not_null())
        .col(ColumnDef::new("sequence").big_integer().not_null())
        .col(ColumnDef::new("event_id").uuid().not_null())
        .col(ColumnDef::new("kind").text().not_null())
        .col(ColumnDef::new("state").text().not_null())
        .col(ColumnDef::new("text_vi").text().not_null())
        .col(ColumnDef::new("text_en").text().not_null())
        .col(ColumnDef::new("time").big_integer().not_null())
        .col(ColumnDef::new("hash").binary().not_null())
        .primary_key(Index::create().col("report_id").col("sequence"))
        .to_owned()
}

fn held_events() -> TableCreateStatement {
    Table::create()
        .table("held_events")
        .col(ColumnDef::new("event_id").uuid().not_null().primary_key())
        .col(ColumnDef::new("report_id").uuid().not_null())
        .col(ColumnDef::new("source").text().not_null())
        .col(ColumnDef::new("event_type").text().not_null())
        .col(ColumnDef::new("sequence").big_integer().not_null())
        .col(ColumnDef::new("time").big_integer().not_null())
        .col(ColumnDef::new("cause_id").uuid())
        .col(ColumnDef::new("traceparent").text())
        .col(ColumnDef::new("body").binary().not_null())
        .to_owned()
}
