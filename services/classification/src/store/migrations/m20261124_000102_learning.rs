//! What is said of labels, reports that two people label without help, counts of proposals, models.

use sea_orm_migration::prelude::*;

pub struct Learning;

impl MigrationName for Learning {
    fn name(&self) -> &str {
        "m20261124_000102_learning"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Learning {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in
            [label_marks(), samples(), blind_labels(), leaf_counts(), models(), model_switches(), trainings()]
        {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn label_marks() -> TableCreateStatement {
    Table::create()
        .table("label_marks")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("label").uuid().not_null())
        .col(ColumnDef::new("mark").text().not_null())
        .col(ColumnDef::new("person").binary().null())
        .col(ColumnDef::new("reason").text().not_null())
        .col(ColumnDef::new("mark_time").big_integer().not_null())
        .to_owned()
}

fn samples() -> TableCreateStatement {
    Table::create()
        .table("samples")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("report").uuid().not_null())
        .col(ColumnDef::new("leaf").text().not_null())
        .col(ColumnDef::new("sample_time").big_integer().not_null())
        .col(ColumnDef::new("labels").integer().not_null())
        .to_owned()
}

fn blind_labels() -> TableCreateStatement {
    Table::create()
        .table("blind_labels")
        .col(ColumnDef::new("sample").uuid().not_null())
        .col(ColumnDef::new("person").binary().not_null())
        .col(ColumnDef::new("leaf").text().not_null())
        .col(ColumnDef::new("urgency").text().not_null())
        .col(ColumnDef::new("label_time").big_integer().not_null())
        .primary_key(Index::create().col("sample").col("person"))
        .to_owned()
}

fn leaf_counts() -> TableCreateStatement {
    Table::create()
        .table("leaf_counts")
        .col(ColumnDef::new("day").integer().not_null())
        .col(ColumnDef::new("leaf").text().not_null())
        .col(ColumnDef::new("proposals").big_integer().not_null())
        .primary_key(Index::create().col("day").col("leaf"))
        .to_owned()
}

fn models() -> TableCreateStatement {
    Table::create()
        .table("models")
        .col(ColumnDef::new("version").text().not_null().primary_key())
        .col(ColumnDef::new("bytes").binary().not_null())
        .col(ColumnDef::new("lessons").text().not_null())
        .col(ColumnDef::new("figures_before").text().not_null())
        .col(ColumnDef::new("figures").text().not_null())
        .col(ColumnDef::new("train_time").big_integer().not_null())
        .to_owned()
}

fn model_switches() -> TableCreateStatement {
    Table::create()
        .table("model_switches")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("switch").text().not_null())
        .col(ColumnDef::new("version").text().not_null())
        .col(ColumnDef::new("person").binary().null())
        .col(ColumnDef::new("switch_time").big_integer().not_null())
        .to_owned()
}

fn trainings() -> TableCreateStatement {
    Table::create()
        .table("trainings")
        .col(ColumnDef::new("day").integer().not_null().primary_key())
        .col(ColumnDef::new("start_time").big_integer().not_null())
        .to_owned()
}

fn indexes() -> [IndexCreateStatement; 5] {
    let index = |name: &str, table: &'static str| Index::create().name(name).table(table).to_owned();
    [
        index("label_marks_label", "label_marks").col("label").to_owned(),
        index("labels_time", "labels").col("decide_time").col("id").to_owned(),
        index("samples_report", "samples").unique().col("report").to_owned(),
        index("samples_open", "samples").col("sample_time").and_where(Expr::col("labels").lt(2)).to_owned(),
        index("samples_time", "samples").col("sample_time").to_owned(),
    ]
}
