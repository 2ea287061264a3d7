//! What finds similar reports, and reports by their words: columns of the classification, which is written once anyway.

use sea_orm_migration::prelude::*;

pub struct Similar;

impl MigrationName for Similar {
    fn name(&self) -> &str {
        "m20261124_000101_similar"
    }
}

const BANDS: [&str; 4] = ["band_a", "band_b", "band_c", "band_d"];

#[async_trait::async_trait]
impl MigrationTrait for Similar {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let whole = |name: &'static str| ColumnDef::new(name).big_integer().null().to_owned();
        let count = |name: &'static str| ColumnDef::new(name).integer().not_null().default(0).to_owned();
        let columns = [whole("sent_time"), whole("square")].into_iter().chain(BANDS.map(whole)).chain([
            ColumnDef::new("folded").text().null().to_owned(),
            count("closed_round"),
            count("reopened_round"),
        ]);
        // One column per statement: SQLite takes no more.
        for column in columns {
            let table = Table::alter().table("classifications").add_column(column).to_owned();
            manager.alter_table(table).await?;
        }
        for column in ["square"].into_iter().chain(BANDS) {
            let name = format!("classifications_{column}");
            let index =
                Index::create().name(name).table("classifications").col(column).col("sent_time").to_owned();
            manager.create_index(index).await?;
        }
        Ok(())
    }
}
